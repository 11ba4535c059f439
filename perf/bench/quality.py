# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What each listener hears over networks that are not what they should be, against the ideal mix:
segments of 20 ms count as 35 dB at most, which is what G.711 leaves of any sum.

Recorded people, all of whom speak all the time, through the real worker in the time of their
packets: the same voices, losses and delays in every mode, and in every run."""

import hearing
import numpy
import plots
import speech

TITLE = "Quality: what each listener hears, against the ideal mix"
MODES = ("forward", "listen", "whisper", "barge")
SECONDS = 60
SKIP = 50  # packets: until everybody has been heard once

# Whom a listener hears besides the primary voice.
OTHER = {
    "forward": {},
    "listen": {"supervisor": "agent"},
    "whisper": {"supervisor": "agent", "agent": "supervisor"},
    "barge": {"supervisor": "agent", "agent": "supervisor", "customer": "supervisor"},
}


def snr_name(mode, network):
    return f"quality_{mode}_{network}_segsnr_db"


def gaps_name(network):
    return f"quality_{network}_gap_ms"


def clicks_name(network):
    return f"quality_{network}_clicks"


ROWS = (*(snr_name(mode, network) for network in speech.NETWORKS for mode in MODES),
        *(name(network) for network in speech.NETWORKS for name in (gaps_name, clicks_name)),
        "quality_path_differs")


def send(network, said):
    """When each packet arrives: the same in every run and mode."""
    return {party: speech.arrivals(speech.NETWORKS[network], party,
                                   len(said[party]) // speech.FRAME,
                                   numpy.random.default_rng(1 + place))
            for place, party in enumerate(speech.PARTIES)}


def judge(mode, said, heard):
    """Quality by listener."""
    return {listener: hearing.judge(rows, said[speech.PRIMARY[listener]],
                                    said.get(OTHER[mode].get(listener)), SKIP)
            for listener, rows in heard.items()}


def add_mode(results, mode, network, judged):
    worst = min(judged.values(), key=lambda quality: quality.snr)
    each = "; ".join(f"{listener}: {quality.words()}" for listener, quality in judged.items())
    results.add(snr_name(mode, network), f"{worst.snr:.1f}", "dB",
                f"segmental SNR, the worst listener's, {speech.NETWORKS[network].title}; {each}")


def add_network(results, network, judged):
    """Gaps and clicks of all modes; `judged` is by mode."""
    all_of = [(mode, listener, quality) for mode, row in judged.items()
              for listener, quality in row.items()]
    seconds = sum(quality.seconds for *_, quality in all_of)
    for name, unit, what, value in (
            (gaps_name(network), "ms", "in which a voice that should be heard is not",
             lambda quality: quality.gap_ms),
            (clicks_name(network), "", "steps larger than both voices' own",
             lambda quality: quality.clicks)):
        where = ", ".join(f"{mode} {listener} {value(quality):.0f}"
                          for mode, listener, quality in all_of if value(quality))
        results.add(name, f"{sum(value(quality) for *_, quality in all_of):.0f}", unit,
                    f"{what}, {speech.NETWORKS[network].title}, in {seconds:.0f} s of all modes "
                    f"and listeners{': ' if where else ''}{where}")


def numbers(heard, party):
    return [number for number, _ in heard.get(party, ())]


def differing(heard):
    """Packets of the agent-customer path that come out in one mode and not at their place in
    forwarding; `heard` is by mode. The first that go out wait for nobody: times are the same."""
    differ = 0
    for mode in MODES[1:]:
        for party in ("agent", "customer"):
            one, other = numbers(heard["forward"], party), numbers(heard[mode], party)
            differ += sum(a != b for a, b in zip(one, other)) + abs(len(one) - len(other))
    return differ


def measure_network(results, network, said):
    times, judged, heard = send(network, said), {}, {}
    for mode in MODES:
        with results.attempt(f"{mode}, {network}", snr_name(mode, network)):
            heard[mode], _ = speech.carry(mode, said, times)
            judged[mode] = judge(mode, said, heard[mode])
            add_mode(results, mode, network, judged[mode])
    if len(judged) < len(MODES):
        raise RuntimeError("not all modes were measured")
    add_network(results, network, judged)
    return judged, differing(heard)


def measure(results, _):
    said, all_judged, differ = speech.voices(SECONDS), {}, 0
    for network in speech.NETWORKS:
        names = gaps_name(network), clicks_name(network)
        with results.attempt(network, *names):
            all_judged[network], more = measure_network(results, network, said)
            differ += more
    with results.attempt("the path between agent and customer", "quality_path_differs"):
        if len(all_judged) < len(speech.NETWORKS):
            raise RuntimeError("not all networks were measured")
        results.add("quality_path_differs", f"{differ}", "packets",
                    "between agent and customer that come out in listen, whisper or barge and not, "
                    "at the same moment and place, in forwarding; over all networks")
    with results.attempt("quality.png"):
        plots.quality(results.folder / "quality.png",
                      {speech.NETWORKS[network].title: row for network, row in all_judged.items()},
                      MODES)


def condensed(rows):
    """A line a network, and the rows that are left."""
    values = {row.name: row.value for row in rows}
    lines = [f"{'':32}{'segmental SNR in dB, the worst listener':^40}{'all modes':^18}",
             f"{'network':32}" + "".join(f"{mode:>10}" for mode in MODES)
             + f"{'gaps, ms':>10}{'clicks':>8}"]
    for network, about in speech.NETWORKS.items():
        cells = [values.get(snr_name(mode, network), "") for mode in MODES]
        lines.append(f"{about.title:32}" + "".join(f"{cell:>10}" for cell in cells)
                     + f"{values.get(gaps_name(network), ''):>10}"
                     f"{values.get(clicks_name(network), ''):>8}")
    return lines, [row for row in rows if row.name == "quality_path_differs"
                   or row.name.startswith(("quality_barge", "quality_loss", "quality_burst"))]

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What the whole appliance carries, from packets in to packets out.

The media generator plays both sides of all calls. It looks for the highest rate without loss, hears
at that very rate who is heard in every packet, and takes delays at half of it: of what agent and
customer get, which a monitor must not delay."""

import contextlib
import os
import signal
import statistics
import threading
import time

import plots
from results import plain, spread
from rtpgen import PORTS, WHERE, appliance

TITLE = "System: the whole appliance over memif and AF_XDP, packets in to packets out"

# Calls: as many as speak in real time at some millions of packets a second, or as few hundred
# thousand as the kernel carries.
CALLS = {"memif": 4_000, "afxdp": 1_000}
MODES = {"memif": ("forward", "listen", "whisper", "barge"), "afxdp": ("forward", "barge")}
SEARCH_SECONDS = 1
SEARCHES = 2  # where the host places two virtual CPUs, near or far, may change within one
HEARD_SECONDS, HEARD_RUNS = 2, 3
DELAY_SECONDS, DELAY_RUNS = 0.3, 9
PAIRS = 15  # of runs in barge and in forwarding, by turns
STALL_MS, STALL_RUNS = 60, 5
STALL_SECONDS, STALL_AT = 4, 2.5  # of load, and when: the calls have begun by then
TURNS_A_SECOND = 13  # of each source, or it would count as silent
QUANTILES = {"p50": (0.5, "median"), "p99": (0.99, "99th percentile"),
             "p999": (0.999, "99.9th percentile")}


def rate_name(mode, port):
    return f"loss_free_{mode}_{port}_pps"


def delay_name(mode, port, quantile):
    """Over shared memory is what is meant without a word."""
    where = "" if port == "memif" else f"_{port}"
    return f"delay_{mode}{where}_{quantile}_us"


def heard_names(mode, port):
    return f"heard_{mode}_{port}_share", f"lost_{mode}_{port}"


def delay_names(mode, port):
    return tuple(delay_name(mode, port, quantile) for quantile in QUANTILES)


def names(mode, port):
    return rate_name(mode, port), *heard_names(mode, port), *delay_names(mode, port)


DIFFERENCE, STALL = "delay_barge_minus_forward_us", "stall_lost_ms"
ROWS = (*(name for port in PORTS for mode in MODES[port] for name in names(mode, port)),
        DIFFERENCE, STALL)


def limit_of(rows):
    """In words: who had no time left."""
    busy = rows["generator_busy"]
    who = "the generator" if busy > 90 else "the appliance, or what lies between"
    return f"limited by {who} (generator {busy:.0f} % busy, {rows.pause})"


def search(box, arguments):
    for attempt in range(SEARCHES):
        try:
            return box.generate(*arguments, "--search", "--seconds", SEARCH_SECONDS, "--check", 1)
        except RuntimeError:
            if attempt == SEARCHES - 1:
                raise


def measure_rate(results, box, mode, port, arguments):
    """The highest rate without loss, as a whole number."""
    found = search(box, arguments)
    rate = int(found["loss_free_pps"])
    results.add(rate_name(mode, port), f"{rate}", "1/s",
                f"packets in, {found['received_pps']:.0f} out; {CALLS[port]:,} calls, {WHERE}; "
                f"{limit_of(found)}")
    return rate


def _flaws(rows):
    """To sort by: wrong voices come first, and then whoever has the fewest packets missing."""
    _, partial, wrong, _ = rows.judged
    return -wrong, rows["lost"] + partial


def measure_heard(results, box, mode, port, arguments, rate):
    """Who is heard, in all packets. Where the generator itself was kept from sending or receiving,
    what is missing says nothing about the appliance: of a few runs the best one counts. A voice
    that should not be heard counts in whichever run it is."""
    runs = []
    while len(runs) < HEARD_RUNS and not (runs and _flaws(runs[-1]) == (0, 0)):
        runs.append(box.generate(*arguments, "--rate", rate, "--seconds", HEARD_SECONDS,
                                 "--check", "all"))
    best = min(runs, key=_flaws)
    exact, partial, wrong, excused = best.judged
    share, lost = heard_names(mode, port)
    results.add(share, f"{100 * exact / max(exact + partial + wrong, 1):.3f}", "%",
                f"of {exact + partial + wrong:,.0f} packets, all that came at "
                f"{best['sent_pps']:,.0f}/s, held exactly who should be heard; {partial:,.0f} "
                f"held less, {wrong:,.0f} somebody else; not counted are {excused:,.0f} that held "
                "less just after the generator was held up")
    results.add(lost, f"{best['lost']:.0f}", "packets",
                f"of {best['expected']:,.0f} of the same; {best.pause}; the best of {len(runs)} "
                f"runs, in which {', '.join(plain(run['lost']) for run in runs)} were lost")


def half_of(rate, mode, calls):
    """Packets a second; no source may count as silent."""
    return max(rate // 2, (2 if mode == "forward" else 3) * calls * TURNS_A_SECOND)


def time_delays(box, mode, calls, rate):
    return box.generate("--calls", calls, "--mix", f"{mode}:1", "--rate", rate,
                        "--seconds", DELAY_SECONDS, "--check", 1)


def measure_delays(results, box, mode, port, rate):
    """Medians of some short runs: whoever else has the CPU for a moment spoils one of them, not
    all. Returns (share, microseconds) pairs."""
    runs = [time_delays(box, mode, CALLS[port], rate) for _ in range(DELAY_RUNS)]
    points = []
    for quantile, (share, words) in QUANTILES.items():
        values = [run[f"delay_{mode}_{quantile}_us"] for run in runs]
        points.append((share, statistics.median(values)))
        results.add(delay_name(mode, port, quantile), points[-1][1], "us",
                    f"{words} from the generator's port to its port, at {rate:,}/s; the median of "
                    f"{spread(values)}; the longest pauses of the generator, which count in, were "
                    f"{spread([run['generator_pause_us'] for run in runs])}")
    return points


def measure_mode(results, box, mode, port):
    """All figures of one mode over one port; the curve of its delays."""
    calls = CALLS[port]
    arguments = ("--calls", calls, "--mix", f"{mode}:1")
    rate = measure_rate(results, box, mode, port, arguments)
    measure_heard(results, box, mode, port, arguments, rate)
    return measure_delays(results, box, mode, port, half_of(rate, mode, calls))


def measure_alone(results, out, mode, port):
    """Each has an appliance of its own: one that has ended takes no other figures with it."""
    with appliance(out / f"{mode}-{port}", port) as box:
        return measure_mode(results, box, mode, port)


def highest_in_barge(results):
    highest = results.figure(rate_name("barge", "memif"))
    if highest is None:
        raise RuntimeError("the highest rate in barge was not taken")
    return int(highest)


def compare_delays(results, out):
    """The path between agent and customer takes as long in barge as in forwarding: the same
    appliance carries as many packets of both, by turns, so that what the host does to one of them
    it does to the other."""
    port, calls = "memif", CALLS["memif"]
    # Less than half where the host has moved the two CPUs apart meanwhile.
    rate = half_of(highest_in_barge(results) // 2, "barge", calls)
    took = {"barge": [], "forward": []}
    with appliance(out / "pairs", port) as box:
        for _ in range(PAIRS):
            for mode, delays in took.items():
                delays.append(time_delays(box, mode, calls, rate)[f"delay_{mode}_p50_us"])
    differences = [barge - forward for barge, forward in zip(*took.values())]
    barge, forward = (f"{plain(statistics.median(delays))} in {mode} ({spread(delays)})"
                      for mode, delays in took.items())
    results.add(DIFFERENCE, statistics.median(differences), "us",
                f"at the median of a run, over memif: {barge}, {forward}, both at {rate:,}/s, by "
                f"turns; the median of differences of {spread(differences)}")


@contextlib.contextmanager
def stalling(process):
    """Once within this, the process stands still for a moment."""
    def stall():
        time.sleep(STALL_AT)
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(STALL_MS / 1000)
        os.kill(process.pid, signal.SIGCONT)
    thread = threading.Thread(target=stall)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def measure_stall(results, out):
    """What a moment without the data plane costs: what comes meanwhile, less what the rings hold,
    and then whatever is lost until it has caught up, if ever."""
    rate, lost = highest_in_barge(results) // 2, []
    with appliance(out / "stall", "memif") as box:
        for _ in range(STALL_RUNS):
            with stalling(box.dataplane):
                run = box.generate("--calls", CALLS["memif"], "--mix", "barge:1",
                                   "--overload", rate, "--rate", rate // 2,
                                   "--seconds", STALL_SECONDS, "--check", 10)
            lost.append(1000 * run["overload_refused"] / rate)
    results.add(STALL, statistics.median(lost), "ms",
                f"worth of packets that found no room while {rate:,}/s were sent, half of the "
                f"highest rate in barge, for {STALL_SECONDS} s, in which the data plane was "
                f"stopped for {STALL_MS} ms; the median of {spread(lost)}")


def measure(results, out):
    curves = {}
    for mode, port in ((mode, port) for port in PORTS for mode in MODES[port]):
        print(f"  {mode} over {port}", flush=True)
        with results.attempt(f"{mode} over {port}", *names(mode, port)):
            curves[mode, port] = measure_alone(results, out, mode, port)
    with results.attempt("barge against forward", DIFFERENCE):
        compare_delays(results, out)
    with results.attempt("a stall", STALL):
        measure_stall(results, out)
    with results.attempt("delay.png"):
        plots.delays(results.folder / "delay.png", curves)

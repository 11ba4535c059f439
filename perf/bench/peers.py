#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The appliance and its peers side by side in one run, each on the same machine, cable and calls:
testpmd for what the driver can do at most, rtpengine for forwarding, Janus for mixing."""

import contextlib
import shutil
import sys
import time
import types

from peer_lab import BUILD, MEASURED_CPU, OTHER_CPU, PeerLab, best_of
from lab import APPLIANCE, RECORDING, Missing
from results import Results, print_machine, print_table

sys.path.insert(0, str(BUILD / "python"))

MEMIF_CALLS = 1000
MEMIF_ROUNDS = 3
# How many streams, step by step: 50 packets a second each.
RTPENGINE_STEPS = (1600, 2400, 2800, 3200)
FORWARD_STEPS = (4000, 6000, 8000)
JANUS_STEPS = (180, 270, 330)
MIX_STEPS = (1500, 3000, 4500)
JOIN_SECONDS = 15
WHOLE_SECONDS = 100
PART_SECONDS = 15  # what the shortest part takes


def say(text):
    print(f"  {text}", flush=True)


def realms():
    return (f'( {{ name = "access"; port = "access"; address = "{APPLIANCE}";'
            ' rtp_ports = [ 20000, 65535 ]; },'
            f'  {{ name = "recording"; port = "recorder"; address = "{RECORDING}";'
            '    rtp_ports = [ 30000, 30399 ]; recording = true; } )')


def installed(program, package):
    if shutil.which(program) is None:
        raise RuntimeError(f"there is no {program}: apt-get install {package}")


def clear(lab):
    for path in lab.path.glob("controlplane.db*"):
        path.unlink()


@contextlib.contextmanager
def stopped_after(*processes):
    try:
        yield
    finally:
        for process in reversed(processes):
            process.stop()


@contextlib.contextmanager
def appliance(lab, **settings):
    """Both planes: the data plane's id, when its worker began, and a client."""
    from veth_calls import connect

    clear(lab)
    dataplane = lab.start_dataplane(**settings)
    started = time.monotonic()
    with stopped_after(dataplane):
        controlplane = lab.start_controlplane()
        with stopped_after(controlplane):
            api = connect(lab)
            yield types.SimpleNamespace(pid=dataplane.pid, started=started, api=api)
            api.close()


# --- what is measured: each adds rows of its own ---

def memif_rounds(lab, rows):
    """Both in turns, with the same streams."""
    from memif import Best

    installed("dpdk-testpmd", "dpdk")
    ours, driver = Best(), Best()
    for _ in range(MEMIF_ROUNDS):
        forward_memif(lab, ours)
        testpmd_memif(lab, driver)
        say(f"memif: best windows so far {ours.most:,.0f} and, of testpmd, {driver.most:,.0f}")
    for name, who, best in (
            ("forward_memif_pps", f"the data plane with {MEMIF_CALLS:,} two-party calls", ours),
            ("testpmd_memif_pps", "testpmd in macswap mode", driver)):
        rows.add(name, best.most,
                 f"{who}, one core, over net_memif, frames of 214 bytes: packets back a second in "
                 f"the best window of 0.1 s of {MEMIF_ROUNDS} runs, the worst had "
                 f"{best.least:,.0f}; {best.full:.0%} of the generator's bursts found no room: "
                 "near 0 % the generator is the limit, and it could do more")


def forward_memif(lab, best):
    from memif import Generator, forget, settings
    from veth_calls import add_calls

    forget(lab)
    with appliance(lab, **settings(lab)) as box:
        generator = Generator(lab, lab.write_streams(add_calls(box.api, MEMIF_CALLS)))
        with stopped_after(generator.process):
            best.add(generator)


def testpmd_memif(lab, best):
    """Gets the streams of forward_memif()."""
    from memif import Generator, start_testpmd

    with stopped_after(start_testpmd(lab)):
        generator = Generator(lab, lab.path / "streams")
        with stopped_after(generator.process):
            best.add(generator)


def afxdp(lab, rows):
    from cpu_time import WorkerMeter
    from veth_calls import add_calls, barge_calls

    with appliance(lab, realms=realms(), calls_max="10000") as box:
        meter = WorkerMeter(box.pid, MEASURED_CPU, OTHER_CPU, box.api, box.started)
        streams = add_calls(box.api, max(FORWARD_STEPS) // 2)
        kernel_row(rows, "afxdp_forward_pps_cpu", "the appliance over AF_XDP, two-party calls",
                   best_of(lab, lab.write_streams(streams), FORWARD_STEPS, meter, say))
        three = barge_calls(box.api, streams, max(MIX_STEPS) // 3, JOIN_SECONDS)
        steps = [step for step in MIX_STEPS if step <= len(three)] or [len(three)]
        kernel_row(rows, "afxdp_mix_pps_cpu", "the appliance over AF_XDP, barge with three parties",
                   best_of(lab, lab.write_streams(three), steps, meter, say))


def rtpengine_forward(lab, rows):
    from cpu_time import Meter
    from rtpengine import Rtpengine

    installed("rtpengine", "rtpengine-daemon")
    peer = Rtpengine(lab)
    with stopped_after(peer.process):
        streams = lab.write_streams(peer.add_calls(max(RTPENGINE_STEPS) // 2))
        meter = Meter(peer.process.pid, MEASURED_CPU, OTHER_CPU)
        kernel_row(rows, "rtpengine_forward_pps_cpu", "rtpengine in userspace, two-party calls",
                   best_of(lab, streams, RTPENGINE_STEPS, meter, say))


def janus_mix(lab, rows):
    from cpu_time import Meter
    from janus import Janus

    installed("janus", "janus")
    peer = Janus(lab)
    with stopped_after(peer.process):
        streams = lab.write_streams(peer.add_rooms(max(JANUS_STEPS) // 3))
        meter = Meter(peer.process.pid, MEASURED_CPU, OTHER_CPU)
        kernel_row(rows, "janus_mix_pps_cpu", "Janus AudioBridge, G.711 in rooms of three",
                   best_of(lab, streams, JANUS_STEPS, meter, say))


def kernel_row(rows, name, who, outcome):
    rows.add(name, outcome.per_cpu_second,
             f"{who}, over veth, at the best of a few rates without loss: {outcome}; what is "
             "counted on each side: perf/bench/cpu_time.py")


# --- the rows ---

PARTS = (
    (memif_rounds, ("forward_memif_pps", "testpmd_memif_pps")),
    (afxdp, ("afxdp_forward_pps_cpu", "afxdp_mix_pps_cpu")),
    (rtpengine_forward, ("rtpengine_forward_pps_cpu",)),
    (janus_mix, ("janus_mix_pps_cpu",)),
)
RATIOS = (
    ("forward_vs_testpmd", "forward_memif_pps", "testpmd_memif_pps", 0.6),
    ("afxdp_vs_rtpengine", "afxdp_forward_pps_cpu", "rtpengine_forward_pps_cpu", 4),
    ("afxdp_mix_vs_janus", "afxdp_mix_pps_cpu", "janus_mix_pps_cpu", 30),
)


class Rows:
    """The figures by name, and where they are written to."""

    def __init__(self, results):
        self.results, self.figures = results, {}

    def add(self, name, value, note):
        self.figures[name] = value
        self.results.add(name, f"{value:.0f}", "pps", note)

    def ratio(self, name, ours, theirs, target):
        missing = [figure for figure in (ours, theirs) if figure not in self.figures]
        if missing:
            self.results.missing(name, f"there is no {' and no '.join(missing)}")
            return False
        self.results.add(name, f"{self.figures[ours] / self.figures[theirs]:.2f}", "times",
                         f"{ours} / {theirs}, in one run; at least {target} is the aim")
        return True


def measure_part(lab, rows, part, names, left):
    """One part; where it fails, in whatever way, it costs its own rows and no others."""
    why = None
    try:
        if left < PART_SECONDS:
            raise RuntimeError(f"the peers may take {WHOLE_SECONDS} s together")
        part(lab, rows)
    except Exception as error:  # of a socket, of gRPC, of a program that is not there
        why = str(error) or type(error).__name__
        say(f"{part.__name__} FAILED: {why}")
    for name in names:
        if name not in rows.figures:
            rows.results.missing(name, why)
    return why is None


def measure_peers(results, work):
    """All rows; whether each has its figure."""
    rows, complete = Rows(results), True
    shutil.rmtree(work, ignore_errors=True)
    deadline = time.monotonic() + WHOLE_SECONDS
    with PeerLab(work) as lab:
        for part, names in PARTS:
            complete &= measure_part(lab, rows, part, names, deadline - time.monotonic())
    for ratio in RATIOS:
        complete &= rows.ratio(*ratio)
    return complete


def main():
    """The peers alone: python3 perf/bench/peers.py"""
    print("Bridgetap and its peers\n")
    print_machine()
    results = Results(BUILD / "bench/peers.tsv", fresh=True)
    try:
        complete = measure_peers(results, BUILD / "bench/peers")
    except Missing as missing:
        sys.exit(f"The benchmark cannot run here: {missing}")
    print()
    print_table(results)
    if not complete:
        sys.exit(1)


if __name__ == "__main__":
    main()

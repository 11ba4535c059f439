# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The appliance and its peers side by side in one run, each on the same machine, cable and calls:
testpmd for what the driver can do at most, rtpengine for forwarding, Janus for mixing."""

import contextlib
import shutil
import statistics
import sys
import time
import types

import memif
from cpu_time import KernelMeter, Meter, WorkerMeter
from janus import Janus
from lab import APPLIANCE, BUILD, RECORDING
from peer_lab import MEASURED_CPU, OTHER_CPU, PeerLab, best_of
from results import spread
from rtpengine import Rtpengine

# The stubs of the API are there, and imported, once they have been built.
sys.path.insert(0, str(BUILD / "python"))

MEMIF_CALLS = 1000
MEMIF_ROUNDS = 5
# How many streams, step by step: 50 packets a second each.
RTPENGINE_STEPS = (1600, 2400, 2800, 3200)
FORWARD_STEPS = (4000, 6000, 8000)
KERNEL_STEPS = (4000, 8000)
KERNEL_WARM = 12  # seconds until the kernel has taken over all calls of streams that began anew
KERNEL_SECONDS = 5  # its CPU time is counted by ticks of the clock, and is short
JANUS_STEPS = (180, 270, 330)
MIX_STEPS = (1500, 3000, 4500)
JOIN_SECONDS = 15

TITLE = "Peers: the appliance beside testpmd, rtpengine and Janus, on the same calls in one run"
MEMIF_ROWS = ("forward_memif_pps", "testpmd_memif_pps", "forward_vs_testpmd")
AFXDP_ROWS = ("afxdp_forward_pps_cpu", "afxdp_mix_pps_cpu")
KERNEL_ROW = "xdp_forward_pps_cpu"
RATIOS = (("xdp_vs_rtpengine", KERNEL_ROW, "rtpengine_forward_pps_cpu"),
          ("afxdp_vs_rtpengine", "afxdp_forward_pps_cpu", "rtpengine_forward_pps_cpu"),
          ("afxdp_mix_vs_janus", "afxdp_mix_pps_cpu", "janus_mix_pps_cpu"))
ROWS = tuple(dict.fromkeys((*MEMIF_ROWS, *AFXDP_ROWS, KERNEL_ROW,
                            *(peer for _, _, peer in RATIOS), *(name for name, *_ in RATIOS))))


def say(text):
    print(f"  {text}", flush=True)


def ports(forwarding):
    """Of the appliance; whether its kernel may forward."""
    return ('( { name = "access"; devargs = "net_af_xdp0,iface=access0";'
            f' kernel_forwarding = {"true" if forwarding else "false"}; }},'
            '  { name = "recorder"; devargs = "net_af_xdp1,iface=rec0"; } )')


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
    dataplane = lab.start_dataplane(**{"rate_limit": "0", **settings})
    started = time.monotonic()
    with stopped_after(dataplane):
        controlplane = lab.start_controlplane()
        with stopped_after(controlplane):
            api = connect(lab)
            yield types.SimpleNamespace(pid=dataplane.pid, started=started, api=api)
            api.close()


# --- what is measured: each adds rows of its own ---

def memif_rounds(lab, results):
    """Both in turns, with the same streams."""
    installed("dpdk-testpmd", "dpdk")
    rounds = []
    for _ in range(MEMIF_ROUNDS):
        ours, driver = memif.Best(), memif.Best()
        forward_memif(lab, ours)
        testpmd_memif(lab, driver)
        rounds.append((ours, driver))
        say(f"memif: {ours.most:,.0f} and, of testpmd, {driver.most:,.0f} packets back a second")
    for name, who, bests in zip(
            MEMIF_ROWS, (f"the data plane with {MEMIF_CALLS:,} two-party calls",
                         "testpmd in macswap mode"), zip(*rounds)):
        most = [best.most for best in bests]
        results.add(name, f"{statistics.median(most):.0f}", "1/s",
                    f"{who}, one core, over net_memif, frames of 214 bytes: packets back in the "
                    f"best windows of 0.1 s, median of {spread(most)}; "
                    f"{statistics.median(best.full for best in bests):.0%} of the generator's "
                    "bursts found no room: near 0 % the generator is the limit, and it could do "
                    "more")
    ratios = [ours.most / driver.most for ours, driver in rounds]
    results.add(MEMIF_ROWS[2], statistics.median(ratios), "times",
                f"testpmd, on the same device and streams; median of {spread(ratios)}, in each of "
                "which one followed the other")


def forward_memif(lab, best):
    from veth_calls import add_calls

    memif.forget(lab)
    with appliance(lab, **memif.settings(lab)) as box:
        generator = memif.Generator(lab, lab.write_streams(add_calls(box.api, MEMIF_CALLS)))
        with stopped_after(generator.process):
            best.add(generator)


def testpmd_memif(lab, best):
    """Gets the streams of forward_memif()."""
    with stopped_after(memif.start_testpmd(lab)):
        generator = memif.Generator(lab, lab.path / "streams")
        with stopped_after(generator.process):
            best.add(generator)


def afxdp(lab, results):
    from veth_calls import add_calls, barge_calls

    with appliance(lab, ports=ports(False), realms=realms(), calls_max="10000") as box:
        meter = WorkerMeter(box.pid, MEASURED_CPU, OTHER_CPU, box.api, box.started)
        streams = add_calls(box.api, max(FORWARD_STEPS) // 2)
        kernel_row(results, "afxdp_forward_pps_cpu", "the appliance over AF_XDP, two-party calls",
                   best_of(lab, lab.write_streams(streams), FORWARD_STEPS, meter, say))
        three = barge_calls(box.api, streams, max(MIX_STEPS) // 3, JOIN_SECONDS)
        steps = [step for step in MIX_STEPS if step <= len(three)] or [len(three)]
        kernel_row(results, "afxdp_mix_pps_cpu", "the appliance over AF_XDP, three parties, barge",
                   best_of(lab, lab.write_streams(three), steps, meter, say))


def kernel_forward(lab, results):
    """The calls of afxdp(), forwarded by the XDP program."""
    from veth_calls import add_calls

    with appliance(lab, ports=ports(True), realms=realms(), calls_max="10000") as box:
        meter = KernelMeter(box.pid, MEASURED_CPU, OTHER_CPU, box.api, box.started)
        streams = add_calls(box.api, max(KERNEL_STEPS) // 2)
        outcomes = best_of(lab, lab.write_streams(streams), KERNEL_STEPS, meter, say,
                           warm=KERNEL_WARM, seconds=KERNEL_SECONDS, frames=True)
        share = meter.relayed / (meter.relayed + meter.by_worker)
        if share < 0.999:
            raise RuntimeError(f"the kernel has forwarded {share:.1%} of the packets alone")
        kernel_row(results, KERNEL_ROW, "the appliance's XDP program, two-party calls", outcomes)


def rtpengine_forward(lab, results):
    installed("rtpengine", "rtpengine-daemon")
    peer = Rtpengine(lab)
    with stopped_after(peer.process):
        streams = lab.write_streams(peer.add_calls(max(RTPENGINE_STEPS) // 2))
        meter = Meter(peer.process.pid, MEASURED_CPU, OTHER_CPU)
        kernel_row(results, "rtpengine_forward_pps_cpu", "rtpengine in userspace, two-party calls",
                   best_of(lab, streams, RTPENGINE_STEPS, meter, say))


def janus_mix(lab, results):
    installed("janus", "janus")
    peer = Janus(lab)
    with stopped_after(peer.process):
        streams = lab.write_streams(peer.add_rooms(max(JANUS_STEPS) // 3))
        meter = Meter(peer.process.pid, MEASURED_CPU, OTHER_CPU)
        kernel_row(results, "janus_mix_pps_cpu", "Janus AudioBridge, G.711 in rooms of three",
                   best_of(lab, streams, JANUS_STEPS, meter, say))


def kernel_row(results, name, who, outcomes):
    rates = [outcome.per_cpu_second for outcome in outcomes]
    results.add(name, f"{statistics.median(rates):.0f}", "1/CPU-s",
                f"{who}, over veth, at the best of a few rates without loss; median of "
                f"{spread(rates)}; the first: {outcomes[0]}; what is counted on each side: "
                "perf/bench/cpu_time.py")


# --- all of them ---

def ratio(results, name, ours, theirs):
    figures = {figure: results.figure(figure) for figure in (ours, theirs)}
    absent = [figure for figure, value in figures.items() if value is None]
    if absent:
        raise RuntimeError(f"there is no {' and no '.join(absent)}")
    results.add(name, figures[ours] / figures[theirs], "times", f"{ours} / {theirs}, in one run")


def measure(results, out):
    shutil.rmtree(out, ignore_errors=True)
    with PeerLab(out) as lab:
        for part, names in ((memif_rounds, MEMIF_ROWS), (afxdp, AFXDP_ROWS),
                            (kernel_forward, (KERNEL_ROW,)),
                            (rtpengine_forward, ("rtpengine_forward_pps_cpu",)),
                            (janus_mix, ("janus_mix_pps_cpu",))):
            with results.attempt(part.__name__, *names):
                part(lab, results)
    for name, ours, theirs in RATIOS:
        with results.attempt(name, name):
            ratio(results, name, ours, theirs)

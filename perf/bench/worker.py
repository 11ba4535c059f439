# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Bursts through the real worker with no driver: what a packet costs, with all that goes out for
it, less what handing as many to the null port costs by itself."""

import statistics

import burst
import plots
from results import plain, spread
from targets import bound

TITLE = "Worker: cycles of a packet in, with all that goes out for it, and no driver"
CALLS = (1_000, 100_000)
LOSSY, LOST = ("listen", "barge"), 3  # of a hundred packets
ROWS = (*(f"{scene}_cycles_{burst.short(calls)}" for scene in burst.SCENES for calls in CALLS),
        *(f"{scene}_loss{LOST}_cycles_{burst.short(min(CALLS))}" for scene in LOSSY),
        "bytes_per_leg_forward", "bytes_per_leg_mix", "workers2_vs_1", "barge_of_10gbe",
        "forward_of_25gbe")

RUNS = 3
MEGABYTES = 1024  # for 100,000 calls with everything
PAIR = ("barge", 1_000)  # a worker has, alone and beside another one

# Frames of 214 bytes a second, and what that leaves of a core of 2.3 GHz for each.
LINE_RATES = (("barge", "10gbe", 438), ("forward", "25gbe", 175))


def _net(line):
    """Cycles without the null port's."""
    return line.median - line.driver


def add_cycles(results, runs):
    """Rows of one scene with so many calls: the median run, and how far runs are apart."""
    runs = sorted(runs, key=_net)
    line = runs[len(runs) // 2]
    lost = f"_loss{line.lost:.0f}" if line.lost else ""
    results.add(f"{line.what}{lost}_cycles_{burst.short(int(line.calls))}", f"{_net(line):.0f}",
                "cycles", (f"{line.lost:.0f} % of what is sent are lost before; " if lost else "") +
                f"{line.out:.2f} packets out for it, less {line.driver:.0f} for handing those to "
                f"the null port; median of {line.count:.0f} bursts of 32, of which 8 in 10 took "
                f"{line.low - line.driver:.0f} to {line.high - line.driver:.0f}; "
                f"{spread([_net(run) for run in runs])}; any call may be next")
    return line


def add_bytes(results, name, line):
    results.add(name, f"{(line.leg_bytes + line.ring_bytes) / line.legs:.0f}", "bytes",
                f"{line.legs:,.0f} legs, {line.ring_bytes / line.legs:.0f} of it rings of voice; "
                f"with the port table and the heap's own share {line.heap_bytes / line.legs:.0f}")


def add_line_rates(results, lines):
    for scene, line_rate, budget in LINE_RATES:
        line = lines[scene, max(CALLS)]
        results.add(f"{scene}_of_{line_rate}", 100 * budget / line.median, "%",
                    f"of line rate on one core of 2.3 GHz, by {line.median:.0f} cycles a packet "
                    f"with the null port's; {budget} are the whole of it; {line.calls:,.0f} calls, "
                    "each of them " + ("barged" if scene == "barge" else "forwarded"))


def measure_cycles(results):
    what = [f"{scene}:{calls}" for scene in burst.SCENES for calls in CALLS]
    lossy = [f"{scene}:{min(CALLS)}:{LOST}%" for scene in LOSSY]
    runs = [burst.measure(MEGABYTES, *what, *lossy) for _ in range(RUNS)]
    lines = {(same[0].what, int(same[0].calls)): add_cycles(results, same)
             for same in zip(*(run[:len(what)] for run in runs))}
    for same in zip(*(run[len(what):] for run in runs)):
        add_cycles(results, same)
    add_bytes(results, "bytes_per_leg_forward", lines["forward", max(CALLS)])
    add_bytes(results, "bytes_per_leg_mix", lines["barge", max(CALLS)])
    add_line_rates(results, lines)


def plot(results):
    names = [(scene, size, f"{scene}_cycles_{size}") for scene in burst.SCENES
             for size in map(burst.short, CALLS)]
    plots.cycles(results.folder / "cycles.png", [
        (f"{scene}\n{size}", results.figure(name), bound(name)) for scene, size, name in names])


def measure_pair(results):
    """The same calls on one worker, then as many more on another one at the same time."""
    scene, calls = PAIR
    ratios = []
    for _ in range(RUNS):
        alone, *both = burst.measure(MEGABYTES, f"{scene}:{calls}", f"{scene}:{2 * calls}:2")
        ratios.append(sum(alone.median / each.median for each in both))
    results.add("workers2_vs_1", statistics.median(ratios), "times",
                f"what one carries; {scene}, {calls:,} calls each; in the newest run "
                f"{plain(alone.median)} cycles a packet alone, "
                f"{' and '.join(plain(each.median) for each in both)} together; {spread(ratios)}; "
                "two CPUs of a virtual machine may be threads of one core")


def measure(results, _):
    with results.attempt("one worker", *(row for row in ROWS if row != "workers2_vs_1")):
        measure_cycles(results)
    with results.attempt("two workers", "workers2_vs_1"):
        measure_pair(results)
    with results.attempt("cycles.png"):
        plot(results)

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Instructions of a packet, and the lines of memory that it needs, counted by callgrind: these hold
on any machine, whatever else it does meanwhile, so that two states of the source can be compared.

Valgrind knows no instruction beyond AVX2, and no hugepages. It simulates two levels of cache and
no prefetching: what it counts as misses are lines that have to be fetched from further away than
this machine's L2 cache, in time or not."""

import re

import burst
from machine import caches, size_text
from results import plain

TITLE = "Instructions: what callgrind counts of a packet, on any machine"
SIMD_BITS = 256
CALLS = 1_000
COLD_CALLS = 10_000  # many times as much as fits into an L2 cache
COLD_SCENES = ("forward", "barge")
SCENES = (*burst.SCENES, "wide")  # barge in G.722
ROWS = (*(f"{scene}_instructions" for scene in SCENES),
        *(f"{scene}_cold_lines" for scene in COLD_SCENES))
FEW, MANY = "10", "500k"  # of the curve of scale: all in the cache, and next to nothing


def count(out, scene, calls, *options):
    """Events by name, a packet in; and the line that the worker has printed."""
    path = out / f"callgrind.{scene}.{burst.short(calls)}"
    said = burst.carry(
        "valgrind", "--quiet", "--tool=callgrind", "--toggle-collect=carry_burst",
        f"--callgrind-out-file={path}", *options, burst.WORKER, "--no-huge", "-m", "512",
        "--no-shconf", *burst.EAL, "-l", "0", f"--force-max-simd-bitwidth={SIMD_BITS}", "--",
        burst.GUARD, f"{scene}:{calls}")
    line, = burst.parse(said)
    text = path.read_text()
    names, sums = (re.search(f"^{key}: (.*)$", text, re.M).group(1).split()
                   for key in ("events", "(?:totals|summary)"))
    return {name: int(number) / line.packets for name, number in zip(names, sums)}, line, path


def count_instructions(results, out, scene):
    events, line, path = count(out, scene, CALLS)
    results.add(f"{scene}_instructions", events["Ir"], "instr",
                f"a packet in, with {line.out:.2f} out to the null port; mean of "
                f"{line.packets:,.0f} packets of {CALLS:,} calls, AVX2; by function: "
                f"callgrind_annotate {path.name}")


def count_lines(results, out, scene):
    size = caches()[2]
    events, line, _ = count(out, scene, COLD_CALLS, "--cache-sim=yes", "--D1=32768,8,64",
                            "--I1=32768,8,64", f"--LL={size},8,64")
    results.add(f"{scene}_cold_lines", events["DLmr"] + events["DLmw"], "lines",
                f"a packet, that have to come from beyond a cache of {size_text(size)}, as "
                f"simulated; {COLD_CALLS:,} calls, any may be next; "
                f"{events['D1mr'] + events['D1mw']:.1f} from beyond L1")


def explain_curve(results, scene):
    """What such a line costs, where this run has the curve that it is to explain."""
    few, many, load = map(results.figure, (f"scale_{scene}_{FEW}_cycles",
                                           f"scale_{scene}_{MANY}_cycles", "load_memory_cycles"))
    lines = results.figure(f"{scene}_cold_lines")
    if None not in (few, many, load, lines):
        results.add(f"{scene}_cycles_a_cold_line", (many - few) / lines, "cycles",
                    f"a packet of {MANY} calls costs {many:.0f} and one of {FEW} {few:.0f}, by its "
                    f"{plain(lines)} lines; a load from memory that is waited for costs "
                    f"{load:.0f}: the rest goes by while others are under way")


def measure(results, out):
    for scene in SCENES:
        with results.attempt(f"{scene}, instructions", f"{scene}_instructions"):
            count_instructions(results, out, scene)
    for scene in COLD_SCENES:
        with results.attempt(f"{scene}, lines", f"{scene}_cold_lines"):
            count_lines(results, out, scene)
            explain_curve(results, scene)

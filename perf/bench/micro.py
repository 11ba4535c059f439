# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Single steps of the fast path by themselves."""

import re
import subprocess

import burst
from lab import BUILD
from machine import caches, size_text
from results import plain

TITLE = "Micro: single steps of the fast path"
ROWS = ("matrix_cycles", "call_build_cycles", "lookup_cycles_1k", "lookup_cycles", "guard_cycles")

KERNELS = BUILD / "bench/bridgetap-bench-kernels"
CALLS = 100_000
MEGABYTES = 512


def _times(line):
    return f"median of {line.count:.0f} runs; 8 in 10 took {line.low:.1f} to {line.high:.1f}"


def measure_kernels(results):
    """Cycles per call of each kernel, of every set that this CPU can run."""
    done = subprocess.run([KERNELS], capture_output=True, text=True, timeout=60, check=True)
    for line in done.stdout.splitlines():
        if line.startswith("row\t"):
            results.add(*line.split("\t")[1:])
        else:
            print(f"  {line}", flush=True)


def measure_steps(results):
    build, few, many, guard = burst.measure(MEGABYTES, "build", "lookup:1000", f"lookup:{CALLS}",
                                            "guard")
    results.add("call_build_cycles", build.median, "cycles",
                "a call of three parties built whole, with all rows of its matrix; everything is "
                f"in the cache; {_times(build)}")
    for name, line in (("lookup_cycles_1k", few), ("lookup_cycles", many)):
        results.add(name, line.median, "cycles",
                    f"from a parsed frame to its leg, by address and port, of {line.calls:,.0f} "
                    f"two-party calls, in bursts of 32; {_times(line)}")
    results.add("guard_cycles", guard.median, "cycles",
                f"a verdict of the recording guard; {_times(guard)}")


def measure_memory(results):
    """What a line from each place costs that has to be waited for: half of each cache, and memory
    that none of them holds."""
    sizes = caches()
    places = [(f"l{level}", size // 2) for level, size in sizes.items()]
    places.append(("memory", 8 * max(sizes.values())))
    lines = burst.measure(MEGABYTES + 512, *(f"load:{size}" for _, size in places))
    for (place, size), line in zip(places, lines):
        results.add(f"load_{place}_cycles", line.median, "cycles",
                    f"a load that waits for the one before, anywhere in {size_text(size)}; "
                    f"{_times(line)}")


def measure(results, _):
    with results.attempt("kernels", "matrix_cycles"):
        measure_kernels(results)
    with results.attempt("steps", *ROWS[1:]):
        measure_steps(results)
    with results.attempt("memory"):
        measure_memory(results)


def condensed(rows):
    """The kernels by set as lines of text, and all other rows."""
    found = [(re.fullmatch(r"kernel_(\w+)_([a-z0-9]+)_cycles", row.name), row.value)
             for row in rows]
    values = {match.groups(): float(value) for match, value in found if match}
    sets = list(dict.fromkeys(which for _, which in values))
    lines = [f"{'cycles of 160 samples':22}" + "".join(f"{which:>9}" for which in sets)]
    for kernel in dict.fromkeys(kernel for kernel, _ in values):
        cells = (values.get((kernel, which)) for which in sets)
        lines.append(f"{kernel:22}" + "".join(
            f"{plain(cell) if cell is not None else '':>9}" for cell in cells))
    return lines, [row for row in rows if not row.name.startswith("kernel_")]

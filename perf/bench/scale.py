# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The curve from one call to 500,000, by one worker and by two, with what the caches have to do
with it."""

import burst
import plots
from machine import caches, size_text

TITLE = "Scale: from one call to 500,000, on one worker and on two"
CALLS = (1, 10, 100, 1_000, 10_000, 100_000, 250_000, 500_000)
SCENES = ("forward", "barge")
WORKERS = (1, 2)  # two share the calls: they need two at least
COLUMNS = ("cycles", "pps")


def name_of(scene, calls, column, workers):
    return f"scale_{scene}_{burst.short(calls)}_{column}" + ("_2w" if workers == 2 else "")


def possible(calls):
    return [(scene, workers) for scene in SCENES for workers in WORKERS if workers <= calls]


MEMORY = tuple(f"{scene}_500k_mib" for scene in SCENES)
ROWS = (*(name_of(scene, calls, column, workers) for calls in CALLS
          for scene, workers in possible(calls) for column in COLUMNS), *MEMORY)


def megabytes_for(calls):
    """Of hugepages: calls of three parties who are all mixed, their packets, and their order."""
    return 256 + calls * 8192 // 1_000_000


class Point:
    """One size on one or two workers."""

    def __init__(self, lines):
        self.cycles = sum(line.median for line in lines) / len(lines)
        self.pps = sum(line.hz / line.median for line in lines)
        self.touched = sum(line.leg_bytes + line.ring_bytes for line in lines)
        self.heap = sum(line.heap_bytes for line in lines)
        self.lines = lines

    def _place(self):
        """Where the calls are."""
        for level, size in caches().items():
            if self.touched <= size * (len(self.lines) if level < 3 else 1):
                return f"as much as fits into L{level}"
        last, size = max(caches().items())
        return f"{self.touched / size:.1f} times L{last}"

    def note(self):
        low, high = (sum(getattr(line, end) for line in self.lines) / len(self.lines)
                     for end in ("low", "high"))
        return (f"a packet in, with {self.lines[0].out:.2f} out to the null port; 8 in 10 bursts "
                f"{low:.0f} to {high:.0f}; legs and rings of all calls are "
                f"{size_text(int(self.touched))}, {self._place()}")


def take(results, calls):
    """All points of one size, by (scene, workers)."""
    wanted = possible(calls)
    lines = burst.measure(megabytes_for(calls), *(
        f"{scene}:{calls}" + (":2" if workers == 2 else "") for scene, workers in wanted))
    points = {}
    for scene, workers in wanted:
        some, lines = lines[:workers], lines[workers:]
        points[scene, workers] = point = Point(some)
        results.add(name_of(scene, calls, "cycles", workers), point.cycles, "cycles", point.note())
        results.add(name_of(scene, calls, "pps", workers), f"{point.pps:.0f}", "1/s",
                    f"packets in on {'a core' if workers == 1 else 'two cores'}, at these cycles")
    return points


def add_memory(results, points):
    for name, scene in zip(MEMORY, SCENES):
        point = points[scene, 1]
        results.add(name, point.heap / (1 << 20), "MiB",
                    f"of DPDK's heap for {max(CALLS):,} calls: legs, rings of voice and port "
                    "table, with the heap's own share; not what the main lcore remembers of them")


def measure(results, _):
    curves = {}
    for calls in CALLS:
        names = [name_of(scene, calls, column, workers) for scene, workers in possible(calls)
                 for column in COLUMNS] + (list(MEMORY) if calls == max(CALLS) else [])
        print(f"  calls: {calls:,}", flush=True)
        with results.attempt(f"{calls:,} calls", *names):
            points = take(results, calls)
            for key, point in points.items():
                curves.setdefault(key, {})[calls] = point
            if calls == max(CALLS):
                add_memory(results, points)
    with results.attempt("scale.png"):
        plots.scale(results.folder / "scale.png", curves, caches())


def condensed(rows):
    """The curve as lines of text, and the rows that are not in it."""
    values = {row.name: row.value for row in rows}
    curves = [(scene, workers) for scene in SCENES for workers in WORKERS]

    def cell(scene, workers, calls, column):
        value = values.get(name_of(scene, calls, column, workers), "")
        return f"{float(value) / 1e6:.1f}" if column == "pps" and value.isdigit() else value

    lines = ["cycles a packet, and million packets a second",
             f"{'calls':>9}" + "".join(f"  {f'{scene}, {workers} w.':>16}"
                                       for scene, workers in curves)]
    for calls in CALLS:
        pairs = ([cell(*curve, calls, column) for column in COLUMNS] for curve in curves)
        lines.append(f"{calls:9,}" + "".join(f"  {cycles:>8} {pps:>7}" for cycles, pps in pairs))
    return lines, [row for row in rows if not row.name.startswith("scale_")]

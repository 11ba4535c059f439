#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""All benchmarks of the appliance, as `make bench` runs them: every part, or those that are named.

Each part is a module with a TITLE, the ROWS that it always has, and measure(results, out), which
adds them. What fails costs its own rows, each of which then says why."""

import argparse
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))

import control  # noqa: E402
import generator  # noqa: E402
import instructions  # noqa: E402
import machine  # noqa: E402
import micro  # noqa: E402
import peers  # noqa: E402
import quality  # noqa: E402
import scale  # noqa: E402
import storm  # noqa: E402
import system  # noqa: E402
import worker  # noqa: E402
from lab import BUILD  # noqa: E402
from results import Results, table  # noqa: E402

OUT = BUILD / "bench"
PARTS = {module.__name__: module
         for module in (micro, worker, scale, instructions, quality, control, system, storm,
                        peers)}


def read_arguments():
    parser = argparse.ArgumentParser(
        description="Measure the appliance. Without any PART: all of them.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="parts:\n" + "\n".join(f"  {name:13} {part.TITLE}" for name, part in PARTS.items())
        + f"\n\nRows go to {os.path.relpath(OUT)}/results.tsv, the table and plots beside it. The "
        "exit status\nis 1 where a figure is missing; one that does not reach its aim is no "
        "failure.")
    parser.add_argument("parts", metavar="PART", nargs="*", help="one of those below")
    parts = parser.parse_args().parts
    for part in parts:
        if part not in PARTS:
            parser.error(f"there is no part {part}; there are {', '.join(PARTS)}")
    return parts or list(PARTS)


def measure(results, name):
    """One part, with all its rows."""
    part, start = PARTS[name], time.monotonic()
    print(f"{part.TITLE}", flush=True)
    results.part = name
    out = OUT / name
    out.mkdir(parents=True, exist_ok=True)
    with results.attempt(name, *part.ROWS):
        part.measure(results, out)
    print(f"  ({time.monotonic() - start:.0f} s)", flush=True)


def measure_all(results, wanted):
    for name, part in PARTS.items():
        if name in wanted:
            measure(results, name)
            continue
        results.part = name
        for row in part.ROWS:
            results.missing(row, f"the part {name} was not asked for")


def main():
    wanted = read_arguments()
    if os.geteuid() != 0:
        sys.exit("The benchmark makes networks and asks for hugepages: run it as root.")
    facts = "".join("  {:9} {}\n".format(*fact) for fact in machine.facts())
    print(f"Bridgetap benchmark\n\n{facts}", flush=True)
    results = Results(OUT / "results.tsv")
    # Whatever is measured, and whoever measures, comes before strangers.
    with generator.favoured_session():
        generator.favour(os.getpid())
        measure_all(results, wanted)
    text = table(results, {name: part for name, part in PARTS.items() if name in wanted})
    (OUT / "results.txt").write_text(facts + text)
    print(text)
    print(f"All rows are in {os.path.relpath(results.path)}, this table is in results.txt beside "
          "it, and so are plots and logs.")
    for failure in results.failures:
        print(f"FAILED: {failure}")
    sys.exit(1 if results.failures else 0)


if __name__ == "__main__":
    main()

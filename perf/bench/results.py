# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The figures of all benchmarks: one file of rows, one table, and the machine they are of."""

import os
import platform
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ("name", "value", "unit", "note")
WIDTH = 100  # of the table


def _first_line(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.splitlines()[0].strip() if done.stdout.strip() else ""


def _commit():
    # The tree may belong to whoever has called sudo.
    git = ("git", "-c", f"safe.directory={ROOT}")
    commit = _first_line(*git, "rev-parse", "--short=12", "HEAD")
    changed = _first_line(*git, "status", "--porcelain", "--untracked-files=no")
    return (commit or "not known") + (", with changes" if changed else "")


def machine():
    """What figures depend on, as (name, text) pairs."""
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    cores = len(os.sched_getaffinity(0))
    return (("CPU", f"{found.group(1) if found else platform.machine()}, {cores} cores"),
            ("load", f"{os.getloadavg()[0]:.2f} before the start; figures want an idle machine"),
            ("kernel", f"{platform.system()} {platform.release()}"),
            ("compiler", _first_line(os.environ.get("CC", "gcc"), "--version")),
            ("commit", _commit()))


class Results:
    """Rows, on disk as soon as they are known. More than one benchmark may add to one file."""

    def __init__(self, path, fresh=False):
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if fresh or not self.path.exists():
            self.path.write_text("\t".join(COLUMNS) + "\n")

    def add(self, name, value, unit, note):
        row = [re.sub(r"\s+", " ", str(cell)).strip() for cell in (name, value, unit, note)]
        with open(self.path, "a") as file:
            file.write("\t".join(row) + "\n")

    def missing(self, name, why):
        """A figure that could not be taken, and why."""
        self.add(name, "-", "", f"not taken: {why}")

    def rows(self):
        return [line.split("\t") for line in self.path.read_text().splitlines()[1:]]

    def names(self):
        return {row[0] for row in self.rows()}


def _wrapped(text, width):
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines


def print_machine():
    for name, text in machine():
        print(f"  {name:9} {text}")
    print(flush=True)


def print_table(results):
    rows = results.rows()
    names = max(len(row[0]) for row in rows)
    said = None
    for name, value, unit, note in rows:
        note, said = ("the same" if note == said else note), note
        lead = f"  {name:{names}}  {value:>10} {unit:10}  "
        lines = _wrapped(note, max(WIDTH - len(lead), 30))
        print(lead + f"\n{' ' * len(lead)}".join(lines))
    print(flush=True)

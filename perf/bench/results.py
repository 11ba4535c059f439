# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The figures of all parts: one file of rows, and one table."""

import contextlib
import dataclasses
import re
import shutil
import textwrap
from pathlib import Path

from targets import judge

COLUMNS = ("name", "value", "unit", "note")
WIDTH = max(shutil.get_terminal_size((132, 0)).columns, 110)  # of the table
NOT_TAKEN = "-"


@dataclasses.dataclass(frozen=True)
class Row:
    part: str
    name: str
    value: str
    unit: str
    note: str

    def cells(self):
        return self.name, self.value, self.unit, self.note


def plain(value):
    """A number with as many digits as are worth reading."""
    size = abs(value)
    if value == int(value):
        return f"{value:.0f}"
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def spread(values):
    """In words, of what several runs have come to."""
    return f"{plain(min(values))} to {plain(max(values))} in {len(values)} runs"


class Results:
    """Rows, on disk as soon as they are known. The file is always whole."""

    def __init__(self, path):
        self.path, self.rows, self.part, self.failures = Path(path), [], "", []
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._write()

    @property
    def folder(self):
        """Where plots go."""
        return self.path.parent

    def _write(self):
        lines = [COLUMNS, *(row.cells() for row in self.rows)]
        new = self.path.with_suffix(".new")
        new.write_text("".join("\t".join(line) + "\n" for line in lines))
        new.replace(self.path)

    def add(self, name, value, unit, note):
        """`value` is a number, or a text that is one."""
        value = value if isinstance(value, str) else plain(value)
        cells = [re.sub(r"\s+", " ", cell).strip() for cell in (name, value, unit, note)]
        self.rows.append(Row(self.part, *cells))
        self._write()

    def missing(self, name, why):
        """A figure that could not be taken, and why."""
        self.add(name, NOT_TAKEN, "", f"not taken: {why}")

    def has(self, name):
        return any(row.name == name for row in self.rows)

    def figure(self, name):
        """The number, or None where it was not taken."""
        return next((float(row.value) for row in self.rows
                     if row.name == name and row.value != NOT_TAKEN), None)

    @contextlib.contextmanager
    def attempt(self, what, *names):
        """Take these figures. Whatever goes wrong, of a socket, of gRPC, of a program that is not
        there, costs those that are not taken yet, and nothing else."""
        why = "nothing has printed it"
        try:
            yield
        except Exception as error:
            why = str(error).strip().splitlines()[-1] if str(error).strip() else repr(error)
            self.failures.append(f"{what}: {why}")
            print(f"  {what} FAILED: {why}", flush=True)
        absent = [name for name in names if not self.has(name)]
        for name in absent:
            self.missing(name, why)
        if absent and why == "nothing has printed it":
            self.failures.append(f"{what}: {', '.join(absent)}: {why}")


# --- the table ---

VERDICTS = {True: "reached", False: "GAP", None: ""}


def _row_lines(row, names, said):
    aim, reached = judge(row.name, row.value)
    lead = (f"  {row.name:{names}}  {row.value:>9} {row.unit:8} {aim:>9} "
            f"{VERDICTS[reached]:8}")
    note = "the same" if row.note == said else row.note
    lines = textwrap.wrap(note, max(WIDTH - len(lead), 40)) or [""]
    return [lead + lines[0], *(" " * len(lead) + line for line in lines[1:])]


def _part_lines(part, rows, names):
    """One with a condensed() has a table of its own for most of its rows."""
    lines, said = ["", part.TITLE], None
    if hasattr(part, "condensed"):
        own, rows = part.condensed(rows)
        lines += [*(f"  {line}" for line in own), ""]
    for row in rows:
        lines += _row_lines(row, names, said)
        said = row.note
    return lines


def _target_lines(rows):
    judged, lines = [(row, *judge(row.name, row.value)) for row in rows], [""]
    for verdict, title in ((True, "Targets reached"), (False, "Targets not reached"),
                           (None, "Targets whose figure was not taken")):
        some = [f"{row.name} {row.value} (aim {aim})" for row, aim, reached in judged
                if aim and reached is verdict]
        if some:
            lines += textwrap.wrap(f"{title}, {len(some)}: {', '.join(some)}", WIDTH,
                                   subsequent_indent="  ", break_on_hyphens=False)
    return lines


def table(results, parts):
    """A text: all rows under the title of their part, with the aims beside them, and what is
    reached of those. `parts` are modules by name."""
    names, lines = max(len(row.name) for row in results.rows), []
    for name, part in parts.items():
        lines += _part_lines(part, [row for row in results.rows if row.part == name], names)
    lines += _target_lines([row for row in results.rows if row.part in parts])
    return "".join(f"{line}".rstrip() + "\n" for line in lines)

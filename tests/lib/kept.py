# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What is kept of a test that has failed, for whoever looks for the reason: in BUILD/failed, until
the same file fails again."""

import shutil

from lab import BUILD

PLACE = BUILD / "failed"
kept = []  # folders, a file of tests each


def _folder_of(file):
    folder = PLACE / file
    if folder not in kept:
        shutil.rmtree(folder, ignore_errors=True)
        kept.append(folder)
    return folder


def _copy(source, target, *patterns):
    """Files of these patterns; neither sockets nor pipes."""
    for pattern in patterns:
        for path in source.rglob(pattern):
            if path.is_file():
                copy = target / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)


def keep_logs(file, test, folders):
    """Logs and configurations, which the next test of the file writes anew."""
    for number, folder in enumerate(folders):
        name = "".join(c if c.isalnum() or c in "-_." else "-" for c in test)[:100]
        _copy(folder, _folder_of(file) / f"{name}.{number}", "*.log", "*.conf")


def keep_all(file, folders):
    """As it is at the end of the file."""
    for number, folder in enumerate(folders):
        _copy(folder, _folder_of(file) / f"lab.{number}", "*")

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The machine that figures are of: what it is, its caches, and its hugepages."""

import contextlib
import os
import platform
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = Path("/proc/sys/vm/nr_hugepages")  # of 2 MiB, as DPDK's heap wants them


def _first_line(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.splitlines()[0].strip() if done.stdout.strip() else ""


def _commit():
    # The tree may belong to whoever has called sudo.
    git = ("git", "-c", f"safe.directory={ROOT}")
    commit = _first_line(*git, "rev-parse", "--short=12", "HEAD")
    changed = _first_line(*git, "status", "--porcelain", "--untracked-files=no")
    return (commit or "not known") + (", with changes" if changed else "")


def facts():
    """What figures depend on, as (name, text) pairs."""
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    cores = len(os.sched_getaffinity(0))
    sizes = ", ".join(f"L{level} {size_text(size)}" for level, size in caches().items())
    return (("CPU", f"{found.group(1) if found else platform.machine()}, {cores} cores, {sizes}"),
            ("load", f"{os.getloadavg()[0]:.2f} before the start; figures want an idle machine"),
            ("kernel", f"{platform.system()} {platform.release()}"),
            ("compiler", _first_line(os.environ.get("CC", "gcc"), "--version")),
            ("DPDK", _first_line("pkg-config", "--modversion", "libdpdk")),
            ("commit", _commit()))


def caches():
    """Bytes of CPU 0's caches of data, by level."""
    found = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if (index / "type").read_text().strip() != "Instruction":
            size = (index / "size").read_text().strip()  # such as 32K
            shift = {"K": 10, "M": 20}[size[-1]]
            found[int((index / "level").read_text())] = int(size[:-1]) << shift
    return found


def size_text(size):
    """Of so many bytes."""
    for unit, shift in (("MiB", 20), ("KiB", 10)):
        if size >= 1 << shift:
            return f"{size >> shift} {unit}"
    return f"{size} bytes"


def _free_pages():
    return int(re.search(r"HugePages_Free:\s+(\d+)", Path("/proc/meminfo").read_text()).group(1))


@contextlib.contextmanager
def hugepages(megabytes):
    """So much memory in hugepages that are free; they are given back."""
    wanted, before = megabytes // 2, PAGES.read_text()
    if _free_pages() < wanted:
        PAGES.write_text(str(int(before) + wanted - _free_pages()))
    try:
        if _free_pages() < wanted:
            raise RuntimeError(f"{megabytes} MiB of hugepages are not to be had: free some memory")
        yield
    finally:
        PAGES.write_text(before)

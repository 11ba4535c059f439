# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The data plane's worker by itself: bursts that are made in memory, and no driver
(bridgetap-bench-worker)."""

import subprocess
import types

from lab import BUILD
from machine import hugepages

WORKER = BUILD / "bench/bridgetap-bench-worker"
GUARD = BUILD / "bpf/rec_guard.bpf.o"
EAL = ("--no-pci", "--no-telemetry", "--log-level=error")
LONGEST = 120  # seconds
SCENES = ("forward", "listen", "whisper", "barge")


def short(calls):
    """1000 as 1k."""
    return f"{calls // 1000}k" if calls >= 1000 and calls % 1000 == 0 else str(calls)


def _value(text):
    try:
        return float(text)
    except ValueError:
        return text


def parse(output):
    """Its lines, as objects with what they name."""
    return [types.SimpleNamespace(**{name: _value(text) for name, text in
                                     (pair.split("=", 1) for pair in line.split())})
            for line in output.splitlines() if line.startswith("what=")]


def carry(*argv):
    """Run it to its end, maybe within another program; what it prints."""
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=LONGEST)
    if done.returncode != 0:
        said = done.stderr.strip() or f"it ended with {done.returncode}"
        raise RuntimeError(said.splitlines()[-1])
    return done.stdout


def measure(megabytes, *what):
    """Measure these, in so much of hugepages."""
    with hugepages(megabytes):
        return parse(carry(WORKER, "--in-memory", *EAL, "-l", "1,0", "--main-lcore", "1", "--",
                           GUARD, *what))

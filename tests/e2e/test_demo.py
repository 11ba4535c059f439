# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The first command of the README."""

import os
import subprocess
import sys

from lab import BUILD, ROOT
from steal import there


def demo():
    return subprocess.run([sys.executable, "-B", ROOT / "deploy/demo/demo.py"], text=True,
                          capture_output=True, timeout=240,
                          env={**os.environ, "BRIDGETAP_BUILD": str(BUILD)})


def test_the_demo_proves_what_it_says():
    done = there("the demo", demo)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert "All 90 gains in 6 phases are as intended, and no stream broke." in done.stdout
    assert "WRONG" not in done.stdout
    rows = (BUILD / "demo/report.tsv").read_text(encoding="ascii").splitlines()
    assert len(rows) == 1 + 90
    assert (BUILD / "demo/matrix.png").stat().st_size > 1000

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What the tests promise of themselves: they do not pass where they cannot run."""

import os
import subprocess
import sys

import pytest

from lab import ROOT

# Run in a pytest of their own by the tests below.
INNER = "tests/e2e/test_guard.py"


def run_tests(path, *prefix, **environment):
    """What pytest says of a file: (whether all is well, its words)."""
    done = subprocess.run(
        [*prefix, sys.executable, "-B", "-m", "pytest", "-q", path], cwd=ROOT, text=True,
        capture_output=True, timeout=120, env={**os.environ, **environment})
    return done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("may_skip", ["0", "1"])
def test_where_a_cpu_lacks_the_tests_fail_unless_they_may_be_skipped(may_skip):
    passed, said = run_tests(INNER, "taskset", "-c", "0", BRIDGETAP_MAY_SKIP=may_skip)
    assert "has to have both" in said
    assert ("1 skipped" if may_skip == "1" else "1 error") in said, said
    assert passed == (may_skip == "1")

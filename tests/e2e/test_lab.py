# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What the tests promise of themselves: they do not pass where they cannot run, or where nobody
listens any more, and one that fails costs no other one."""

import os
import re
import subprocess
import sys

import pytest

from lab import ROOT

# Run in a pytest of their own by the tests below.
INNER = "tests/e2e/test_guard.py"
FAILING = "tests/e2e/fails_on_purpose.py"


def run_tests(*arguments, prefix=(), **environment):
    """What pytest comes to: (whether all is well, its words)."""
    done = subprocess.run(
        [*prefix, sys.executable, "-B", "-m", "pytest", "-q", *arguments], cwd=ROOT, text=True,
        capture_output=True, timeout=120, env={**os.environ, **environment})
    return done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("may_skip", ["0", "1"])
def test_where_a_cpu_lacks_the_tests_fail_unless_they_may_be_skipped(may_skip):
    passed, said = run_tests(INNER, prefix=("taskset", "-c", "0"),
                             BRIDGETAP_MAY_SKIP=may_skip)
    assert "has to have both" in said
    assert ("1 skipped" if may_skip == "1" else "1 error") in said, said
    assert passed == (may_skip == "1")


def test_a_test_whose_phone_has_died_fails():
    passed, said = run_tests(FAILING, "-k", "phone_dies")
    assert not passed and "RTP header begins with 0x6e" in said, said


def test_one_that_fails_costs_no_other_one_of_its_file():
    _, said = run_tests(FAILING, "-k", "not phone_dies", "-rA")
    verdicts = re.findall(r"^(PASSED|FAILED|ERROR) \S+::test_([a-z]+)", said, re.M)
    failed = [test for verdict, test in verdicts if verdict != "PASSED"]
    assert failed and set(failed) == {"fails"}, said
    assert verdicts.count(("PASSED", "passes")) == 2, said

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What the tests promise of themselves: they do not pass where they cannot run, or where nobody
listens any more, one that fails costs no other one, and nothing is left of any."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from kept import PLACE
from lab import ROOT, Lab, owner_of, run
from witness import wait_for

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
    place = PLACE / "fails_on_purpose"
    _, said = run_tests(FAILING, "-k", "not dies and not lasts", "-rA")
    try:
        verdicts = re.findall(r"^(PASSED|FAILED|ERROR) \S+::test_([a-z]+)", said, re.M)
        failed = [test for verdict, test in verdicts if verdict != "PASSED"]
        assert failed and set(failed) == {"fails"}, said
        assert verdicts.count(("PASSED", "passes")) == 2, said
        # And its own logs are there, whatever came after it; and at the end, all there is.
        assert str(place) in said
        assert "test_fails_within.0" in [path.name for path in place.iterdir()]
        told = (place / "test_fails_halfway_through_the_start.0/controlplane.log").read_text()
        assert '"end_dead_calls_after" must be a whole number' in told
        assert (place / "lab.0/controlplane.db").exists()
    finally:
        shutil.rmtree(place)


def left_of(owner):
    """Namespaces, file systems and folders."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [what for what in [*run("ip", "netns", "list").splitlines(), *mounts,
                              *map(str, Path(tempfile.gettempdir()).iterdir())] if owner in what]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_broken_off_leaves_nothing(how):
    """Terminated it ends in order; killed it takes its programs with it, and all else is gone after
    the next start."""
    with subprocess.Popen([sys.executable, "-B", "-m", "pytest", "-q", FAILING, "-k", "lasts"],
                          cwd=ROOT, stdout=subprocess.PIPE, text=True) as inner:
        try:
            owner = owner_of(inner.pid)
            wait_for(lambda: any(what.endswith("/disk") for what in left_of(owner)), 30)
            pids = run("ip", "netns", "pids", f"bt{owner}-appliance").split()
            assert len(pids) == 2 and all(map(owner_of, pids))
        finally:
            inner.send_signal(how)
            said, _ = inner.communicate(timeout=60)
    wait_for(lambda: not any(map(owner_of, pids)))
    if how == signal.SIGTERM:
        assert inner.returncode == 128 + how and "terminated" in said, said
    else:
        assert left_of(owner)
        with Lab():
            pass
    assert left_of(owner) == []


def test_what_one_of_the_same_process_id_has_left_is_gone_too():
    """There are few of them: sooner or later another process has it, and lives."""
    before = f"{os.getpid()}.0"
    run("ip", "netns", "add", f"bt{before}-agent")
    folder = Path(tempfile.mkdtemp(prefix=f"bridgetap-{before}-"))
    assert left_of(before)
    with Lab():
        assert left_of(before) == [] and not folder.exists()

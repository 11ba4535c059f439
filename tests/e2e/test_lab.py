# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What the tests promise of themselves: they do not pass where they cannot run, or where nobody
listens any more."""

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
        [*prefix, sys.executable, "-B", "-m", "pytest", "-q", "-c", ROOT / "pytest.ini", path],
        cwd=ROOT, text=True, capture_output=True, timeout=120, env={**os.environ, **environment})
    return done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("may_skip", ["0", "1"])
def test_where_a_cpu_lacks_the_tests_fail_unless_they_may_be_skipped(may_skip):
    passed, said = run_tests(INNER, "taskset", "-c", "0", BRIDGETAP_MAY_SKIP=may_skip)
    assert "has to have both" in said
    assert ("1 skipped" if may_skip == "1" else "1 error") in said, said
    assert passed == (may_skip == "1")


def test_a_test_whose_phone_has_died_fails(tmp_path):
    inner = tmp_path / "test_inner.py"
    inner.write_text(f"""
import sys
import time

sys.path.insert(0, "{ROOT}/tests/lib")

from rtp import Party


class Loopback:
    def socket(self, _):
        import socket
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def test_nobody_is_heard():
    with Party(Loopback(), "", ("127.0.0.1", 0), None) as party:
        with Loopback().socket("") as stranger:
            stranger.sendto(b"not RTP at all", party._socket.getsockname())
        time.sleep(0.2)
        assert party.packets == []
""")
    passed, said = run_tests(inner)
    assert not passed and "RTP header begins with 0x6e" in said, said

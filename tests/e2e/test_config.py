# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""A wrong file gets one sentence with file and line, and what to do."""

import os
import re
import subprocess

import pytest

from lab import BUILD, ROOT, SANITIZER

DATAPLANE = (ROOT / "deploy/dataplane.conf").read_text()
CONTROLPLANE = (ROOT / "deploy/controlplane.conf").read_text()


def check(tmp_path, program, text):
    """Exit code and lines of `program --check` on a file of this text."""
    path = tmp_path / "test.conf"
    path.write_text(text)
    done = subprocess.run([BUILD / "bin" / program, "--check", "--config", path],
                          capture_output=True, text=True, timeout=20,
                          env={**os.environ, **SANITIZER})
    return done.returncode, (done.stdout + done.stderr).replace(f"{path}:", "FILE:").splitlines()


def test_the_sample_files_are_right(tmp_path):
    assert check(tmp_path, "bridgetap-dataplane", DATAPLANE)[0] == 0
    assert check(tmp_path, "bridgetap-controlplane", CONTROLPLANE)[0] == 0


def test_workers_may_share_cpus_where_that_is_said(tmp_path):
    text = DATAPLANE.replace("workers = [ 1 ]", "share_cpus = true; workers = [ 0, 1, 1, 0 ]")
    assert check(tmp_path, "bridgetap-dataplane", text)[0] == 0


WRONG = [
    ("main_lcore = 0;", "main_lcore = ;", "syntax error"),
    ("calls_max = 10000", "call_max = 10000", 'there is no setting "call_max" here'),
    ("workers = [ 1 ]", "workers = [ 0 ]", "needs one of its own"),
    ("workers = [ 1 ]", "workers = [ 1, 1 ]", "CPU 1 has a worker already"),
    ("# share_cpus = true", "share_cpus = 1", "must be true or false"),
    ("workers = [ 1 ]", "workers = [ 99 ]", "no CPU 99"),
    ("workers = [ 1 ]", "workers = [ ]", "there may be 1 to"),
    ("workers = [ 1 ]", 'workers = "1"', "must be a list"),
    ("mbufs = 32767", "mbufs = 12", "must be a whole number from 8191"),
    ("mbufs = 32767", 'mbufs = "many"', "must be a whole number"),
    ("seats_max = 3", "seats_max = 9", "must be a whole number from 2 to 7"),
    ("# media_timeout_ms = 30000", "media_timeout_ms = 10", "must be a whole number from 1000"),
    ("# mixing_legs_max = 20000", "mixing_legs_max = 0", "must be a whole number from 1"),
    ('"--no-telemetry"', '"-l", "--no-telemetry"', "lcores are set by"),
    ('port = "access"', 'port = "acess"', "the ports are access, recorder"),
    ('name = "recorder"', 'name = "access"', 'a port "access" already'),
    ('address = "192.0.2.1"', 'address = "192.0.2"', "not an IPv4 or IPv6 address"),
    ('address = "192.0.2.1"', "address = 1", "must be a text in quotes"),
    ('address = "192.0.2.1";', "", '"address" is missing'),
    ("[ 20000, 29999 ]", "[ 20001, 29999 ]", "must begin with an even port"),
    ("[ 20000, 29999 ]", "[ 20000 ]", "the first and the last port"),
    ("recording = true", "recording = 1", "must be true or false"),
    ('port = "recorder"; ', 'port = "access"; ', "the recorder needs a port of its own"),
    ('name = "recording"', 'name = "access"', 'a realm "access" already'),
    ("# dscp = 46;", "dscp = 64;", "from 0 to 63"),
    ("# next_hop_mac = \"02:00:5e:10:00:01\";", 'next_hop_mac = "nonsense";', "not a MAC address"),
    ("# interface = \"eth1.100\";", 'interface = "nosuch0";', "no network interface"),
    ("# vlan = 100;", "vlan = 5000;", "from 0 to 4094"),
    ("# service_vlan = 7;", "service_vlan = 5000;", "from 0 to 4094"),
    ("# service_tpid = 0x88a8;", "service_tpid = 0x0800;", "must be 0x88a8, 0x8100 or 0x9100"),
    ("# service_tpid = 0x88a8;", "service_vlan = 7; service_tpid = 0x8100;", 'is "vlan"'),
    ('verify_checksums = "auto"', 'verify_checksums = "yes"', '"auto", "always" or "never"'),
]


@pytest.mark.parametrize("old, new, sentence", WRONG, ids=[new or old for old, new, _ in WRONG])
def test_a_wrong_data_plane_file_is_told_with_its_line(tmp_path, old, new, sentence):
    assert old in DATAPLANE
    code, lines = check(tmp_path, "bridgetap-dataplane", DATAPLANE.replace(old, new, 1))
    assert code != 0
    assert len(lines) == 1, lines
    assert sentence in lines[0]
    number = int(re.match(r"FILE:(\d+): ", lines[0]).group(1))
    # The line, or that of the group where something is missing from it.
    line = DATAPLANE[:DATAPLANE.index(old)].count("\n") + 1
    assert line - 8 <= number <= line + 1


@pytest.mark.parametrize("old, new, sentence", [
    ('listen_mode = "0660"', 'listen_mode = "rw"', "file mode"),
    ("listen_mode", "listenmode", 'no setting "listenmode"'),
    ('store = "', "store = 5; #", "text in quotes"),
    ("store =", "store", "syntax error"),
    ("# end_dead_calls_after = 300", "end_dead_calls_after = 86401", "from 0 to 86400"),
    ("# end_dead_calls_after = 300", "end_dead_calls_after = -1", "from 0 to 86400"),
    ("# end_dead_calls_after = 300", 'end_dead_calls_after = "300"', "a whole number of seconds"),
])
def test_a_wrong_control_plane_file_is_told_with_its_line(tmp_path, old, new, sentence):
    code, lines = check(tmp_path, "bridgetap-controlplane", CONTROLPLANE.replace(old, new, 1))
    assert code != 0
    assert len(lines) == 1 and sentence in lines[0], lines
    assert lines[0].startswith("FILE:")


@pytest.mark.parametrize("program", ["bridgetap-dataplane", "bridgetap-controlplane"])
def test_a_file_that_is_not_there_is_told(program):
    done = subprocess.run([BUILD / "bin" / program, "--config", "/nonexistent.conf"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode != 0
    assert done.stderr.startswith("/nonexistent.conf: cannot read it: No such file")


@pytest.mark.parametrize("program", ["bridgetap-dataplane", "bridgetap-controlplane",
                                     "bridgetapctl", "bridgetap-recorder"])
def test_every_program_explains_itself(program):
    def run(*argv):
        return subprocess.run([BUILD / "bin" / program, *argv], capture_output=True, text=True,
                              timeout=20)
    assert run("--help").returncode == 0
    assert run("--help").stdout.startswith(f"Usage: {program}")
    assert run("--version").stdout.startswith(f"{program} ")
    wrong = run("--no-such-option")
    assert wrong.returncode == 1 and "Usage:" in wrong.stderr

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The media generator hears what is right, and what is wrong; its captures can be read and played.

On a machine that others use, too, either process may be held up for so long that rings run over,
mixes run dry and sources count as silent. Such a run says nothing, and is done over."""

import subprocess
import types

import pytest

from api import Api
from generator import Run, arguments, dataplane_settings, favour, favoured_session
from lab import BUILD

CALLS = 50
MIX = ("--mix", "forward:1,listen:1,whisper:1,barge:1")
PARTIES = 2 * CALLS + 37  # and a monitor on three calls of four, near enough
PAUSE_US = 20000
TRIES = 4


@pytest.fixture
def carried(lab):
    """An appliance whose ports are shared memory; a test may ask for another data plane."""
    box = types.SimpleNamespace(lab=lab)
    for name in ("controlplane.db", "controlplane.db-wal", "controlplane.db-shm"):
        (lab.path / name).unlink(missing_ok=True)

    def start(binary=None):
        box.dataplane = lab.start_dataplane(binary=binary, **dataplane_settings(lab))
        favour(box.dataplane.pid)
        box.controlplane = lab.start_controlplane()
        box.api = Api(lab.api_socket, organisation="rtpgen")
        box.api.wait_until_connected()

    box.start = start
    with favoured_session():
        yield box
    box.api.close()
    assert [box.controlplane.stop(), box.dataplane.stop()] == [0, 0]


def pause_of(run):
    """The longest in which either side was held up, microseconds."""
    return max([run["generator_pause_us"]] + [row["value"] for name, row in run.rows.items()
                                              if name.startswith("delay") and "_max" in name])


def undisturbed(lab, *more, record=False):
    """A run in which neither side was held up."""
    pauses = []
    for _ in range(TRIES):
        run = Run(arguments(lab, record) + ["--calls", CALLS, *more])
        assert run.rows and run["check_wrong"] == 0, run
        pauses.append(pause_of(run))
        if pauses[-1] < PAUSE_US:
            return run
    pytest.skip(f"this machine is too busy: each of {TRIES} runs was held up for "
                f"{min(pauses) / 1000:.0f} ms or more; run it again when nothing else runs")


def test_everybody_hears_whom_they_should_in_all_modes(carried):
    carried.start()
    run = undisturbed(carried.lab, *MIX, "--codec", "mixed", "--check", "all", "--seconds", 2,
                      record=True)
    assert run.status == 0, run
    assert run["lost"] == run["duplicates"] == run["reordered"] == 0, run
    assert run["wrong_ssrc"] == run["strays"] == run["discontinued"] == 0, run
    assert run["check_wrong"] == 0 and run["check_partial"] < run["check_exact"] / 100, run
    # Everything was checked: each of the parties, and the recorder's two streams a call.
    assert run["check_exact"] + run["check_partial"] == run["expected"] >= PARTIES * 2 * 50, run
    for mode in ("forward", "listen", "whisper", "barge", "recording"):
        assert 0 < run[f"delay_{mode}_p50_us"] <= run[f"delay_{mode}_p99_us"], run
    # Its calls have ended with it.
    assert carried.api.counters()["guard_dropped"] == 0


def test_a_wrong_matrix_is_heard(carried):
    carried.start(BUILD / "tests/bridgetap-dataplane-broken-matrix")
    run = Run([*arguments(carried.lab), "--calls", CALLS, *MIX, "--check", "all", "--seconds", 1])
    assert run.status == 3, run
    assert run["check_wrong"] > 100 and run["check_exact"] > 100, run
    assert "in mode listen: the agent hears customer supervisor" in run.said, run


def test_switches_under_load_are_heard_whole(carried):
    carried.start()
    run = undisturbed(carried.lab, *MIX, "--check", "all", "--seconds", 2, "--switch-rate", 200,
                      record=True)
    assert run.status == 0, run
    assert run["switches"] > 100 and run["switches_refused"] == 0, run
    assert run["lost"] == run["discontinued"] == run["check_wrong"] == 0, run


def test_what_the_network_does_is_measured(carried):
    carried.start()
    run = undisturbed(carried.lab, *MIX, "--check", "all", "--seconds", 2, "--loss", 0.05,
                      "--reorder", 0.05)
    assert run.status == 0, run
    # What was left out on purpose is no loss of the appliance's.
    assert run["lost"] == run["duplicates"] == run["check_wrong"] == 0, run
    assert 0.02 < run["reordered"] / run["expected"] < 0.08, run
    assert run["expected"] < PARTIES * 2 * 50, run


def test_a_capture_can_be_read_and_played(carried):
    carried.start()
    file = carried.lab.path / "calls.pcap"
    run = undisturbed(carried.lab, "--seconds", 1, "--pcap-out", file)
    assert run.status == 0, run
    read = subprocess.run(["tcpdump", "-nr", file], capture_output=True, text=True)
    assert read.returncode == 0 and len(read.stdout.splitlines()) == 2 * run["expected"]
    assert "203.0.113.2.2000 > 203.0.113.1." in read.stdout

    played = undisturbed(carried.lab, "--check", "all", "--pcap-in", file)
    assert played.status == 0, played
    assert played["expected"] == run["expected"] and played["lost"] == 0, played
    assert played["check_exact"] == played["expected"], played


@pytest.mark.parametrize("more, sentence", [
    (["--calls", "500000"], "one core makes at most"),
    (["--calls", "1000", "--rate", "1000"], "each of 2000 sources would send only every 2000 ms"),
    (["--switch-rate", "10"], "there is no monitor to switch"),
    (["--mix", "barge:0"], "there are no calls"),
    (["--mix", "shout:1"], 'no mode "shout"'),
    (["--ptime", "25"], "10, 20, 30, 40, 50 or 60 ms"),
    (["--record"], "by a port of their own"),
    (["--search", "--loss", "0.1"], "counts loss"),
    (["--rate", "max", "--pcap-out", "x"], "cannot keep up"),
    (["--address", "2001:db8::1"], "must be an IPv4 address"),
    (["--ramp", "20", "--seconds", "10"], "longer than"),
])
def test_what_cannot_be_is_refused_with_a_sentence(more, sentence):
    run = Run([*arguments(types.SimpleNamespace(path="/nowhere", api_socket="/nowhere/api")),
               *more])
    assert run.status == 2 and sentence in run.said, run

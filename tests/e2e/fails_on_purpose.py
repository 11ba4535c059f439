# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Tests of which some fail, and what they leave to those after them: test_lab.py runs this file,
and nobody else does."""

import contextlib
import socket
import time

from appliance import set_up_appliance
from lab import run
from rtp import Party


class Loopback:
    """In place of a lab."""

    def socket(self, _):
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def test_a_phone_dies():
    """Of what is no RTP; and all that is wanted is to hear nobody."""
    with contextlib.closing(Loopback().socket("")) as stranger, \
            Party(Loopback(), "", ("127.0.0.1", 0), None) as party:
        stranger.sendto(b"not RTP at all", party._socket.getsockname())
        time.sleep(0.2)
        assert party.packets == []


def test_lasts(appliance):
    """Until it is broken off; with a file system of its own."""
    disk = appliance.lab.path / "disk"
    disk.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk)
    time.sleep(60)


# --- all of a file, one after the other ---

def test_fails_within(lab):
    with set_up_appliance(lab) as box:
        assert box.api.stats().calls == 1


def test_fails_halfway_through_the_start(lab):
    with set_up_appliance(lab, end_dead_calls_after='"never"'):
        pass


def test_fails_without_a_helper(lab):
    lab.start_dataplane()
    assert lab.start_controlplane().output() == ""


def test_passes_after_those(appliance):
    assert appliance.api.stats().calls == 0


def test_fails_and_leaves_both_dead(office):
    office.appliance.dataplane.kill()
    office.appliance.controlplane.kill()
    assert office.calls()


def test_passes_after_that(office):
    assert office.api.stats().calls == 0

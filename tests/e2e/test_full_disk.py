# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The disk of the store is full: nothing that would have to be kept is done, everything else goes
on, and all is well once there is room."""

import contextlib
import sqlite3
import time

import grpc
import pytest

from api import ADMIN, BARGE, LISTEN, WHISPER
from appliance import running_appliance
from bridgetap.v1 import directory_pb2
from office import Office, refused, verify_audit
from rtp import steps
from test_call_monitor import join


@pytest.fixture
def office(lab, disk):
    """An appliance whose store is on that disk."""
    with running_appliance(lab, store=f'"{disk.path}/store.db"') as box, Office(box) as made:
        yield made


def fill_up(office, disk):
    """Fill the disk, and have the server notice: what room its own files have left is soon gone."""
    disk.fill()
    for n in range(200):
        try:
            office.put_role(f"filler{n}" + "x" * 40)
        except grpc.RpcError as error:
            assert error.code().name == "RESOURCE_EXHAUSTED", error
            return
    raise AssertionError("the disk is not full")


def users(office):
    return office.api.directory.ListUsers(directory_pb2.ListUsersRequest()).users


def full():
    return refused(status="RESOURCE_EXHAUSTED")


def test_nothing_is_done_that_could_not_be_kept_and_media_goes_on(office, disk):
    talk = office.talk()
    talk.join(BARGE, "sue")
    time.sleep(0.2)
    office.anchor("second", agent_user="amy")
    before = (office.access(), [user.role for user in users(office)])
    fill_up(office, disk)

    # Settings of every kind.
    for change in (lambda: office.api.put_user("ann", ADMIN), lambda: office.put_role("quality"),
                   lambda: office.api.put_extension("400", "sam"),
                   lambda: office.set_monitoring_access(excluded_users=["sue"]),
                   lambda: office.consent("100", True), lambda: office.switch_monitoring(off=True),
                   lambda: office.api.settings(consent_accepted=False),
                   lambda: office.api.of("another").put_organisation()):
        with full() as error:
            change()
        assert "disk" in error.value.details()
    assert (office.access(), [user.role for user in users(office)]) == before
    # Whatever the audit would have to have first.
    for act in (lambda: talk.switch(WHISPER), lambda: join(office, "sam", call_id="second"),
                lambda: office.transfer("bob")):
        with full() as error:
            act()
        assert "audit" in error.value.details()
    assert office.call().monitors[0].mode == BARGE and office.call().agent_user == "ann"

    talk.assert_heard(BARGE)
    assert steps(talk.customer.packets) == []
    # Nobody is kept in, and reading works.
    talk.leave()
    talk.assert_silenced_since(time.monotonic())
    assert [call.id for call in office.calls("sue")] == ["call", "second"]
    office.lower_hand()

    disk.make_room()
    wait_until_kept(office)
    office.consent("100", True)
    talk.join(LISTEN, "sue")
    talk.switch(WHISPER)
    talk.assert_heard(WHISPER)
    assert verify_audit(office.api).intact
    # What was done while it was full is in the audit all the same.
    details = [record.detail for record in office.audit(action="leave", subject="sue")]
    assert details == ["left"]
    assert not office.audit(action="monitoring_switch")


def wait_until_kept(office):
    """The server tries again by itself, once a second."""
    deadline = time.monotonic() + 5
    while "can be written again" not in (office.lab.path / "controlplane.log").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextlib.contextmanager
def no_room(office, disk):
    fill_up(office, disk)
    yield
    disk.make_room()


@contextlib.contextmanager
def locked(office, disk):
    """By somebody who looks into the store for longer than a change waits."""
    with contextlib.closing(sqlite3.connect(disk.path / "store.db")) as store:
        store.execute("BEGIN IMMEDIATE")
        with full():
            office.put_role("quality")
        yield


@pytest.mark.parametrize("trouble", [no_room, locked])
def test_a_refused_setting_alone_does_not_keep_anybody_out_for_good(office, disk, trouble):
    """Nothing waits to be written, which would be tried again."""
    office.anchor("call")
    with trouble(office, disk):
        with full():
            join(office, "sue")
    wait_until_kept(office)
    join(office, "sue")


def test_a_control_plane_killed_on_a_full_disk_comes_back_with_what_was_acknowledged(office, disk):
    office.set_monitoring_access(excluded_users=["sam"])
    kept = office.access()
    fill_up(office, disk)
    with full():
        office.set_monitoring_access(excluded_users=["sue"])
    office.restart_controlplane(disk.make_room, store=f'"{disk.path}/store.db"')
    assert office.access() == kept
    office.set_monitoring_access(included_users=["sam"])
    assert verify_audit(office.api).intact

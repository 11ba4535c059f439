# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The audit: everything that matters is in it, it survives, and nobody alters it unseen."""

import contextlib
import sqlite3

import pytest

from api import AGENT, BARGE, LISTEN, SUPERVISOR, WHISPER
from bridgetap.v1 import admin_pb2, calls_pb2, directory_pb2, monitor_pb2
from bridgetap.v1.common_pb2 import ReasonCode
from office import Office, refused, verify_audit
from test_call_monitor import join, leave


@pytest.fixture
def office(appliance):
    """An office of its own, on an appliance whose audit may be spoilt."""
    with Office(appliance) as made:
        yield made


def act(office):
    """A day in which everything happens once."""
    office.anchor("call")
    office.raise_hand()
    office.lower_hand()
    with refused("NOT_PERMITTED"):
        join(office, "ann")
    session = join(office, "sue", WHISPER)
    with refused("CALL_FULL"):
        join(office, "sam")
    office.as_user("sue").monitor.SwitchMode(
        monitor_pb2.SwitchModeRequest(session_id=session.id, mode=BARGE))
    leave(office, "adam", session)
    session = join(office, "sue", LISTEN)
    leave(office, "sue", session)
    for name, user in (("Withdraw", "ann"), ("Decline", "bob")):
        invitation = office.invite("bob", BARGE)
        getattr(office.as_user(user).monitor, f"{name}Invitation")(
            getattr(monitor_pb2, f"{name}InvitationRequest")(invitation_id=invitation.id))
    office.transfer("bob")
    join(office, "sue", LISTEN)
    office.as_user("adam").directory.PutUser(directory_pb2.PutUserRequest(
        user=directory_pb2.User(id="sue", name="Sue", role=AGENT)))
    office.api.put_user("sue", SUPERVISOR)
    office.put_role("quality")
    office.consent("100", True, "ann")
    office.set_monitoring_access(excluded_users=["sam"])
    office.as_user("adam").settings(users_edit_own_access=True)
    office.switch_monitoring(off=True)
    office.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="call"))


# Action, actor, call, subject, detail and reasons, in their order.
RECORDS = [
    ("hand_raise", "ann", "call", "", "", []),
    ("hand_lower", "ann", "call", "", "", []),
    ("refused", "ann", "call", "", "Join", ["NOT_PERMITTED"]),
    ("join", "sue", "call", "ann", "whisper", []),
    ("refused", "sam", "call", "", "Join", ["CALL_FULL"]),
    ("switch", "sue", "call", "ann", "barge", []),
    ("leave", "adam", "call", "sue", "removed by another", []),
    ("join", "sue", "call", "ann", "listen", []),
    ("leave", "sue", "call", "sue", "left", []),
    ("invite", "ann", "call", "bob", "barge", []),
    ("invitation_withdraw", "ann", "call", "bob", "barge", []),
    ("invite", "ann", "call", "bob", "barge", []),
    ("invitation_decline", "bob", "call", "bob", "barge", []),
    ("transfer", "", "call", "bob", "", []),
    ("join", "sue", "call", "bob", "listen", []),
    ("user_put", "adam", "", "sue", "", []),
    ("leave", "adam", "call", "sue", "the right was lost", ["NOT_PERMITTED"]),
    ("user_put", "", "", "sue", "", []),
    ("role_put", "", "", "quality", "", []),
    ("consent_set", "ann", "", "100", "given", []),
    ("access_set", "", "", "100", "", []),
    ("organisation_settings", "adam", "", "", "consent accepted", []),
    ("monitoring_switch", "", "", "", "off", []),
]


def test_each_kind_of_action_is_there_with_who_on_what_and_why(office):
    before = len(office.audit())
    act(office)
    records = office.audit()[before:]
    assert [(record.action, record.actor, record.call, record.subject, record.detail,
             [ReasonCode.Name(reason) for reason in record.reasons])
            for record in records] == RECORDS
    assert {record.peer_uid for record in records} == {0}
    numbers = [record.number for record in records]
    assert numbers == sorted(set(numbers))
    assert sorted(record.at_ms for record in records) == [record.at_ms for record in records]
    newest = office.api.admin.ListAudit(admin_pb2.ListAuditRequest(
        page_size=len(records), newest_first=True)).records
    assert list(newest) == records[::-1]


def test_it_survives_kills_and_stays_intact(office):
    act(office)
    before = office.audit()
    for _ in range(3):
        office.restart_controlplane()
        assert office.audit() == before
        last = verify_audit(office.api)
        assert last.intact and last.verified == last.total >= len(before)
    office.switch_monitoring(off=False)
    after = verify_audit(office.api)
    assert after.intact and after.total == last.total + 1
    assert after.head == office.audit()[-1].hash != last.head


def test_pages_are_whole_in_both_directions(office):
    act(office)
    for newest_first in (False, True):
        numbers, token = [], ""
        while True:
            page = office.api.admin.ListAudit(admin_pb2.ListAuditRequest(
                page_size=7, page_token=token, newest_first=newest_first))
            numbers += [record.number for record in page.records]
            token = page.next_page_token
            if not token:
                break
        assert sorted(numbers, reverse=newest_first) == numbers
        assert set(numbers) == {record.number for record in office.audit()}


# What is done to the record of a switch, or to more.
TAMPERING = {
    "a word": "UPDATE audit SET detail = 'listen' WHERE number = ?",
    "an actor": "UPDATE audit SET actor = 'eve' WHERE number = ?",
    "the organisation": "UPDATE audit SET organisation = 'globex' WHERE number = ?",
    "the time": "UPDATE audit SET at_ms = at_ms + 1 WHERE number = ?",
    "the reasons": "UPDATE audit SET reasons = reasons + 1 WHERE number = ?",
    "a hash": "UPDATE audit SET hash = zeroblob(32) WHERE number = ?",
    "one is gone": "DELETE FROM audit WHERE number = ?",
    "the end is gone": "DELETE FROM audit WHERE number >= ?",
    "all is gone": "DELETE FROM audit WHERE number > 0 OR number = ?",
}


@pytest.mark.parametrize("how", TAMPERING)
def test_what_is_altered_while_nobody_looks_is_found(office, how):
    act(office)
    assert verify_audit(office.api).intact
    number = office.audit(action="switch")[0].number

    def tamper():
        path = office.lab.path / "controlplane.db"
        with contextlib.closing(sqlite3.connect(path)) as store, store:
            assert store.execute(TAMPERING[how], (number,)).rowcount > 0
    office.restart_controlplane(tamper)
    last = verify_audit(office.api)
    assert not last.intact and last.sentence
    assert last.broken_at == (1 if how == "all is gone" else number)
    # Nor does it heal by what comes after.
    office.switch_monitoring(off=False)
    assert verify_audit(office.api).broken_at == last.broken_at

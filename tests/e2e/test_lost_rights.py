# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What takes a monitor off a call in the middle of it, and what does not: the decisions below the
tables of the call monitor. Whoever loses the right is out of the media plane when the change that
takes it returns, and is told why; so is the agent, and so is the audit."""

import time

import pytest

from api import ADMIN, AGENT, BARGE, SUPERVISOR, WHISPER, media, names
from bridgetap.v1 import calls_pb2, directory_pb2
from bridgetap.v1.common_pb2 import ReasonCode
from conversation import LOUDNESS
from lab import address_of
from office import refused
from rtp import Party, steps
from stream import Notices, watch_calls


def load(office, *messages):
    return office.api.directory.LoadDirectory(iter(messages))


def delete_user(office, user):
    office.api.directory.DeleteUser(directory_pb2.DeleteUserRequest(user_id=user))


def grant_by_role(office):
    """Sue may monitor by a security role alone."""
    office.put_role("quality")
    office.api.put_user("sue", SUPERVISOR, security_roles=["quality"])
    office.api.settings(supervisors_monitor_by_default=False)
    office.set_monitoring_access(included_roles=["quality"])


def require_consent(office):
    office.consent("100", True)
    office.api.settings(consent_of_users_required=True)


def nothing(office):
    """There is nothing to be set up."""


LOSSES = {
    "the role in the product": (
        nothing, lambda office: office.api.put_user("sue", AGENT), "NOT_PERMITTED"),
    "the security role is taken from them": (
        grant_by_role, lambda office: office.api.put_user("sue", SUPERVISOR),
        "NOT_PERMITTED"),
    "the security role is deleted": (
        grant_by_role, lambda office: office.api.directory.DeleteSecurityRole(
            directory_pb2.DeleteSecurityRoleRequest(security_role_id="quality")),
        "NOT_PERMITTED"),
    "the user is deleted": (nothing, lambda office: delete_user(office, "sue"), "NOT_PERMITTED"),
    "the extension excludes them": (
        nothing, lambda office: office.set_monitoring_access(excluded_users=["sue"]),
        "NOT_PERMITTED"),
    "the default is narrowed": (
        nothing, lambda office: office.api.settings(supervisors_monitor_by_default=False),
        "NOT_PERMITTED"),
    "the organisation takes its consent back": (
        nothing, lambda office: office.api.settings(consent_accepted=False), "CONSENT_MISSING"),
    "the extension's user takes theirs back": (
        require_consent, lambda office: office.consent("100", False, "ann"), "CONSENT_MISSING"),
    "the extension goes, and the consent with it": (
        require_consent, lambda office: office.api.directory.DeleteExtension(
            directory_pb2.DeleteExtensionRequest(extension_id="100")), "CONSENT_MISSING"),
    "a load of the directory without them": (
        nothing, lambda office: load(office, directory_pb2.LoadDirectoryRequest(
            operation=directory_pb2.LoadDirectoryRequest.REPLACE,
            users=[directory_pb2.User(id="ann", role=AGENT)])), "NOT_PERMITTED"),
    "the switch": (
        nothing, lambda office: office.switch_monitoring(off=True), "ORGANISATION_DISABLED"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_whoever_loses_the_right_is_silenced_at_once_and_told_why(office, loss):
    set_up, lose, code = LOSSES[loss]
    set_up(office)
    talk = office.talk()
    office.raise_hand()
    with Notices(office.api, "sue") as sue, Notices(office.api, "ann") as ann, \
            watch_calls(office.api) as calls:
        session = talk.join(BARGE, "sue")
        calls.wait(lambda: calls.items["call"].monitors)
        time.sleep(0.1)
        lose(office)
        talk.assert_silenced_since(time.monotonic())
        ended = sue.expect("SESSION_ENDED", "RIGHT_LOST")
        assert (ended.session_id, names(ended.reasons)) == (session.id, [code])
        for kind in ("MONITOR_JOINED", "HAND_ATTENDED"):
            ann.expect(kind)
        ann.expect("MONITOR_LEFT", "RIGHT_LOST")
        ann.expect("HAND_LOWERED", "RIGHT_LOST")
        calls.wait(lambda: not calls.items["call"].monitors)
    record, = office.audit(action="leave")
    assert (record.call, record.subject) == ("call", "sue")
    assert [ReasonCode.Name(reason) for reason in record.reasons] == [code]


def test_an_invited_agent_whose_toggle_goes_is_silenced_at_once(office):
    talk = office.talk()
    talk.accept(office.invite("bob", BARGE).id, "bob")
    with Notices(office.api, "bob") as bob:
        time.sleep(0.1)
        office.api.put_user("bob", AGENT)
        talk.assert_silenced_since(time.monotonic())
        assert names(bob.expect("SESSION_ENDED", "RIGHT_LOST").reasons) == ["NOT_PERMITTED"]


@pytest.mark.parametrize("change", [
    {"dashboard": False}, {"desktop": False}, {"state": directory_pb2.AWAY},
    {"dashboard": False, "desktop": False, "state": directory_pb2.OFFLINE}])
def test_presence_and_log_in_are_looked_at_when_joining_only(office, change):
    talk = office.talk(record=False)
    talk.join(BARGE, "sue")
    with Notices(office.api, "sue") as sue:
        office.api.log_in("sue", **change)
        talk.switch(WHISPER)
        talk.assert_heard(WHISPER)
        sue.assert_none()
    talk.leave()
    with refused(*office.check("sue")):
        talk.join(BARGE, "sue")


def test_what_does_not_concern_a_monitor_leaves_them_where_they_are(office):
    talk = office.talk()
    talk.join(BARGE, "sue")
    delete_user(office, "sam")
    office.api.put_user("sue", ADMIN)
    office.set_monitoring_access("200", excluded_users=["sue"])
    office.api.settings(users_edit_own_access=True)
    talk.assert_heard(BARGE)
    assert steps(talk.customer.packets) == []


def test_an_admin_who_deletes_themselves_loses_leg_and_list(office):
    talk = office.talk()
    talk.join(BARGE, "adam")
    with watch_calls(office.api, "adam") as calls, Notices(office.api, "adam") as adam:
        office.as_user("adam").directory.DeleteUser(
            directory_pb2.DeleteUserRequest(user_id="adam"))
        talk.assert_silenced_since(time.monotonic())
        adam.expect("SESSION_ENDED", "RIGHT_LOST")
        calls.wait_for_end()
    assert [record.actor for record in office.audit(action="refused")] == ["adam"]
    assert [record.actor for record in office.audit(action="leave")] == ["adam"]


def test_the_notices_of_a_deleted_user_end_and_are_not_the_next_ones(office):
    with Notices(office.api, "ann") as ann:
        delete_user(office, "ann")
        office.api.put_user("ann", AGENT, "Another Ann")
        office.anchor("call")
        office.raise_hand()
        assert ann.wait_for_end().code().name == "NOT_FOUND"
        ann.assert_none()


# --- transfer ---

def test_a_transfer_keeps_the_monitor_where_the_new_agents_extension_permits(office):
    talk = office.talk()
    talk.join(BARGE, "sue")
    office.raise_hand()
    time.sleep(0.2)
    with Notices(office.api, "ann") as ann, Notices(office.api, "bob") as bob, \
            Notices(office.api, "sue") as sue:
        office.transfer("bob")
        ann.expect("HAND_LOWERED", "TRANSFERRED")
        assert ann.expect("MONITOR_LEFT", "TRANSFERRED").attendance.user == "sue"
        joined = bob.expect("MONITOR_JOINED")
        assert (joined.attendance.user_name, joined.attendance.mode) == ("Sue", BARGE)
        talk.assert_heard(BARGE)
        talk.switch(WHISPER)
        bob.expect("MONITOR_SWITCHED")
        talk.assert_heard(WHISPER)
        for quiet in (ann, sue):
            quiet.assert_none()
    assert office.call().agent_user == "bob" and not office.call().HasField("hand")
    for party in (talk.agent, talk.customer, talk.supervisor, talk.recorded_agent,
                  talk.recorded_customer):
        assert steps(party.packets) == []
    talk.assert_never_recorded()


def test_a_transfer_to_another_phone_goes_on_with_the_same_streams(office):
    talk = office.talk(record=False)
    talk.join(BARGE, "sue")
    time.sleep(0.2)
    last = talk.agent.packets[-1]
    local = (talk.call.agent.local.address, talk.call.agent.local.port)
    with Party(office.lab, "agent", ("0.0.0.0", 4900), local,
               LOUDNESS["agent"]) as phone:
        office.transfer("bob", agent=media(address_of("agent"), 4900))
        talk.agent.speaking.clear()
        time.sleep(0.4)
        assert phone.packets[0].ssrc == last.ssrc
        missing = (phone.packets[0].sequence - last.sequence) & 0xffff
        assert 0 < missing < 30
        assert (phone.packets[0].timestamp - last.timestamp) & 0xffffffff == 160 * missing
        assert steps(phone.packets) == []
        assert len({packet.ssrc for packet in talk.customer.packets}) == 1
        assert len({packet.ssrc for packet in talk.supervisor.packets}) == 1


def test_a_transfer_removes_the_monitor_where_it_does_not(office):
    office.set_monitoring_access("200", excluded_users=["sue"])
    talk = office.talk()
    talk.join(BARGE, "sue")
    with Notices(office.api, "sue") as sue, Notices(office.api, "ann") as ann, \
            Notices(office.api, "bob") as bob:
        time.sleep(0.1)
        office.transfer("bob")
        talk.assert_silenced_since(time.monotonic())
        assert names(sue.expect("SESSION_ENDED", "RIGHT_LOST").reasons) == ["NOT_PERMITTED"]
        ann.expect("MONITOR_LEFT", "TRANSFERRED")
        assert len(bob.messages) == 1, "for the new agent nobody was ever there"
    for party in (talk.agent, talk.customer, talk.recorded_agent):
        assert steps(party.packets) == []
    record, = office.audit(action="transfer")
    assert (record.call, record.subject) == ("call", "bob")


def test_a_monitor_who_becomes_the_agent_is_no_monitor_any_more(office):
    talk = office.talk()
    talk.join(BARGE, "sue")
    time.sleep(0.1)
    office.transfer("sue")
    talk.assert_silenced_since(time.monotonic())
    assert not office.call().monitors


def test_a_new_description_with_another_agent_is_a_transfer(office):
    office.set_monitoring_access("200", excluded_users=["sue"])
    talk = office.talk()
    talk.join(BARGE, "sue")
    time.sleep(0.1)
    description = talk.description()
    description.agent_user = "bob"
    office.api.calls.LoadCallTable(iter([calls_pb2.LoadCallTableRequest(calls=[description])]))
    talk.assert_silenced_since(time.monotonic())

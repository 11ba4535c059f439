# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Two organisations in which everything has the same name: nothing crosses over."""

import contextlib
import types

import pytest

from api import BARGE, LISTEN, WHISPER, media, refusal
from bridgetap.v1 import (access_pb2, admin_pb2, calls_pb2, directory_pb2, monitor_pb2)
from lab import address_of
from office import Office, refused
from stream import Notices, watch_calls, watch_extensions
from test_call_monitor import join

@pytest.fixture
def two(shared_appliance):
    """Ours and theirs, with the same people, extensions, roles, groups and calls."""
    with contextlib.ExitStack() as stack:
        ours, theirs = (stack.enter_context(Office(shared_appliance)) for _ in range(2))
        for office, number in ((ours, "+49-ours"), (theirs, "+49-theirs")):
            office.put_role("quality")
            office.api.directory.PutGroup(directory_pb2.PutGroupRequest(
                group=directory_pb2.Group(id="sales", name=number)))
            office.anchor("call", contact_number=number, groups=["sales"], tags=["vip"])
        yield types.SimpleNamespace(ours=ours, theirs=theirs)


def test_lists_and_filters_show_ones_own(two):
    for office, number in ((two.ours, "+49-ours"), (two.theirs, "+49-theirs")):
        for user in ("", "sue", "adam"):
            for filters in ({}, {"groups": ["sales"]}, {"tags": ["vip"]},
                            {"agent_users": ["ann"]}):
                call, = office.calls(user, **filters)
                assert call.contact_number == number
            assert office.call("call", user).contact_number == number
        group, = office.api.directory.ListGroups(directory_pb2.ListGroupsRequest()).groups
        assert group.name == number


def test_a_page_token_of_theirs_shows_nothing_of_theirs(two):
    two.theirs.anchor("second")
    token = two.theirs.api.calls.ListCalls(
        calls_pb2.ListCallsRequest(page_size=1)).next_page_token
    assert token
    page = two.ours.api.calls.ListCalls(calls_pb2.ListCallsRequest(page_token=token))
    assert all(call.contact_number == "+49-ours" for call in page.calls)


def test_watches_see_ones_own(two):
    ours, theirs = two.ours, two.theirs
    with watch_calls(ours.api, "sue", tags=["vip"]) as calls, \
            watch_calls(ours.api) as all_calls, \
            watch_extensions(ours.api, "sue") as extensions:
        before = [len(stream.messages) for stream in (calls, all_calls, extensions)]
        theirs.anchor("new", tags=["vip"], agent_user="bob")
        theirs.raise_hand()
        join(theirs, "sam")
        theirs.api.log_in("ann", dashboard=False, state=directory_pb2.AWAY)
        theirs.api.log_in("sue", dashboard=False)
        theirs.set_monitoring_access(excluded_users=["sue"])
        theirs.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="call"))
        # What follows of our own shows that nothing else was on its way.
        ours.anchor("ours-too", tags=["vip"], agent_user="bob")
        calls.wait(lambda: "ours-too" in calls.items)
        all_calls.wait(lambda: "ours-too" in all_calls.items)
        extensions.wait(lambda: extensions.items["200"].connected_callers or
                        extensions.items["200"].state == access_pb2.BUSY)
        for stream, seen in zip((calls, all_calls, extensions), before):
            assert len(stream.messages) == seen + 1, stream.messages[seen:]
        assert sorted(calls.items) == ["call", "ours-too"]
        assert calls.items["call"].contact_number == "+49-ours"
        assert not calls.viewer.blocked and ours.check("sue") == []


def test_notices_reach_ones_own(two):
    ours, theirs = two.ours, two.theirs
    with contextlib.ExitStack() as stack:
        mine = [stack.enter_context(Notices(ours.api, user))
                for user in ("ann", "bob", "sue", "sam", "adam")]
        assert all(len(notices.situation.calls) == (notices is mine[0]) for notices in mine)
        theirs.raise_hand()
        invitation = theirs.invite("bob", WHISPER)
        join(theirs, "sue", BARGE)
        session = theirs.call().monitors[0]
        theirs.as_user("sue").monitor.SwitchMode(monitor_pb2.SwitchModeRequest(
            session_id=session.id, mode=LISTEN))
        theirs.transfer("amy")
        theirs.switch_monitoring(off=True)
        with Notices(ours.api, "bob") as again:
            assert invitation.id not in [i.id for i in again.situation.invitations]
        for notices in mine:
            notices.assert_none()


def test_the_audit_is_ones_own(two):
    ours, theirs = two.ours, two.theirs
    before = len(ours.audit())
    join(theirs, "sue", BARGE)
    theirs.raise_hand()
    theirs.api.settings(users_edit_own_access=True)
    with refused("NOT_PERMITTED"):
        theirs.calls("ann")
    assert len(ours.audit()) == before
    for office in (ours, theirs):
        for records in (office.audit(), office.as_user("adam").admin.ListAudit(
                admin_pb2.ListAuditRequest(page_size=1000, newest_first=True)).records):
            assert {record.organisation for record in records} == {office.api.organisation}
    everything = ours.api.of("").admin.ListAudit(admin_pb2.ListAuditRequest(
        page_size=1000, newest_first=True)).records
    organisations = {record.organisation for record in everything}
    assert organisations >= {ours.api.organisation, theirs.api.organisation}


def test_ids_of_theirs_are_unknown_here(two):
    """Ids that the appliance makes are found in no other organisation, and say nothing there that
    an id of nothing would not."""
    ours, theirs = two.ours, two.theirs
    session = join(theirs, "sue", BARGE)
    invitation = theirs_invitation(theirs)
    monitor = ours.as_user("sue").monitor
    bob = ours.as_user("bob").monitor
    for attempt in (
            lambda id: monitor.SwitchMode(
                monitor_pb2.SwitchModeRequest(session_id=id, mode=LISTEN)),
            lambda id: monitor.Leave(monitor_pb2.LeaveRequest(session_id=id)),
            lambda id: ours.as_user("adam").monitor.Leave(monitor_pb2.LeaveRequest(session_id=id)),
            lambda id: bob.AcceptInvitation(monitor_pb2.AcceptInvitationRequest(
                invitation_id=id, mode=WHISPER, media=media(address_of("supervisor"), 6300))),
            lambda id: bob.DeclineInvitation(
                monitor_pb2.DeclineInvitationRequest(invitation_id=id)),
            lambda id: ours.as_user("ann").monitor.WithdrawInvitation(
                monitor_pb2.WithdrawInvitationRequest(invitation_id=id)),
            lambda id: monitor.AnswerOffer(monitor_pb2.AnswerOfferRequest(offer_id=id))):
        sentences = set()
        for of in (session.id, invitation.id, "0" * len(session.id)):
            with refused(status="NOT_FOUND") as error:
                attempt(of)
            assert refusal(error.value) is None
            sentences.add(error.value.details().replace(of, "ID"))
        assert len(sentences) == 1
    assert theirs.call().monitors[0].mode == BARGE
    two.theirs.as_user("bob").monitor.DeclineInvitation(
        monitor_pb2.DeclineInvitationRequest(invitation_id=invitation.id))


def theirs_invitation(theirs):
    """On another call of theirs, whose seat is free."""
    theirs.anchor("free", agent_user="amy")
    return theirs.invite("bob", WHISPER, user="amy", call_id="free")


def test_calls_users_and_extensions_of_theirs_are_unknown_here(two):
    ours, theirs = two.ours, two.theirs
    theirs.anchor("only-theirs")
    theirs.api.put_user("otto", directory_pb2.USER_ROLE_ADMIN)
    theirs.api.put_extension("999", "otto")
    for ask in (lambda: ours.call("only-theirs", "sue"), lambda: ours.check("sue", "only-theirs"),
                lambda: join(ours, "sue", call_id="only-theirs"),
                lambda: ours.raise_hand(call_id="only-theirs"),
                lambda: ours.invitable(call_id="only-theirs"),
                lambda: ours.calls("otto"), lambda: ours.access("999"),
                lambda: ours.consent("999", True),
                lambda: ours.api.calls.DeleteCall(
                    calls_pb2.DeleteCallRequest(call_id="only-theirs")),
                lambda: ours.api.calls.OfferCall(calls_pb2.OfferCallRequest(user_id="otto")),
                lambda: ours.api.directory.GetPresence(
                    directory_pb2.GetPresenceRequest(user_id="otto"))):
        with refused(status="NOT_FOUND"):
            ask()
    theirs.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="only-theirs"))
    with refused(status="NOT_FOUND"):
        join(ours, "sue", call_id="only-theirs")  # no word of its having ended
    with refused(status="INVALID_ARGUMENT"):
        ours.set_monitoring_access(included_users=["otto"])


def test_rights_roles_and_the_switch_hold_for_ones_own(two):
    ours, theirs = two.ours, two.theirs
    join(ours, "sue", BARGE)
    join(theirs, "sue", BARGE)  # the same id is another person
    theirs.api.directory.DeleteSecurityRole(
        directory_pb2.DeleteSecurityRoleRequest(security_role_id="quality"))
    ours.set_monitoring_access(excluded_roles=["quality"])
    assert theirs.switch_monitoring(off=True).ended == 1
    theirs.api.settings(consent_accepted=False)
    theirs.api.put_user("sue", directory_pb2.USER_ROLE_AGENT)
    theirs.api.directory.DeleteUser(directory_pb2.DeleteUserRequest(user_id="sam"))
    theirs.api.log_in("adam", dashboard=False, desktop=False)
    assert [monitor.user for monitor in ours.call().monitors] == ["sue"]
    assert ours.check("sam") == ["CALL_FULL"] and ours.check("adam") == ["CALL_FULL"]


def test_an_organisation_that_is_deleted_leaves_nothing_to_the_next_of_its_name(two):
    ours, theirs = two.ours, two.theirs
    with refused(status="FAILED_PRECONDITION"):
        theirs.api.directory.DeleteOrganisation(
            directory_pb2.DeleteOrganisationRequest(organisation_id=theirs.api.organisation))
    theirs.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="call"))
    with watch_calls(theirs.api, "sue") as calls, Notices(theirs.api, "ann") as ann:
        theirs.api.directory.DeleteOrganisation(
            directory_pb2.DeleteOrganisationRequest(organisation_id=theirs.api.organisation))
        for stream in (calls, ann):
            assert stream.wait_for_end().code().name == "NOT_FOUND"
    with refused(status="NOT_FOUND"):
        theirs.calls()
    theirs.api.put_organisation()
    assert not theirs.api.directory.ListUsers(directory_pb2.ListUsersRequest()).users
    settings = theirs.api.access.GetOrganisationSettings(
        access_pb2.GetOrganisationSettingsRequest())
    assert settings == access_pb2.OrganisationSettings()
    assert ours.call().contact_number == "+49-ours"

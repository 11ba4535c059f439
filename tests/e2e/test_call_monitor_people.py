# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The call monitor, row by row (M9 to M14): what the agent is told, hands, invitations, incoming
calls, and what is recorded."""

import time
from concurrent import futures

import grpc
import pytest

from api import AGENT, ANY_MODE, BARGE, LISTEN, WHISPER, names
from bridgetap.v1 import calls_pb2, monitor_pb2
from office import refused
from stream import Notices, watch_calls
from test_call_monitor import join, leave

Answer = calls_pb2.OfferCallResponse


# --- M9 ---

@pytest.mark.parametrize("mode", [LISTEN, WHISPER, BARGE])
def test_m09_the_agent_is_told_of_join_and_leave_in_every_mode(office, mode):
    office.anchor("call")
    with Notices(office.api, "ann") as ann, Notices(office.api, "sue") as sue:
        session = join(office, "sue", mode)
        notice = ann.expect("MONITOR_JOINED")
        assert (notice.call_id, notice.attendance.user) == ("call", "sue")
        assert (notice.attendance.user_name, notice.attendance.mode) == ("Sue", mode)
        leave(office, "sue", session)
        notice = ann.expect("MONITOR_LEFT", "BY_USER")
        assert notice.attendance.user_name == "Sue" and not notice.reasons
        assert sue.expect("SESSION_ENDED", "BY_USER").session_id == session.id
        ann.assert_none()


def test_m09_the_agent_is_told_of_every_switch_and_sees_name_and_mode_meanwhile(office):
    office.anchor("call")
    with Notices(office.api, "ann") as ann, Notices(office.api, "bob") as bob:
        session = join(office, "sue")
        ann.expect("MONITOR_JOINED")
        for mode in (WHISPER, BARGE, LISTEN):
            office.as_user("sue").monitor.SwitchMode(monitor_pb2.SwitchModeRequest(
                session_id=session.id, mode=mode))
            assert ann.expect("MONITOR_SWITCHED").attendance.mode == mode
            with Notices(office.api, "ann") as again:
                own, = again.situation.calls
                assert own.call_id == "call"
                monitor, = own.monitors
                assert (monitor.user_name, monitor.mode) == ("Sue", mode)
        bob.assert_none()


# --- M10 ---

def test_m10_a_raised_hand_is_seen_at_once_attended_by_a_join_and_down_after_the_leave(office):
    office.anchor("call")
    with watch_calls(office.api, "sue") as calls, Notices(office.api, "ann") as ann:
        hand = office.raise_hand()
        calls.wait(lambda: calls.items["call"].hand == hand)
        assert hand.raised_ms > 0 and not hand.attended_by
        assert ann.expect("HAND_RAISED").hand == hand
        session = join(office, "sue", WHISPER)
        ann.expect("MONITOR_JOINED")
        attended = ann.expect("HAND_ATTENDED").hand
        assert (attended.attended_by, attended.attended_by_name) == ("sue", "Sue")
        calls.wait(lambda: calls.items["call"].hand == attended)
        leave(office, "sue", session)
        ann.expect("MONITOR_LEFT", "BY_USER")
        assert not ann.expect("HAND_LOWERED", "BY_USER").HasField("hand")
        calls.wait(lambda: not calls.items["call"].HasField("hand"))


def test_m10_the_agent_can_lower_it(office):
    office.anchor("call")
    with Notices(office.api, "ann") as ann:
        office.raise_hand()
        ann.expect("HAND_RAISED")
        assert office.raise_hand() == office.call().hand
        with Notices(office.api, "ann") as again:
            assert again.situation.calls[0].HasField("hand")
        office.lower_hand()
        ann.expect("HAND_LOWERED", "BY_USER")
        assert not office.call().HasField("hand")
        ann.assert_none()


def test_m10_it_clears_when_the_call_ends(office):
    office.anchor("call")
    with Notices(office.api, "ann") as ann:
        office.raise_hand()
        ann.expect("HAND_RAISED")
        office.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="call"))
        ann.expect("HAND_LOWERED", "CALL_OVER")
    with Notices(office.api, "ann") as ann:
        assert not ann.situation.calls


@pytest.mark.parametrize("user", ["bob", "sue", "adam"])
def test_m10_nobody_but_the_agent_raises_or_lowers_it(office, user):
    office.anchor("call")
    with refused("NOT_PERMITTED"):
        office.raise_hand(user)
    office.raise_hand()
    with refused("NOT_PERMITTED"):
        office.lower_hand(user)
    assert office.call().HasField("hand")


# --- M11 ---

def test_m11_the_toggle_lets_be_invited_and_never_grants_the_list(office):
    office.anchor("call")
    assert [agent.user_id for agent in office.invitable()] == ["bob"]
    with refused("NOT_PERMITTED"):
        office.calls("bob")
    with refused("NOT_PERMITTED"):
        join(office, "bob")
    with refused("NOT_PERMITTED"):
        office.invite("amy")
    for user, toggle in (("bob", False), ("amy", True)):
        office.api.put_user(user, AGENT, call_monitor_access=toggle)
    assert [agent.user_id for agent in office.invitable()] == ["amy"]
    with refused("NOT_PERMITTED"):
        office.calls("amy")


def test_m11_only_the_agent_of_the_call_invites(office):
    office.anchor("call", agent_user="amy")
    for user in ("ann", "sue", "adam", "bob"):
        with refused("NOT_PERMITTED"):
            office.invitable(user)
        with refused("NOT_PERMITTED"):
            office.invite("bob", user=user)
    assert office.invite("bob", user="amy").to_name == "Bob"


def test_m11_why_an_agent_cannot_come_just_now_is_said_beforehand(office):
    office.anchor("call")
    office.api.log_in("bob", desktop=False)
    bob, = office.invitable()
    assert names(bob.blocked) == ["DESKTOP_LOGGED_OUT"]
    with refused("DESKTOP_LOGGED_OUT"):
        office.invite("bob")
    office.api.log_in("bob")
    join(office, "sue")
    assert names(office.invitable()[0].blocked) == ["CALL_FULL"]
    with refused("CALL_FULL"):
        office.invite("bob")


def answer(office, user, name, invitation):
    request = getattr(monitor_pb2, f"{name}InvitationRequest")(invitation_id=invitation.id)
    return getattr(office.as_user(user).monitor, f"{name}Invitation")(request)


@pytest.mark.parametrize("user, name, why", [("ann", "Withdraw", "BY_OTHER"),
                                             ("bob", "Decline", "BY_USER")])
def test_m11_an_invitation_can_be_withdrawn_and_declined(office, user, name, why):
    office.anchor("call")
    with Notices(office.api, "ann") as ann, Notices(office.api, "bob") as bob:
        invitation = office.invite("bob", WHISPER)
        assert bob.expect("INVITED").invitation == invitation
        assert (invitation.from_name, invitation.mode) == ("Ann", WHISPER)
        with refused(status="ALREADY_EXISTS"):
            office.invite("bob")
        for other in {"ann", "bob", "sue"} - {user}:
            with refused("NOT_PERMITTED"):
                answer(office, other, name, invitation)
        answer(office, user, name, invitation)
        for side in (ann, bob):
            assert side.expect("INVITATION_ENDED", why).invitation.id == invitation.id
    with refused(status="NOT_FOUND"):
        answer(office, user, name, invitation)


@pytest.mark.parametrize("end, why", [
    (lambda office: office.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="call")),
     "CALL_OVER"),
    (lambda office: office.transfer("amy"), "TRANSFERRED"),
    (lambda office: office.api.put_user("bob", AGENT, call_monitor_access=False),
     "RIGHT_LOST"),
], ids=["the call ends", "another agent takes over", "the toggle is taken away"])
def test_m11_an_invitation_ends_with_what_it_was_for(office, end, why):
    office.anchor("call")
    invitation = office.invite("bob")
    with Notices(office.api, "bob") as bob:
        assert [there.id for there in bob.situation.invitations] == [invitation.id]
        end(office)
        bob.expect("INVITATION_ENDED", why)
    with refused(status="NOT_FOUND"):
        answer(office, "bob", "Decline", invitation)


# --- M12 ---

@pytest.mark.parametrize("given, picked", [(WHISPER, ANY_MODE), (ANY_MODE, BARGE),
                                           (BARGE, BARGE)])
def test_m12_an_invited_agent_is_a_monitor_and_never_recorded(office, given, picked):
    talk = office.talk()
    mode = picked or given
    with Notices(office.api, "ann") as ann, watch_calls(office.api, "sue") as calls:
        invitation = office.invite("bob", given)
        session = talk.accept(invitation.id, "bob", picked)
        assert (session.user, session.mode, session.invited) == ("bob", mode, True)
        assert ann.expect("MONITOR_JOINED").attendance.user_name == "Bob"
        ann.expect("INVITATION_ENDED", "WAS_ACCEPTED")
        calls.wait(lambda: calls.items["call"].monitors)
        talk.assert_heard(mode)
        with refused("CALL_FULL"):
            join(office, "sue")
        talk.switch(LISTEN)
        assert ann.expect("MONITOR_SWITCHED").attendance.mode == LISTEN
        talk.switch(BARGE)
        talk.assert_heard(BARGE)
        talk.leave()
        talk.assert_silenced_since(time.monotonic())


def test_m12_the_mode_is_the_invitations_where_it_has_one(office):
    talk = office.talk(record=False)
    for given, picked in ((WHISPER, BARGE), (ANY_MODE, ANY_MODE)):
        invitation = office.invite("bob", given)
        with refused(status="INVALID_ARGUMENT"):
            talk.accept(invitation.id, "bob", picked)
        answer(office, "bob", "Decline", invitation)
    assert not office.call().monitors


def test_m12_nobody_accepts_in_anothers_place(office):
    talk = office.talk(record=False)
    invitation = office.invite("bob", WHISPER)
    for user in ("amy", "sue", "adam", "ann"):
        with refused("NOT_PERMITTED"):
            talk.accept(invitation.id, user)


# --- M13 ---

def offer(office, pool):
    """A call comes in for sue; a future of the answer."""
    return pool.submit(office.api.calls.OfferCall, calls_pb2.OfferCallRequest(
        user_id="sue", contact_number="+4989"))


def answer_offer(office, offered, accept, user="sue"):
    office.as_user(user).monitor.AnswerOffer(monitor_pb2.AnswerOfferRequest(
        offer_id=offered.id, accept=accept))


def test_m13_rejecting_keeps_the_monitoring_and_accepting_ends_it_first(office):
    talk = office.talk()
    talk.join(BARGE)
    with Notices(office.api, "sue") as sue, Notices(office.api, "ann") as ann, \
            futures.ThreadPoolExecutor() as pool:
        answered = offer(office, pool)
        offered = sue.expect("CALL_OFFERED").offer
        assert offered.contact_number == "+4989"
        with refused("NOT_PERMITTED"):
            answer_offer(office, offered, True, "sam")
        assert not answered.done()
        answer_offer(office, offered, False)
        assert answered.result(5).answer == Answer.REJECTED
        sue.expect("OFFER_ENDED", "BY_USER")
        talk.assert_heard(BARGE)

        answered = offer(office, pool)
        answer_offer(office, sue.expect("CALL_OFFERED").offer, True)
        moment = time.monotonic()
        talk.assert_silenced_since(moment)
        assert answered.result(5).answer == Answer.ACCEPTED
        sue.expect("OFFER_ENDED", "WAS_ACCEPTED")
        sue.expect("SESSION_ENDED", "OTHER_CALL")
        ann.expect("MONITOR_LEFT", "OTHER_CALL")
        assert not office.call().monitors
    assert [record.detail for record in office.audit(action="offer_answer", actor="sue")] == [
        "rejected", "accepted"]


def test_m13_whoever_monitors_nothing_is_not_asked(office):
    with Notices(office.api, "sue") as sue, futures.ThreadPoolExecutor() as pool:
        assert offer(office, pool).result(5).answer == Answer.NOT_MONITORING
        sue.assert_none()


def test_m13_a_withdrawn_call_is_told_and_leaving_answers_the_rest(office):
    office.anchor("call")
    session = join(office, "sue")
    with Notices(office.api, "sue") as sue, futures.ThreadPoolExecutor() as pool:
        with pytest.raises(grpc.RpcError) as error:
            office.api.calls.OfferCall(calls_pb2.OfferCallRequest(user_id="sue"), timeout=0.2)
        assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        offered = sue.expect("CALL_OFFERED").offer
        sue.expect("OFFER_ENDED", "BY_OTHER")
        with refused(status="NOT_FOUND"):
            answer_offer(office, offered, True)
        answered = offer(office, pool)
        sue.expect("CALL_OFFERED")
        leave(office, "sue", session)
        assert answered.result(5).answer == Answer.NOT_MONITORING


# --- M14 ---

def test_m14_recordings_hold_agent_and_customer_only_whatever_goes_on(office):
    talk = office.talk()
    request = {"call_id": "call"}
    calls = office.api.calls
    for user in ("sue", "adam", "sam"):
        talk.join(BARGE, user)
        for mode in (WHISPER, LISTEN, BARGE, LISTEN, WHISPER, BARGE):
            time.sleep(0.05)
            talk.switch(mode)
        calls.PauseRecording(calls_pb2.PauseRecordingRequest(**request))
        time.sleep(0.05)
        calls.ResumeRecording(calls_pb2.ResumeRecordingRequest(**request))
        time.sleep(0.05)
        talk.leave()
    talk.join(BARGE, "sue")
    office.transfer("amy")
    assert office.call().monitors[0].user == "sue"
    talk.leave()
    office.transfer("ann")
    talk.accept(office.invite("bob", BARGE).id, "bob")
    talk.assert_heard(BARGE)
    talk.assert_never_recorded()
    calls.StopRecording(calls_pb2.StopRecordingRequest(**request))
    time.sleep(0.05)
    for party in (talk.recorded_agent, talk.recorded_customer):
        assert not party.since(time.monotonic() - 0.02)
    calls.StartRecording(calls_pb2.StartRecordingRequest(
        target=talk.description().recording, **request))
    talk.assert_heard(BARGE)
    talk.assert_never_recorded()
    counters = office.api.counters()
    assert counters["guard_dropped"] == 0

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What the control plane has done to a call, and the data plane refuses: it is taken back, and
whatever else happens to the call meanwhile is in force all the same."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from api import AGENT, BARGE, WHISPER, media
from appliance import running_appliance
from bridgetap.v1 import common_pb2, monitor_pb2
from lab import address_of, held
from office import refused
from rtp import steps
from stream import Notices, watch_calls
from test_call_monitor import join

# A barged call takes two mixing legs. One voice of G.722 takes four, and there are not as many.
TOO_MUCH = media(address_of("agent"), 4000, common_pb2.CODEC_G722)


@pytest.fixture(scope="module")
def shared_appliance(lab):
    """Both planes, once for this file; for two mixing legs at a time."""
    with running_appliance(lab, dataplane={"mixing_legs_max": "2"}) as box:
        yield box


def too_much():
    return refused(status="RESOURCE_EXHAUSTED")


def leave(office, talk):
    talk.leave()


def lose_the_right(office, talk):
    office.api.put_user("sue", AGENT)


def throw_the_switch(office, talk):
    office.switch_monitoring(off=True)


WAYS_OUT = [leave, lose_the_right, throw_the_switch]


def test_a_refused_transfer_is_taken_back(office):
    talk = office.talk()
    talk.join(BARGE, "sue")
    before = office.call()
    with watch_calls(office.api) as calls, Notices(office.api, "ann") as ann, \
            Notices(office.api, "bob") as bob:
        with too_much():
            office.transfer("bob", agent=TOO_MUCH)
        assert office.call() == before
        calls.wait(lambda: calls.items["call"] == before)
        ann.expect("MONITOR_LEFT", "TRANSFERRED")
        ann.expect("MONITOR_JOINED")
        for quiet in (ann, bob):
            quiet.assert_none()
    talk.assert_heard(BARGE)
    talk.switch(WHISPER)
    talk.assert_heard(WHISPER)
    office.transfer("bob")
    talk.assert_heard(WHISPER)
    for party in (talk.agent, talk.customer, talk.supervisor):
        assert steps(party.packets) == []


def test_whoever_lost_their_seat_by_a_refused_transfer_stays_out(office):
    office.set_monitoring_access("200", excluded_users=["sue"])
    talk = office.talk()
    talk.join(BARGE, "sue")
    time.sleep(0.1)
    with too_much():
        office.transfer("bob", agent=TOO_MUCH)
    talk.assert_silenced_since(time.monotonic() + 0.1)
    assert office.call().agent_user == "ann" and not office.call().monitors


@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_after_a_refused_transfer_there_is_every_way_out(office, way_out):
    talk = office.talk()
    talk.join(BARGE, "sue")
    with too_much():
        office.transfer("bob", agent=TOO_MUCH)
    talk.assert_heard(BARGE)
    way_out(office, talk)
    talk.assert_silenced_since(time.monotonic())


@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_while_a_transfer_is_refused_there_is_every_way_out(office, way_out):
    """The two go to the data plane as one."""
    talk = office.talk()
    talk.join(BARGE, "sue")
    time.sleep(0.1)
    with ThreadPoolExecutor(2) as pool:
        with held(office.appliance.dataplane):
            office.raise_hand()  # is under way from now on: what comes next waits
            transfer = pool.submit(office.transfer, "bob", agent=TOO_MUCH)
            time.sleep(0.2)
            going_out = pool.submit(way_out, office, talk)
            time.sleep(0.2)
            assert not transfer.done() and not going_out.done()
        going_out.result(10)
        talk.assert_silenced_since(time.monotonic())
        assert transfer.exception(10).code().name == "RESOURCE_EXHAUSTED"
    assert office.call().agent_user == "ann" and not office.call().monitors


@pytest.mark.parametrize("agents, expected", [
    ([TOO_MUCH, None], (["refused", "refused"], "ann")),
    ([None, TOO_MUCH], (["done", "refused"], "bob")),
    ([TOO_MUCH, TOO_MUCH], (["refused", "refused"], "ann"))])
def test_of_two_transfers_at_once_each_is_in_force_or_taken_back(office, agents, expected):
    talk = office.talk()
    talk.join(BARGE, "sue")
    before = office.call()
    with ThreadPoolExecutor(2) as pool:
        with held(office.appliance.dataplane):
            transfers = []
            for user, agent in zip(("bob", "amy"), agents):
                transfers.append(pool.submit(office.transfer, user, agent=agent))
                time.sleep(0.2)
            assert not any(transfer.done() for transfer in transfers)
        done = ["refused" if transfer.exception(10) else "done" for transfer in transfers]
    after = office.call()
    assert (done, after.agent_user) == expected
    assert after.agent == before.agent
    talk.assert_heard(BARGE)
    talk.switch(WHISPER)
    talk.assert_heard(WHISPER)


# --- joins ---

def accept(office, invitation, user="bob"):
    return office.as_user(user).monitor.AcceptInvitation(monitor_pb2.AcceptInvitationRequest(
        invitation_id=invitation.id, media=media(address_of("supervisor"), 6100)))


@pytest.fixture
def full(office):
    """An office with another call, and no mixing leg left for it."""
    office.talk(call_id="full", agent_user="amy", record=False, shift=100).join(BARGE, "sue")
    office.anchor("call")
    return office


def test_a_refused_join_leaves_a_raised_hand_up(full):
    hand = full.raise_hand()
    with Notices(full.api, "ann") as ann, Notices(full.api, "sam") as sam, \
            watch_calls(full.api) as calls:
        with too_much():
            join(full, "sam", BARGE)
        assert sam.expect("SESSION_ENDED", "MEDIA_FAILED")
        ann.assert_none()
        assert full.call().hand == hand and not full.call().monitors
        calls.wait(lambda: not calls.items["call"].monitors)
        assert calls.items["call"].hand == hand
        # Who comes when there is room attends it.
        full.as_user("sue").monitor.Leave(monitor_pb2.LeaveRequest(
            session_id=full.call("full").monitors[0].id))
        join(full, "sam", BARGE)
        ann.expect("MONITOR_JOINED")
        assert ann.expect("HAND_ATTENDED").hand.attended_by == "sam"
    assert full.call().hand.attended_by == "sam"


def test_a_refused_join_leaves_the_invitation_open(full):
    with Notices(full.api, "ann") as ann, Notices(full.api, "bob") as bob:
        invitation = full.invite("bob", BARGE)
        bob.expect("INVITED")
        with too_much():
            accept(full, invitation)
        assert bob.expect("SESSION_ENDED", "MEDIA_FAILED")
        for side in (ann, bob):
            side.assert_none()
        full.as_user("sue").monitor.Leave(monitor_pb2.LeaveRequest(
            session_id=full.call("full").monitors[0].id))
        accept(full, invitation)
        ann.expect("MONITOR_JOINED")
        for side in (ann, bob):
            side.expect("INVITATION_ENDED", "WAS_ACCEPTED")
    assert [monitor.user for monitor in full.call().monitors] == ["bob"]


def test_an_invitation_that_is_being_accepted_is_neither_withdrawn_nor_accepted_again(office):
    office.anchor("call")
    invitation = office.invite("bob", BARGE)
    withdraw = monitor_pb2.WithdrawInvitationRequest(invitation_id=invitation.id)
    with ThreadPoolExecutor(1) as pool:
        with held(office.appliance.dataplane):
            accepted = pool.submit(accept, office, invitation)
            time.sleep(0.2)
            for again in (lambda: office.as_user("ann").monitor.WithdrawInvitation(withdraw),
                          lambda: accept(office, invitation)):
                with refused(status="ABORTED"):
                    again()
        assert accepted.result(10).user == "bob"


def test_a_hand_that_is_raised_while_somebody_joins_is_attended_when_they_have(office):
    office.anchor("call")
    with Notices(office.api, "ann") as ann, ThreadPoolExecutor(1) as pool:
        with held(office.appliance.dataplane):
            joined = pool.submit(join, office, "sue", BARGE)
            time.sleep(0.2)
            assert not office.raise_hand().attended_by
        joined.result(10)
        ann.expect("MONITOR_JOINED")
        ann.expect("HAND_RAISED")
        assert ann.expect("HAND_ATTENDED").hand.attended_by == "sue"
    office.restart_controlplane()
    assert office.call().hand.attended_by == "sue"

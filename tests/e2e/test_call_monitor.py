# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The call monitor, row by row (M1 to M8): the list, who may join, and the three modes."""

import time
from concurrent import futures

import grpc
import pytest

from api import BARGE, LISTEN, WHISPER, media, names
from bridgetap.v1 import calls_pb2, directory_pb2, monitor_pb2
from bridgetap.v1.common_pb2 import ReasonCode
from lab import address_of
from office import refused
from stream import watch_calls

INBOUND, OUTBOUND = calls_pb2.DIRECTION_INBOUND, calls_pb2.DIRECTION_OUTBOUND
VIEWERS, AGENTS = ("sue", "adam"), ("ann", "bob", "amy")
ONLINE, AWAY, DO_NOT_DISTURB, OFFLINE = (directory_pb2.ONLINE, directory_pb2.AWAY,
                                         directory_pb2.DO_NOT_DISTURB, directory_pb2.OFFLINE)


def join(office, user, mode=LISTEN, call_id="call", port=6100):
    return office.as_user(user).monitor.Join(monitor_pb2.JoinRequest(
        call_id=call_id, mode=mode, media=media(address_of("supervisor"), port)))


def leave(office, user, session):
    office.as_user(user).monitor.Leave(monitor_pb2.LeaveRequest(session_id=session.id))


# --- M1 ---

@pytest.mark.parametrize("user", VIEWERS)
def test_m01_admins_and_supervisors_list_and_join(office, user):
    office.anchor("call")
    assert [call.id for call in office.calls(user)] == ["call"]
    assert office.call(user=user).id == "call"
    with watch_calls(office.api, user) as calls:
        assert list(calls.items) == ["call"]
    assert join(office, user).user == user


@pytest.mark.parametrize("user", AGENTS)
def test_m01_an_agent_can_neither_list_nor_join(office, user):
    office.anchor("call")
    with refused("NOT_PERMITTED"):
        office.calls(user)
    with refused("NOT_PERMITTED"):
        office.call(user=user)
    with refused("NOT_PERMITTED"):
        next(office.as_user(user).calls.WatchCalls(calls_pb2.WatchCallsRequest()))
    with refused("NOT_PERMITTED"):
        join(office, user)


def test_m01_an_agent_who_becomes_one_in_mid_watch_sees_no_more(office):
    office.anchor("call")
    with watch_calls(office.api, "sue") as calls:
        office.api.put_user("sue", directory_pb2.USER_ROLE_AGENT)
        assert calls.wait_for_end().code() == grpc.StatusCode.PERMISSION_DENIED


# --- M2 ---

def test_m02_the_list_shows_each_call_whole(office):
    before = 1000 * time.time()
    office.anchor("call", contact_number="+4930555", direction=OUTBOUND, groups=["sales", "gold"],
                  tags=["vip", "renewal"])
    office.raise_hand()
    session = join(office, "sam", WHISPER)
    call, = office.calls("sue")
    assert (call.contact_number, call.direction) == ("+4930555", OUTBOUND)
    assert (call.agent_user, call.agent_name) == ("ann", "Ann")
    assert (list(call.groups), list(call.tags)) == (["sales", "gold"], ["vip", "renewal"])
    assert before - 1 <= call.created_ms <= 1000 * time.time() + 1
    assert call.created_ms <= call.hand.raised_ms <= 1000 * time.time() + 1
    monitor, = call.monitors
    assert (monitor.id, monitor.user, monitor.user_name) == (session.id, "sam", "Sam")
    assert (monitor.mode, monitor.invited) == (WHISPER, False)


def test_m02_the_list_shows_ongoing_calls_only(office):
    for call_id in ("one", "two"):
        office.anchor(call_id)
    office.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="one"))
    assert [call.id for call in office.calls("sue")] == ["two"]
    with refused(status="NOT_FOUND"):
        office.call("one", "sue")


# --- M3 ---

def found(office, **filters):
    return sorted(call.id for call in office.calls("sue", **filters))


def test_m03_the_list_filters_in_any_combination(office):
    office.anchor("a", agent_user="ann", groups=["sales"], tags=["vip"], direction=INBOUND)
    office.anchor("b", agent_user="bob", groups=["sales", "gold"], direction=OUTBOUND)
    office.anchor("c", agent_user="amy", groups=["support"], tags=["vip", "new"],
                  direction=INBOUND)
    time.sleep(1.05)
    office.anchor("d", agent_user="ann", groups=["support"], direction=OUTBOUND)
    for filters, expected in [
            ({}, "abcd"), ({"agent_users": ["ann"]}, "ad"),
            ({"agent_users": ["ann", "bob"]}, "abd"),
            ({"groups": ["gold"]}, "b"), ({"groups": ["sales", "support"]}, "abcd"),
            ({"tags": ["vip"]}, "ac"), ({"direction": OUTBOUND}, "bd"),
            ({"duration_at_least_s": 1}, "abc"), ({"duration_at_most_s": 1}, "d"),
            ({"duration_at_most_s": 60}, "abcd"), ({"duration_at_least_s": 60}, ""),
            ({"tags": ["vip"], "groups": ["support"]}, "c"),
            ({"agent_users": ["ann"], "direction": INBOUND, "tags": ["vip"]}, "a"),
            ({"agent_users": ["ann"], "duration_at_most_s": 1}, "d"),
            ({"groups": ["sales"], "tags": ["new"]}, ""), ({"agent_users": ["nobody"]}, "")]:
        assert found(office, **filters) == list(expected), filters


def test_m03_filtered_lists_page(office):
    for n in range(9):
        office.anchor(f"c{n}", tags=["odd" if n % 2 else "even"])
    pages, token = [], ""
    while True:
        page = office.as_user("sue").calls.ListCalls(calls_pb2.ListCallsRequest(
            page_size=2, page_token=token, filter=calls_pb2.CallFilter(tags=["even"])))
        assert page.total == 5
        pages.append([call.id for call in page.calls])
        token = page.next_page_token
        if not token:
            break
    assert pages == [["c0", "c2"], ["c4", "c6"], ["c8"]]


def test_m03_a_watcher_gets_a_snapshot_and_then_every_change_that_passes(office):
    office.anchor("a", tags=["vip"])
    office.anchor("b")
    with watch_calls(office.api, "sue", tags=["vip"]) as calls:
        assert list(calls.items) == ["a"]
        office.anchor("c", tags=["vip"])
        calls.wait(lambda: "c" in calls.items)
        office.raise_hand(call_id="c")
        calls.wait(lambda: calls.items["c"].HasField("hand"))
        join(office, "sam", BARGE, "a")
        calls.wait(lambda: [m.mode for m in calls.items["a"].monitors] == [BARGE])
        office.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="a"))
        calls.wait(lambda: list(calls.items) == ["c"])


def test_m03_calls_come_and_go_by_age_under_a_watchers_eyes(office):
    office.anchor("call")
    with watch_calls(office.api, "sue", duration_at_least_s=1) as old, \
            watch_calls(office.api, "sue", duration_at_most_s=1) as new:
        assert (list(old.items), list(new.items)) == ([], ["call"])
        old.wait(lambda: "call" in old.items)
        new.wait(lambda: "call" not in new.items)


# --- M4, M5 ---

@pytest.mark.parametrize("dashboard, desktop, state, codes", [
    (True, True, ONLINE, []),
    (False, True, ONLINE, ["DASHBOARD_LOGGED_OUT"]),
    (True, False, ONLINE, ["DESKTOP_LOGGED_OUT"]),
    (True, True, OFFLINE, ["NOT_ONLINE"]),
    (True, True, AWAY, ["NOT_ONLINE"]),
    (True, True, DO_NOT_DISTURB, ["NOT_ONLINE"]),
    (False, False, AWAY, ["DASHBOARD_LOGGED_OUT", "DESKTOP_LOGGED_OUT", "NOT_ONLINE"]),
])
def test_m04_join_needs_both_log_ins_and_presence(office, dashboard, desktop, state, codes):
    office.anchor("call", tags=["this"])
    office.api.log_in("sue", dashboard=dashboard, desktop=desktop, state=state)
    if codes:
        assert_blocked(office, "sue", *codes)
    else:
        assert join(office, "sue").user == "sue"


def shown(page):
    """Why the viewer cannot join the one call of a list."""
    return sorted(names(list(page.viewer_blocked) + list(page.calls[0].blocked)))


def assert_blocked(office, user, *codes):
    """The list, CheckJoin and Join itself all say the same."""
    api = office.as_user(user)
    assert shown(api.calls.ListCalls(calls_pb2.ListCallsRequest(
        filter=calls_pb2.CallFilter(tags=["this"])))) == sorted(codes)
    assert sorted(office.check(user)) == sorted(codes)
    with refused(*codes):
        join(office, user)
    assert user not in [monitor.user for monitor in office.call().monitors]
    record = office.audit(action="refused", actor=user)[-1]
    assert record.call == "call" and record.detail.endswith("Join")
    assert sorted(map(ReasonCode.Name, record.reasons)) == sorted(codes)


STATES = {
    "NOT_ONLINE": lambda office: office.api.log_in("sue", state=AWAY),
    "CALL_FULL": lambda office: join(office, "sam"),
    "NOT_PERMITTED": lambda office: office.set_monitoring_access(excluded_users=["sue"]),
    "ORGANISATION_DISABLED": lambda office: office.switch_monitoring(off=True),
    "CONSENT_MISSING": lambda office: office.api.settings(consent_accepted=False),
    "ALREADY_MONITORING": lambda office: join(office, "sue", call_id="other", port=6200),
}


@pytest.mark.parametrize("code", STATES)
def test_m05_where_join_is_not_possible_the_listing_says_so_beforehand(office, code):
    office.anchor("call", tags=["this"])
    office.anchor("other", agent_user="amy")
    assert_can_join(office, "sue")
    with watch_calls(office.api, "sue") as calls:
        STATES[code](office)
        assert_blocked(office, "sue", code)
        calls.wait(lambda: code in names(list(calls.viewer.blocked) +
                                         list(calls.items["call"].blocked)))


def assert_can_join(office, user):
    assert office.check(user) == []
    assert shown(office.as_user(user).calls.ListCalls(calls_pb2.ListCallsRequest(
        filter=calls_pb2.CallFilter(tags=["this"])))) == []


def test_m05_every_reason_is_given_not_only_the_first(office):
    office.anchor("call", tags=["this"])
    join(office, "sam")
    office.set_monitoring_access(excluded_users=["nora"])
    assert_blocked(office, "nora", "DASHBOARD_LOGGED_OUT", "DESKTOP_LOGGED_OUT", "NOT_ONLINE",
                   "CALL_FULL", "NOT_PERMITTED")


def test_m05_a_call_that_has_ended_says_so(office):
    office.anchor("call")
    office.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="call"))
    assert office.check("sue") == ["CALL_ENDED"]
    with refused("CALL_ENDED"):
        join(office, "sue")


# --- M6 ---

def test_m06_a_call_has_three_participants_at_most(office):
    office.anchor("call")
    session = join(office, "sam")
    with refused("CALL_FULL"):
        join(office, "sue")
    leave(office, "sam", session)
    assert join(office, "sue").user == "sue"


def test_m06_of_two_who_join_at_the_same_moment_one_gets_the_seat(office):
    office.anchor("call")

    def outcome(user):
        try:
            return join(office, user).user
        except grpc.RpcError as error:
            return error.code().name
    with futures.ThreadPoolExecutor() as pool:
        outcomes = sorted(pool.map(outcome, ["sue", "sam", "adam"]))
    assert outcomes[:2] == ["FAILED_PRECONDITION"] * 2 and outcomes[2] in ("sue", "sam", "adam")
    assert [monitor.user for monitor in office.call().monitors] == outcomes[2:]


def test_m06_the_cap_is_configurable(office):
    office.anchor("call")
    with office.restarted_dataplane(seats_max="4"):
        sessions = [join(office, "sue"), join(office, "sam", port=6200)]
        with refused("CALL_FULL"):
            join(office, "adam")
        assert len(office.call().monitors) == 2
        leave(office, "sue", sessions[0])
    with refused("CALL_FULL"):
        join(office, "adam")


# --- M7, M8 ---

@pytest.mark.parametrize("mode", [LISTEN, WHISPER, BARGE])
def test_m07_each_mode_is_heard_by_whom_it_says(office, mode):
    talk = office.talk()
    talk.join(mode)
    talk.assert_heard(mode)
    talk.assert_never_recorded()


@pytest.mark.parametrize("mode", [0, 4])
def test_m07_there_are_three_modes(office, mode):
    office.anchor("call")
    with refused(status="INVALID_ARGUMENT"):
        join(office, "sue", mode)
    session = join(office, "sue")
    with refused(status="INVALID_ARGUMENT"):
        office.as_user("sue").monitor.SwitchMode(monitor_pb2.SwitchModeRequest(
            session_id=session.id, mode=mode))
    assert office.call().monitors[0].mode == LISTEN


def test_m08_from_every_mode_to_every_other_and_out(office):
    talk = office.talk(record=False)
    talk.join(LISTEN)
    for mode in (WHISPER, BARGE, LISTEN, BARGE, WHISPER, LISTEN):
        assert talk.switch(mode).mode == mode
        talk.assert_heard(mode)
    talk.leave()
    talk.assert_heard(None)


@pytest.mark.parametrize("mode", [LISTEN, WHISPER, BARGE])
def test_m08_leave_works_from_every_mode_at_once(office, mode):
    talk = office.talk()
    talk.join(mode)
    time.sleep(0.1)
    talk.leave()
    talk.assert_silenced_since(time.monotonic())


def test_m08_nobody_switches_another_and_only_an_admin_removes_one(office):
    office.anchor("call")
    session = join(office, "sue", WHISPER)
    with refused("NOT_PERMITTED"):
        office.as_user("adam").monitor.SwitchMode(monitor_pb2.SwitchModeRequest(
            session_id=session.id, mode=BARGE))
    for user in ("sam", "ann"):
        with refused("NOT_PERMITTED"):
            leave(office, user, session)
    leave(office, "adam", session)
    assert not office.call().monitors

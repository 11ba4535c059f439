# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Calls that nobody has ended, and on which nobody speaks any more: end_dead_calls_after."""

import contextlib
import time

import grpc
import pytest

import rtcp
from api import WHISPER, Api
from appliance import set_up_appliance
from bridgetap.v1 import calls_pb2
from conversation import Conversation
from stream import Notices, Stream

AFTER = 4  # seconds
TOLD = 1.5  # and until silence is told
LATE = 3.5  # and that it may take: looks at legs, and at calls, every second


@pytest.fixture
def ending(lab):
    """An appliance that ends dead calls."""
    with set_up_appliance(lab, dataplane={"media_timeout_ms": f"{1000 * TOLD:.0f}"},
                          end_dead_calls_after=AFTER) as box:
        yield box


def is_there(box):
    try:
        box.api.calls.GetCall(calls_pb2.GetCallRequest(call_id="call"))
        return True
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.NOT_FOUND
        return False


def assert_stays(box, seconds=AFTER + LATE):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert is_there(box)
        time.sleep(0.1)


def assert_ends(box, since):
    """Not before it is time, by when the last packet was sent."""
    while is_there(box):
        assert time.monotonic() - since < AFTER + LATE
        time.sleep(0.05)
    assert time.monotonic() - since >= AFTER - 0.1


def fall_silent(talk, *who):
    for name in who or ("agent", "customer"):
        getattr(talk, name).speaking.clear()
    time.sleep(0.05)
    return time.monotonic()


@contextlib.contextmanager
def events(box):
    watched = box.api.calls.WatchMediaEvents(calls_pb2.WatchMediaEventsRequest(), timeout=60)
    with Stream(watched) as seen:
        yield seen


def test_a_dead_call_ends_whole_and_is_told_though_its_monitor_speaks(ending):
    with events(ending) as seen, Notices(ending.api, "sue") as sue, \
            contextlib.ExitStack() as stack:
        ears = [stack.enter_context(rtcp.Phone(ending.lab, "recorder", None, port, None))
                for port in (7001, 7003)]
        talk = stack.enter_context(Conversation(ending))
        talk.join(WHISPER)
        time.sleep(1)
        assert_ends(ending, fall_silent(talk))
        told, = seen.wait(
            lambda: [m for m in seen.messages if m.kind == calls_pb2.MEDIA_ENDED])
        assert (told.call_id, told.end_reason) == ("call", calls_pb2.CALL_END_REASON_DEAD)
        assert sorted((leg.role, leg.media) for leg in told.legs if leg.role != "recorder") == [
            ("agent", "silent"), ("customer", "silent"), ("monitor", "flows")]
        assert len(told.legs) == 5
        sue.expect("SESSION_ENDED", "CALL_OVER")
        seen.wait(lambda: all(ear.reports and ear.reports[-1].bye for ear in ears), "BYE")
        assert ending.api.stats().calls == 0
        log = (ending.lab.path / "controlplane.log").read_text()
        assert f"call call ends: neither party has sent media for {AFTER} s" in log


@pytest.mark.parametrize("silent", ["agent", "customer"])
def test_a_call_on_which_one_party_still_speaks_goes_on(ending, silent):
    with Conversation(ending, record=False) as talk:
        time.sleep(0.5)
        fall_silent(talk, silent)
        assert_stays(ending)


def test_a_call_on_which_nobody_ever_spoke_ends_too(ending):
    with Conversation(ending, record=False) as talk:
        assert_ends(ending, fall_silent(talk))


def test_by_default_no_call_ends(lab):
    with set_up_appliance(lab, dataplane={"media_timeout_ms": "1000"}) as box:
        with Conversation(box, record=False) as talk:
            fall_silent(talk)
            assert_stays(box, 5)
            call = box.api.calls.GetCall(calls_pb2.GetCallRequest(call_id="call"))
            assert call.media == calls_pb2.CALL_MEDIA_DEAD


def test_time_on_hold_does_not_count(ending):
    """Both are silent for longer than it takes; one of them is on hold until nearly the end."""
    with Conversation(ending, record=False, media={"agent": {"on_hold": True}}) as talk:
        time.sleep(0.5)
        fall_silent(talk)
        assert_stays(ending)
        talk.media = {}
        ending.api.calls.LoadCallTable(iter([calls_pb2.LoadCallTableRequest(
            calls=[talk.description()])]))
        assert_ends(ending, time.monotonic() - 1)


def restart_controlplane(box):
    box.controlplane.kill()
    box.controlplane = box.lab.start_controlplane(end_dead_calls_after=AFTER)
    box.api.close()
    box.api = Api(box.lab.api_socket)
    box.api.wait_until_connected()


def test_restarts_end_no_living_call_and_spare_no_dead_one(ending):
    with Conversation(ending, record=False) as talk:
        time.sleep(0.5)
        fall_silent(talk)
        time.sleep(TOLD + 1.5)  # both are known to be silent
        restart_controlplane(ending)
        talk.agent.speaking.set()
        assert_stays(ending)
        # A data plane that starts anew has heard nobody yet.
        fall_silent(talk, "agent")
        time.sleep(TOLD + 1.5)
        ending.dataplane.kill()
        ending.dataplane = ending.lab.start_dataplane(media_timeout_ms=f"{1000 * TOLD:.0f}")
        ending.api.wait_until_connected()
        since = time.monotonic()
        assert_stays(ending, AFTER - 1.5)
        restart_controlplane(ending)
        assert_ends(ending, since - 1)


def test_a_call_that_is_spoken_on_again_in_time_goes_on(ending):
    with Conversation(ending, record=False) as talk:
        time.sleep(0.5)
        for _ in range(2):
            fall_silent(talk)
            time.sleep(AFTER - 1)
            talk.customer.speaking.set()
            time.sleep(0.5)
        assert_stays(ending)

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Pressed keys and comfort noise, from a phone to all who hear it, and to who anchors the call."""

import struct
import subprocess
import time

import grpc
import pytest

from api import BARGE, LISTEN, address, reasons, refusal
from bridgetap.v1 import calls_pb2, common_pb2
from conversation import Conversation, near
from lab import RECORDER
from rtp import DECODE, FRAME, FRAME_SECONDS, level, steps
from stream import Stream

AGENT_KEYS, CUSTOMER_KEYS, SUPERVISOR_KEYS, RECORDED_KEYS = 101, 96, 110, 102
KEYS = {"agent": {"telephone_event_payload_type": AGENT_KEYS},
        "customer": {"telephone_event_payload_type": CUSTOMER_KEYS},
        "supervisor": {"telephone_event_payload_type": SUPERVISOR_KEYS}}


def events(api, call_id=""):
    """All that happens in the media of calls from now on. Entered once it is being told."""
    return Stream(api.calls.WatchMediaEvents(
        calls_pb2.WatchMediaEventsRequest(call_id=call_id), timeout=60))


def kinds(stream):
    return [calls_pb2.MediaEventKind.Name(message.kind) for message in stream.messages]


def of_type(packets, payload_type):
    return [packet for packet in packets if packet.payload_type == payload_type]


def assert_one_stream(packets, payload_type=0):
    """Voice without a break of any kind, and nothing else."""
    assert {packet.payload_type for packet in packets} == {payload_type}
    assert steps(packets) == []


def test_a_pressed_key_reaches_the_other_party_and_nobody_else(appliance):
    with Conversation(appliance, media=KEYS) as talk, events(appliance.api) as stream:
        talk.join(LISTEN)
        stream.wait(lambda: "FIRST_PACKET" in kinds(stream))
        time.sleep(0.3)
        for party in (talk.agent, talk.customer, talk.supervisor, talk.recorded_customer):
            party.hears()
        time.sleep(0.1)
        talk.customer.press(CUSTOMER_KEYS, key=7, frames=6)
        time.sleep(0.3)

        heard = talk.agent.hears()
        keys = of_type(heard, AGENT_KEYS)
        assert len(keys) == 8 and {packet.payload[0] for packet in keys} == {7}
        # One timestamp, the one that voice would have had; sequence numbers without a gap.
        assert len({packet.timestamp for packet in keys}) == 1
        first = heard.index(keys[0])
        assert (keys[0].timestamp - heard[first - 1].timestamp) & 0xffffffff == FRAME
        assert keys[0].marker and not any(packet.marker for packet in keys[1:])
        assert all((b.sequence - a.sequence) & 0xffff == 1 for a, b in zip(heard, heard[1:]))
        after = heard[first + len(keys)]
        assert (after.timestamp - keys[0].timestamp) & 0xffffffff == 6 * FRAME

        # For all others the customer was silent meanwhile, and the agent was not.
        listened, recorded = talk.supervisor.hears(), talk.recorded_customer.hears()
        assert_one_stream(listened)
        assert_one_stream(recorded)
        assert sum(near(level(packet)) for packet in recorded) == 6
        assert sum(near(level(packet), "agent") for packet in listened) >= 5
        assert_one_stream(talk.customer.hears())

        key = stream.wait(lambda: [m for m in stream.messages if m.key])
        assert [(m.key, m.party, m.call_id) for m in key] == [
            ("7", calls_pb2.PARTY_CUSTOMER, "call")]
        counters = appliance.api.counters()
        assert counters["telephone_events"] == 8
        assert counters["drop_payload_type"] == counters["guard_dropped"] == 0


def test_a_monitors_keys_reach_nobody(appliance):
    with Conversation(appliance, media=KEYS) as talk, events(appliance.api) as stream:
        talk.join(BARGE)
        time.sleep(0.3)
        for party in (talk.agent, talk.customer):
            party.hears()
        talk.supervisor.press(SUPERVISOR_KEYS, key=11)
        time.sleep(0.3)
        assert_one_stream(talk.agent.hears())
        assert_one_stream(talk.customer.hears())
        talk.assert_heard(BARGE)
        talk.assert_never_recorded()
        assert appliance.api.counters()["telephone_events"] == 7
        assert "KEY_PRESSED" not in kinds(stream)


def test_keys_are_recorded_where_it_is_asked_for(appliance):
    with Conversation(appliance, media=KEYS, record=False) as talk:
        recorder = talk.hear_recording(7000)
        appliance.api.calls.StartRecording(calls_pb2.StartRecordingRequest(
            call_id="call", target=calls_pb2.RecordingTarget(
                mix=address(RECORDER, 7000), telephone_event_payload_type=RECORDED_KEYS)))
        time.sleep(0.2)
        talk.customer.press(CUSTOMER_KEYS, key=5)
        time.sleep(0.2)
        keys = of_type(recorder.hears(), RECORDED_KEYS)
        assert len(keys) == 7 and {packet.payload[0] for packet in keys} == {5}
        assert appliance.api.counters()["guard_dropped"] == 0


def test_comfort_noise_stands_for_silence(appliance):
    """To a party that understands it as it came, to the recorder as noise; the supervisor is heard
    on without a gap."""
    noise = {"agent": {"comfort_noise": True}, "customer": {"comfort_noise": True}}
    with Conversation(appliance, media=noise) as talk:
        time.sleep(0.3)
        talk.agent.hears()
        talk.customer.speaking.clear()
        time.sleep(0.05)
        talk.customer.send_unvoiced(13, struct.pack("!B", 50), talk.customer.timestamp)
        time.sleep(0.2)
        heard, recorded = talk.agent.hears(), talk.recorded_customer.hears()
        assert heard[-1].payload_type == 13 and heard[-1].payload == b"\x32"
        assert len(of_type(heard, 13)) == 1
        assert_one_stream(recorded)
        assert 0 < max(abs(level(packet)) for packet in recorded[-1:]) < 400
        talk.join(BARGE)
        time.sleep(0.3)
        assert near(level(talk.agent.packets[-1]), "supervisor")
        assert appliance.api.counters()["comfort_noise"] == 1


G722 = 9


class WideTalk(Conversation):
    """The customer speaks G.722: silence, so that each packet is like the one before."""

    def __init__(self, box, **more):
        super().__init__(box, media={"customer": {"codec": common_pb2.CODEC_G722, **more}})
        self.silence = subprocess.run(
            ["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i",
             "aevalsrc=0:s=16000:d=0.2", "-c:a", "g722", "-f", "g722", "-"],
            capture_output=True, check=True).stdout[-FRAME:]

    def speaking(self, who):
        return (G722, self.silence) if who == "customer" else super().speaking(who)


def test_a_key_out_of_g722_is_silence_to_all_others(appliance):
    with WideTalk(appliance, telephone_event_payload_type=CUSTOMER_KEYS) as talk:
        talk.join(LISTEN)
        time.sleep(0.3)
        for party in (talk.agent, talk.supervisor, talk.recorded_customer):
            party.hears()
        talk.customer.press(CUSTOMER_KEYS, key=7, frames=6)
        time.sleep(0.3)
        # Nobody else knows of keys: the agent, in another codec, has silence for them as well.
        for party in (talk.agent, talk.recorded_customer):
            heard = party.hears()
            assert_one_stream(heard)
            assert all(near(level(packet)) for packet in heard)
            assert len(heard) * FRAME_SECONDS >= 0.3
        listened = talk.supervisor.hears()
        assert_one_stream(listened)
        assert sum(near(level(packet), "agent") for packet in listened) >= len(listened) - 2
        counters = appliance.api.counters()
        assert counters["telephone_events"] == 8
        assert counters["drop_payload_type"] == counters["guard_dropped"] == 0


def test_comfort_noise_out_of_g722_is_noise_as_loud(appliance):
    with WideTalk(appliance, comfort_noise=True) as talk:
        time.sleep(0.3)
        talk.customer.speaking.clear()
        time.sleep(0.05)
        talk.agent.hears()
        talk.recorded_customer.hears()
        talk.customer.send_unvoiced(13, struct.pack("!B", 40), talk.customer.timestamp)
        time.sleep(0.2)
        for party in (talk.agent, talk.recorded_customer):
            frame, = party.hears()
            assert (frame.payload_type, len(frame.payload)) == (0, FRAME)
            levels = [DECODE[0][code] for code in frame.payload[FRAME // 2:]]
            loudness = (sum(value ** 2 for value in levels) / len(levels)) ** 0.5
            # 40 dB below a square wave of full scale; of so few samples within 2 dB.
            assert 10 ** -0.1 < loudness / (32767 * 10 ** -2) < 10 ** 0.1
        assert appliance.api.counters()["comfort_noise"] == 1


def test_only_the_organisation_itself_is_told(appliance):
    for user in ("ann", "sue", "adam"):
        with pytest.raises(grpc.RpcError) as error:
            next(iter(appliance.api.as_user(user).calls.WatchMediaEvents(
                calls_pb2.WatchMediaEventsRequest())))
        assert reasons(error.value) == ["NOT_PERMITTED"]
    with pytest.raises(grpc.RpcError) as error:
        next(iter(appliance.api.calls.WatchMediaEvents(
            calls_pb2.WatchMediaEventsRequest(call_id="none"))))
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("payload_type", [13, 128, 8])
def test_an_impossible_payload_type_is_refused_with_a_sentence(appliance, payload_type):
    more = {"customer": {"telephone_event_payload_type": payload_type, "payload_type": 8}}
    with pytest.raises(grpc.RpcError) as error:
        with Conversation(appliance, media=more, record=False):
            pass
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert refusal(error.value).field == "call.customer.telephone_event_payload_type"

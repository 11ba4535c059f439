# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Calls in G.722, spoken by ffmpeg: what each listener got is decoded by ffmpeg, and compared with
what ffmpeg and numpy make of the same voices (reference.py)."""

import time

import pytest

import api
from api import BARGE, LISTEN, WHISPER, media
from bridgetap.v1 import calls_pb2, common_pb2, monitor_pb2
from lab import RECORDER, address_of
from office import refused
from reference import CODERS, decode, faults, source, spoken, wrong_sources
from rtp import FRAME, Party, steps

PAYLOAD_TYPE = {"PCMU": 0, "PCMA": 8, "G722": 9}
HEARS_AT = {"agent": 4000, "customer": 5000, "supervisor": 6000}
SPEAKS_FROM = {"agent": 4100, "customer": 5100, "supervisor": 6100}
RECORDED_AT = {"recorded agent": 7000, "recorded customer": 7002}
SPOKEN_SECONDS = 30  # longer than a call lasts here


class Call:
    """Creates the call and has everybody speak, each in a codec of its own."""

    def __init__(self, box, codecs):
        self.box, self.codecs, self.heard, self.speakers = box, codecs, {}, []

    def media(self, who):
        return media(address_of(who), HEARS_AT[who],
                     codec=common_pb2.Codec.Value(f"CODEC_{self.codecs[who]}"),
                     source=common_pb2.MediaAddress(address=address_of(who),
                                                    port=SPEAKS_FROM[who]))

    def speak(self, who, leg):
        codec = self.codecs[who]
        self.speakers.append(self.box.lab.spawn(
            who, f"speak-{who}", "ffmpeg", "-nostdin", "-loglevel", "error", *source(who, codec),
            "-af", "arealtime", "-c:a", CODERS[codec].encoder, "-f", "rtp",
            f"rtp://{leg.local.address}:{leg.local.port}?localrtpport={SPEAKS_FROM[who]}",
            cpus={0}))

    def listen(self, name, host, port):
        self.heard[name] = Party(self.box.lab, host, ("0.0.0.0", port), None).__enter__()

    def __enter__(self):
        for name, port in RECORDED_AT.items():
            self.listen(name, "recorder", port)
        for who, port in HEARS_AT.items():
            self.listen(who, who, port)
        description = calls_pb2.CallDescription(
            id="wide", agent=self.media("agent"), customer=self.media("customer"),
            agent_user="ann", contact_number="+493012345",
            direction=calls_pb2.DIRECTION_INBOUND)
        description.recording.agent.CopyFrom(api.address(RECORDER, 7000))
        description.recording.customer.CopyFrom(api.address(RECORDER, 7002))
        made = self.box.api.calls.CreateCall(calls_pb2.CreateCallRequest(call=description))
        self.speak("agent", made.agent)
        self.speak("customer", made.customer)
        return self

    def __exit__(self, *_):
        for speaker in self.speakers:
            speaker.stop()
        for party in self.heard.values():
            party.__exit__()

    def join(self, mode):
        self.session = self.box.api.monitor.Join(monitor_pb2.JoinRequest(
            call_id="wide", mode=mode, media=self.media("supervisor")))
        self.speak("supervisor", self.session.leg)

    def switch(self, mode):
        self.box.api.monitor.SwitchMode(monitor_pb2.SwitchModeRequest(
            session_id=self.session.id, mode=mode))

    def leave(self):
        self.box.api.monitor.Leave(monitor_pb2.LeaveRequest(session_id=self.session.id))

    def spoken_by(self, sources):
        """For reference.py."""
        return tuple((who, self.codecs[who]) for who in self.codecs if who in sources)

    def codec_of(self, name):
        return self.codecs.get(name, "PCMU")

    def decode(self, name):
        """All that a listener has got, as samples, and the packets."""
        packets, codec = list(self.heard[name].packets), self.codec_of(name)
        assert packets and {p.payload_type for p in packets} == {PAYLOAD_TYPE[codec]}
        assert len({p.ssrc for p in packets}) == 1
        samples = decode(b"".join(p.payload for p in packets), codec)
        assert len(samples) == len(packets) * samples_of_a_packet(codec)
        return samples, packets


def samples_of_a_packet(codec):
    return FRAME * CODERS[codec].rate // 8000


def intended(mode):
    agent, customer = {"customer"}, {"agent"}
    if mode in (WHISPER, BARGE):
        agent.add("supervisor")
    if mode == BARGE:
        customer.add("supervisor")
    return {"agent": agent, "customer": customer,
            "supervisor": {"agent", "customer"} if mode is not None else set(),
            "recorded agent": {"agent"}, "recorded customer": {"customer"}}


def assert_untouched(packets, who, codec):
    """Bit for bit what ffmpeg's encoder has made of the voice, one packet after the other."""
    frames = spoken(who, codec, SPOKEN_SECONDS)
    frames = [frames[i:i + FRAME] for i in range(0, len(frames), FRAME)]
    payloads = [packet.payload for packet in packets]
    begin = frames.index(payloads[0])
    assert payloads == frames[begin:begin + len(payloads)], f"the {who}'s packets were changed"


def assert_heard(call, heard_by, mode, begin, end):
    """Each hears whom they should, and that is told from every other set of voices."""
    for listener, sources in intended(mode).items():
        if not sources:
            continue
        codec, wanted = call.codec_of(listener), call.spoken_by(sources)
        samples, packets = heard_by[listener]
        frame = samples_of_a_packet(codec)
        inside = [i for i, packet in enumerate(packets) if begin < packet.time < end]
        heard = samples[inside[0] * frame:(inside[-1] + 1) * frame]
        assert not faults(heard, codec, wanted), f"mode {mode}, {listener}"
        for wrong in wrong_sources(wanted, call.codecs):
            assert faults(heard, codec, wrong), f"mode {mode}, {listener}: {wrong} would pass, too"
        if [spoken_in for _, spoken_in in wanted] == [codec]:
            assert_untouched(packets[inside[0]:inside[-1] + 1], *wanted[0])


@pytest.mark.parametrize("codecs", [
    {"agent": "G722", "customer": "G722", "supervisor": "G722"},
    {"agent": "G722", "customer": "G722", "supervisor": "PCMA"},
    {"agent": "G722", "customer": "PCMU", "supervisor": "G722"},
    {"agent": "PCMU", "customer": "PCMA", "supervisor": "G722"}],
    ids=lambda codecs: "-".join(codecs.values()))
def test_each_mode_is_heard_as_it_should_be(appliance, codecs):
    phases = []

    def wait(mode):
        # What is encoded goes over into what is untouched within a second.
        time.sleep(0.8 if mode is not None else 1.4)
        begin = time.monotonic()
        time.sleep(1.6)
        phases.append((mode, begin, time.monotonic()))

    with Call(appliance, codecs) as call:
        wait(None)
        call.join(LISTEN)
        wait(LISTEN)
        for mode in (WHISPER, BARGE):
            call.switch(mode)
            wait(mode)
        call.leave()
        wait(None)
        heard_by = {name: call.decode(name) for name in call.heard}
        for mode, begin, end in phases:
            assert_heard(call, heard_by, mode, begin, end)
        for name in ("agent", "customer", *RECORDED_AT):
            assert steps(list(call.heard[name].packets)) == []
        assert appliance.api.counters()["guard_dropped"] == 0


def test_the_payload_type_is_that_of_g722_where_none_is_given(appliance):
    with Call(appliance, {"agent": "G722", "customer": "G722", "supervisor": "G722"}):
        made = appliance.api.calls.GetCall(calls_pb2.GetCallRequest(call_id="wide"))
        assert made.agent.media.codec == common_pb2.CODEC_G722
        assert made.agent.media.payload_type == 9


def test_a_wide_voice_takes_four_rings(lab):
    from appliance import set_up_appliance

    with set_up_appliance(lab, dataplane={"mixing_legs_max": "11"}) as box, \
            Call(box, {"agent": "G722", "customer": "G722", "supervisor": "G722"}) as call:
        # Both parties are recorded in G.711.
        assert box.api.stats().mixing_legs == 8
        call.join(LISTEN)
        with refused(status="RESOURCE_EXHAUSTED") as error:
            call.switch(BARGE)
        assert "a G.722 voice counts as four" in error.value.details()
        assert box.api.stats().mixing_legs == 8

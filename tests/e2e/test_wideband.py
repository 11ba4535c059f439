# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Calls in G.722, spoken by ffmpeg: what each listener got is decoded by ffmpeg and solved for the
gain of each voice. A voice is a tone that fits through 8,000 samples a second and one that does
not."""

import subprocess
import time

import numpy
import pytest

import api
from api import BARGE, LISTEN, WHISPER, media
from bridgetap.v1 import calls_pb2, common_pb2, monitor_pb2
from lab import RECORDER, address_of
from office import refused
from rtp import Party, steps

CODEC = {"PCMU": (1, 0, "mulaw", "pcm_mulaw", 8000), "PCMA": (2, 8, "alaw", "pcm_alaw", 8000),
         "G722": (3, 9, "g722", "g722", 16000)}
HEARS_AT = {"agent": 4000, "customer": 5000, "supervisor": 6000}
SPEAKS_FROM = {"agent": 4100, "customer": 5100, "supervisor": 6100}
RECORDED_AT = {"recorded agent": 7000, "recorded customer": 7002}
LOW = {"agent": 413, "customer": 747, "supervisor": 1193}  # Hz
HIGH = {"agent": 5200, "customer": 5800, "supervisor": 6300}
LOUDNESS = 0.12  # of each tone
WINDOW = 0.5  # seconds that a gain is solved from


class Call:
    """Creates the call and has everybody speak, each in a codec of its own."""

    def __init__(self, box, codecs):
        self.box, self.codecs, self.heard, self.speakers = box, codecs, {}, []

    def media(self, who):
        return media(address_of(who), HEARS_AT[who], codec=CODEC[self.codecs[who]][0],
                     source=common_pb2.MediaAddress(address=address_of(who),
                                                    port=SPEAKS_FROM[who]))

    def speak(self, who, leg):
        _, _, _, encoder, rate = CODEC[self.codecs[who]]
        voice = "+".join(f"{LOUDNESS}*sin(2*PI*{tones[who]}*t)" for tones in (LOW, HIGH)
                         if tones is LOW or rate > 8000)
        self.speakers.append(self.box.lab.spawn(
            who, f"speak-{who}", "ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i",
            f"aevalsrc={voice}:s={rate}:n={rate // 50}", "-af", "arealtime", "-c:a", encoder,
            "-f", "rtp", f"rtp://{leg.local.address}:{leg.local.port}"
            f"?localrtpport={SPEAKS_FROM[who]}", cpus={0}))

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

    def codec_of(self, name):
        return self.codecs.get(name, "PCMU")

    def decode(self, name):
        """All that a listener has got, as samples of full scale 1, and when each packet came."""
        packets = list(self.heard[name].packets)
        _, payload_type, form, _, rate = CODEC[self.codec_of(name)]
        assert packets and {p.payload_type for p in packets} == {payload_type}
        assert len({p.ssrc for p in packets}) == 1
        raw = ["-ar", str(rate), "-ac", "1"] if form != "g722" else []
        done = subprocess.run(["ffmpeg", "-loglevel", "error", "-f", form, *raw, "-i", "-", "-f",
                               "s16le", "-"], input=b"".join(p.payload for p in packets),
                              capture_output=True, check=True)
        samples = numpy.frombuffer(done.stdout, dtype="<i2") / 32768
        assert len(samples) == len(packets) * 160 * rate // 8000
        return samples, [p.time for p in packets], rate


def gain(samples, rate, hz):
    """The median over windows of the amplitude of a tone, of what it was spoken with."""
    length = int(WINDOW * rate)
    wave = numpy.exp(-2j * numpy.pi * hz * numpy.arange(length) / rate)
    return float(numpy.median([
        2 * abs(samples[start:start + length] @ wave) / length / LOUDNESS
        for start in range(0, len(samples) - length + 1, length)]))


def intended(mode):
    agent, customer = {"customer"}, {"agent"}
    if mode in (WHISPER, BARGE):
        agent.add("supervisor")
    if mode == BARGE:
        customer.add("supervisor")
    return {"agent": agent, "customer": customer,
            "supervisor": {"agent", "customer"} if mode is not None else set(),
            "recorded agent": {"agent"}, "recorded customer": {"customer"}}


def assert_gains(call, mode, begin, end):
    for listener, sources in intended(mode).items():
        if not sources:
            continue
        samples, times, rate = call.decode(listener)
        frame = 160 * rate // 8000
        inside = [i for i, moment in enumerate(times) if begin < moment < end]
        heard = samples[inside[0] * frame:(inside[-1] + 1) * frame]
        for who in LOW:
            for tones in (LOW, HIGH):
                wide = tones is HIGH
                if wide and rate == 8000:
                    continue
                want = float(who in sources and not (wide and call.codecs[who] != "G722"))
                found = gain(heard, rate, tones[who])
                # Above 4 kHz G.722 has two bits a sample: two coders in a row take 6 % off such a
                # tone, and leave 1 % of noise.
                allowed = (0.01, 0.10) if wide else (0.003, 0.03)
                assert abs(found - want) < allowed[want > 0], \
                    f"mode {mode}: {listener} hears {found:.4f} of the {who} at {tones[who]} Hz"


@pytest.mark.parametrize("codecs", [
    {"agent": "G722", "customer": "G722", "supervisor": "G722"},
    {"agent": "G722", "customer": "G722", "supervisor": "PCMA"},
    {"agent": "G722", "customer": "PCMU", "supervisor": "G722"},
    {"agent": "PCMU", "customer": "PCMA", "supervisor": "G722"}],
    ids=lambda codecs: "-".join(codecs.values()))
def test_each_mode_is_heard_as_it_should_be(appliance, codecs):
    phases = []

    def wait(mode):
        time.sleep(0.8)
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
        for mode, begin, end in phases:
            assert_gains(call, mode, begin, end)
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

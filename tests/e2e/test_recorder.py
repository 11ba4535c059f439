# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The bundled recorder at the end of the recording port: stereo WAV files."""

import array
import time
import wave

import pytest

from api import BARGE, address
from bridgetap.v1 import calls_pb2
from conversation import Conversation, near
from lab import BUILD, RECORDER
from rtp import Party, encode, pack


@pytest.fixture
def recorder(lab, tmp_path):
    process = lab.spawn("recorder", "recorder", BUILD / "bin/bridgetap-recorder", "--address",
                        RECORDER, "--ports", "40000-40007", "--output", tmp_path, "--idle", "1")
    while "ready:" not in process.output():
        assert process.running(), process.output()
        time.sleep(0.02)
    process.files = lambda: sorted(tmp_path.glob("*.wav"))
    yield process
    assert process.stop() == 0, process.output()
    assert "Sanitizer" not in process.output()
    process.log.unlink()


def channels(path):
    """Left and right of a WAV file."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        samples = array.array("h", file.readframes(file.getnframes()))
    return samples[::2], samples[1::2]


def target(first=40000):
    return calls_pb2.RecordingTarget(agent=address(RECORDER, first),
                                     customer=address(RECORDER, first + 2))


def test_a_call_becomes_a_stereo_file_without_the_supervisor(appliance, recorder):
    with Conversation(appliance, record=False) as talk:
        talk.join(BARGE)
        talk.assert_heard(BARGE)
        appliance.api.calls.StartRecording(
            calls_pb2.StartRecordingRequest(call_id=talk.id, target=target()))
        time.sleep(2)
        appliance.api.calls.StopRecording(calls_pb2.StopRecordingRequest(call_id=talk.id))
    deadline = time.monotonic() + 5
    while "complete" not in recorder.output():
        assert time.monotonic() < deadline, recorder.output()
        time.sleep(0.05)
    assert len(recorder.files()) == 1
    left, right = channels(recorder.files()[0])
    assert 1.8 < len(left) / 8000 < 2.3
    middle = slice(len(left) // 4, 3 * len(left) // 4)
    for side, who in ((left[middle], "agent"), (right[middle], "customer")):
        assert all(near(sample, who) for sample in side)


def test_pauses_and_losses_are_silence_in_place(lab, recorder):
    with Party(lab, "appliance", ("0.0.0.0", 50000), (RECORDER, 40004), 4000) as agent:
        time.sleep(0.5)
        agent.speaking.clear()
        time.sleep(0.5)
        agent.timestamp += 25 * 160
        agent.speaking.set()
        time.sleep(0.5)
    time.sleep(1.6)
    left, right = channels(recorder.files()[0])
    assert not any(right)
    # Half a second of voice, half of silence, half of voice.
    assert near(left[2000], "customer") and left[6000] == 0 and near(left[10000], "customer")


def test_rubbish_does_not_stop_it(lab, recorder):
    noise = lab.socket("appliance")
    for data in (b"", b"x", b"\x80" * 12, b"\xff" * 1500, pack(b"", 1, 1, 1),
                 pack(b"\x00" * 600, 1, 1, 1), pack(b"\x00" * 160, 1, 1, 1, payload_type=77)):
        noise.sendto(data, (RECORDER, 40000))
    for sequence in range(50):
        noise.sendto(pack(bytes([encode(1000)]) * 160, sequence, 160 * sequence, 7),
                     (RECORDER, 40000))
        time.sleep(0.02)
    noise.close()
    time.sleep(1.6)
    left, _ = channels(recorder.files()[0])
    assert near(left[4000], "agent")


def test_a_directory_that_is_not_there_is_told(lab):
    process = lab.spawn("recorder", "nodir", BUILD / "bin/bridgetap-recorder", "--address",
                        RECORDER, "--ports", "40000-40003", "--output", "/nonexistent")
    assert process.wait(10) != 0
    assert "cannot write into /nonexistent" in process.output()

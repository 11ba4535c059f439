# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The bundled recorder at the end of the recording port: stereo WAV files."""

import array
import time
import wave

import pytest

from api import BARGE, address
from bridgetap.v1 import calls_pb2
from conversation import LOUDNESS, Conversation, near
from lab import BUILD, RECORDER
from rtp import Party, encode, pack


@pytest.fixture
def start_recorder(lab):
    """Start one that writes into a folder."""
    started = []

    def start(folder):
        process = lab.spawn("recorder", "recorder", BUILD / "bin/bridgetap-recorder", "--address",
                            RECORDER, "--ports", "40000-40007", "--output", folder, "--idle", "1")
        started.append(process)
        deadline = time.monotonic() + 10
        while "ready:" not in process.output():
            assert process.running() and time.monotonic() < deadline, process.output()
            time.sleep(0.02)
        process.files = lambda: sorted(folder.glob("*.wav"))
        return process
    yield start
    for process in started:
        assert process.stop() == 0, process.output()
        assert "Sanitizer" not in process.output()
        process.log.unlink()


@pytest.fixture
def recorder(start_recorder, tmp_path):
    return start_recorder(tmp_path)


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
    with Party(lab, "appliance", ("0.0.0.0", 50000), (RECORDER, 40004),
               LOUDNESS["customer"]) as agent:
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


def test_who_stalls_for_a_while_is_in_the_recording_afterwards(lab, recorder):
    """Their timestamps stand still meanwhile, and lag behind the other party for good."""
    with Party(lab, "appliance", ("0.0.0.0", 50000), (RECORDER, 40004),
               LOUDNESS["agent"]) as agent, \
            Party(lab, "appliance", ("0.0.0.0", 50002), (RECORDER, 40006), LOUDNESS["customer"]):
        time.sleep(0.5)
        agent.speaking.clear()
        time.sleep(1.2)
        agent.speaking.set()
        time.sleep(1.5)
    time.sleep(1.6)
    left, right = channels(recorder.files()[0])
    assert all(near(sample, "customer") for sample in right[400:24000])
    assert near(left[2000], "agent") and left[8000] == 0
    assert all(near(sample, "agent") for sample in left[14400:24000])
    assert recorder.output().count("the agent's timestamps lag behind") == 1


def test_on_a_full_disk_a_file_holds_what_was_written_and_it_is_told_at_once(lab, start_recorder,
                                                                             disk):
    recorder = start_recorder(disk.path)
    disk.fill()
    disk.make_room(128 << 10)  # 4 s of a recording
    with Party(lab, "appliance", ("0.0.0.0", 50000), (RECORDER, 40004), LOUDNESS["customer"]):
        deadline = time.monotonic() + 10
        while "No space left on device" not in recorder.output():
            assert time.monotonic() < deadline, recorder.output()
            time.sleep(0.05)
        time.sleep(0.2)
        left, _ = channels(recorder.files()[0])
    assert 2 < len(left) / 8000 < 4.1
    assert all(near(sample, "customer") for sample in left[1000:])
    time.sleep(1.6)
    assert "is not complete: No space left on device" in recorder.output()
    assert channels(recorder.files()[0])[0] == left


def test_rubbish_does_not_stop_it(lab, recorder):
    noise = lab.socket("appliance")
    for data in (b"", b"x", b"\x80" * 12, b"\xff" * 1500, pack(b"", 1, 1, 1),
                 pack(b"\x00" * 600, 1, 1, 1), pack(b"\x00" * 160, 1, 1, 1, payload_type=77)):
        noise.sendto(data, (RECORDER, 40000))
    voice = bytes([encode(LOUDNESS["agent"])]) * 160
    for sequence in range(50):
        noise.sendto(pack(voice, sequence, 160 * sequence, 7), (RECORDER, 40000))
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

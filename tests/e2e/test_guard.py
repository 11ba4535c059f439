# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The second guard: even with a matrix that lets the recorder hear the supervisor, nothing of the
supervisor leaves by the recording port."""

import time

from api import LISTEN, address
from bridgetap.v1 import calls_pb2, monitor_pb2
from conversation import Conversation, near
from lab import BUILD, RECORDER
from rtp import Party, level


def test_with_a_broken_matrix_the_guard_keeps_the_supervisor_out(appliance):
    appliance.dataplane.stop()
    appliance.dataplane = appliance.lab.start_dataplane(
        binary=BUILD / "tests/bridgetap-dataplane-broken-matrix")
    appliance.api.wait_until_connected()
    with Conversation(appliance, record=False) as talk:
        # One recorder leg for both voices; with what is broken here, for the third one, too.
        appliance.api.calls.StartRecording(calls_pb2.StartRecordingRequest(
            call_id=talk.id, target=calls_pb2.RecordingTarget(mix=address(RECORDER, 7000))))
        with Party(appliance.lab, "recorder", ("0.0.0.0", 7000), None) as recorder:
            assert near(recorder.level(), "agent", "customer")
            talk.join(LISTEN)
            # The matrix is broken indeed: the agent hears a supervisor who only listens.
            assert near(talk.agent.level(), "customer", "supervisor")
            recorder.hears()
            time.sleep(0.5)
            for packet in recorder.hears():
                assert level(packet) < 6000, "the supervisor was recorded"
            dropped = appliance.api.counters()["guard_dropped"]
            assert dropped > 10
            time.sleep(1.2)
            for process in (appliance.dataplane, appliance.controlplane):
                assert "ALARM" in process.output()
            # When the supervisor has gone, the recording goes on.
            appliance.api.monitor.Leave(monitor_pb2.LeaveRequest(session_id=talk.session.id))
            assert near(recorder.level(), "agent", "customer")

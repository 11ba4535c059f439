# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Either process may be killed at any moment; they agree afterwards (M36, M37)."""

import time
from concurrent import futures

import grpc
import pytest

from api import BARGE, LISTEN, WHISPER, Api
from bridgetap.v1 import calls_pb2, directory_pb2
from conversation import Conversation
from lab import APPLIANCE, RECORDING
from rtp import steps
from stream import watch_calls


def listed(appliance):
    """The calls as the API shows them, without what may differ."""
    return appliance.api.calls.ListCalls(calls_pb2.ListCallsRequest()).calls


def restart_controlplane(appliance):
    appliance.controlplane = appliance.lab.start_controlplane()
    appliance.api.close()
    appliance.api = Api(appliance.lab.api_socket)
    appliance.api.wait_until_connected()


def test_media_goes_on_while_the_control_plane_is_dead(appliance):
    with Conversation(appliance) as talk:
        talk.join(WHISPER)
        time.sleep(0.3)
        before = listed(appliance)
        parties = (talk.agent, talk.customer, talk.recorded_agent, talk.recorded_customer,
                   talk.supervisor)
        for party in parties:
            party.hears()
        appliance.controlplane.kill()
        talk.assert_heard(WHISPER)
        packets = [party.hears() for party in parties]
        restart_controlplane(appliance)
        time.sleep(0.2)
        for party, heard in zip(parties, packets):
            assert steps(heard + party.hears()) == []
        assert listed(appliance) == before
        talk.switch(BARGE)
        talk.assert_heard(BARGE)
        talk.leave()
        talk.assert_heard(None)


def test_the_control_plane_may_die_again_and_again(appliance):
    with Conversation(appliance) as talk:
        talk.join(WHISPER)
        time.sleep(0.2)
        talk.customer.hears()
        for mode in (BARGE, LISTEN, WHISPER, BARGE, LISTEN):
            talk.switch(mode)
            appliance.controlplane.kill()
            restart_controlplane(appliance)
            assert listed(appliance)[0].monitors[0].mode == mode
        assert steps(talk.customer.hears()) == []
        talk.assert_heard(LISTEN)


def test_a_killed_data_plane_comes_back_with_ports_modes_and_recording(appliance):
    with Conversation(appliance) as talk:
        talk.join(BARGE)
        talk.assert_heard(BARGE)
        before = listed(appliance)
        last = talk.customer.hears()[-1]
        appliance.dataplane.kill()
        time.sleep(0.3)
        talk.customer.hears()
        appliance.dataplane = appliance.lab.start_dataplane()
        started = time.monotonic()
        while not talk.customer.packets:
            assert time.monotonic() - started < 1, "no media a second after the restart"
            time.sleep(0.005)
        first = talk.customer.packets[0]
        # Not only the same stream: its numbers go on as if nothing but packets had been lost.
        assert first.ssrc == last.ssrc
        frames = (first.sequence - last.sequence) & 0xffff
        assert 1 < frames < 500
        assert (first.timestamp - last.timestamp) & 0xffffffff == 160 * frames
        assert listed(appliance) == before
        talk.assert_heard(BARGE)
        talk.switch(WHISPER)
        talk.assert_heard(WHISPER)


def realms(name="access", last=20199):
    return (f'( {{ name = "{name}"; port = "access"; address = "{APPLIANCE}";'
            f' rtp_ports = [ 20000, {last} ]; }},'
            f'  {{ name = "recording"; port = "recorder"; address = "{RECORDING}";'
            '    rtp_ports = [ 30000, 30399 ]; recording = true; } )')


def test_new_calls_do_not_get_the_ports_of_others_when_the_range_has_changed(appliance):
    with Conversation(appliance) as talk:
        appliance.dataplane.stop()
        appliance.dataplane = appliance.lab.start_dataplane(realms=realms(last=20299))
        appliance.api.wait_until_connected()
        with Conversation(appliance, "second", record=False, shift=100) as second:
            for each in (talk, second):
                each.join(LISTEN, {talk: "sue", second: "adam"}[each])
                each.assert_heard(LISTEN)


def test_new_calls_find_a_realm_when_the_first_has_another_name(appliance):
    with Conversation(appliance, record=False) as talk:
        talk.delete()
    appliance.dataplane.stop()
    appliance.dataplane = appliance.lab.start_dataplane(realms=realms("outside"))
    appliance.api.wait_until_connected()
    with Conversation(appliance) as talk:
        talk.assert_heard(None)


def test_a_paused_recording_stays_paused_over_a_data_plane_restart(appliance):
    calls = appliance.api.calls
    with Conversation(appliance) as talk:
        calls.PauseRecording(calls_pb2.PauseRecordingRequest(call_id=talk.id))
        appliance.dataplane.kill()
        appliance.dataplane = appliance.lab.start_dataplane()
        time.sleep(0.5)
        talk.recorded_agent.hears()
        assert talk.recorded_agent.level() is None
        calls.ResumeRecording(calls_pb2.ResumeRecordingRequest(call_id=talk.id))
        talk.assert_heard(None)


def test_what_is_said_while_the_data_plane_is_away_is_in_force_when_it_is_back(appliance):
    with Conversation(appliance) as talk, futures.ThreadPoolExecutor() as pool:
        talk.join(LISTEN)
        appliance.dataplane.kill()
        switched = pool.submit(talk.switch, WHISPER)
        time.sleep(0.3)
        assert not switched.done()
        appliance.dataplane = appliance.lab.start_dataplane()
        assert switched.result().mode == WHISPER
        talk.assert_heard(WHISPER)
        appliance.controlplane.kill()
        restart_controlplane(appliance)
        assert listed(appliance)[0].monitors[0].mode == WHISPER
        talk.assert_heard(WHISPER)


def test_without_a_data_plane_changes_are_refused_in_time_and_taken_back(appliance):
    with Conversation(appliance) as talk:
        talk.join(LISTEN)
        appliance.dataplane.kill()
        with pytest.raises(grpc.RpcError) as refused:
            talk.switch(BARGE)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        appliance.dataplane = appliance.lab.start_dataplane()
        appliance.api.wait_until_connected()
        assert listed(appliance)[0].monitors[0].mode == LISTEN
        talk.assert_heard(LISTEN)


def test_of_several_refused_switches_none_is_in_force_or_shown(appliance):
    with Conversation(appliance) as talk, futures.ThreadPoolExecutor() as pool, \
            watch_calls(appliance.api) as calls:
        talk.join(LISTEN)
        appliance.dataplane.kill()
        switches = [pool.submit(talk.switch, mode) for mode in (WHISPER, BARGE)]
        calls.wait(lambda: calls.items["call"].monitors[0].mode != LISTEN)
        for switch in switches:
            assert switch.exception(10).code() == grpc.StatusCode.UNAVAILABLE
        assert listed(appliance)[0].monitors[0].mode == LISTEN
        calls.wait(lambda: calls.items["call"].monitors[0].mode == LISTEN)
        appliance.dataplane = appliance.lab.start_dataplane()
        appliance.api.wait_until_connected()
        talk.assert_heard(LISTEN)


def test_a_call_that_ended_while_the_data_plane_was_away_does_not_come_back(appliance):
    with Conversation(appliance) as talk, futures.ThreadPoolExecutor() as pool:
        talk.assert_heard(None)
        appliance.dataplane.kill()
        deleted = pool.submit(talk.delete)
        time.sleep(0.2)
        appliance.dataplane = appliance.lab.start_dataplane()
        deleted.result()
        assert talk.agent.level() is None
        assert not listed(appliance)
        assert appliance.api.wait_until_connected().calls == 0


def test_the_directory_survives_a_restart(appliance):
    appliance.controlplane.kill()
    restart_controlplane(appliance)
    users = appliance.api.directory.ListUsers(directory_pb2.ListUsersRequest()).users
    assert {(user.id, user.name, user.role) for user in users} == {
        ("ann", "Ann Agent", directory_pb2.USER_ROLE_AGENT),
        ("sue", "Sue Supervisor", directory_pb2.USER_ROLE_SUPERVISOR),
        ("adam", "Adam Admin", directory_pb2.USER_ROLE_ADMIN)}

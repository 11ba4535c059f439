# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Calls over AF_XDP, from a gRPC client's wish to the packets that each listener receives."""

import time

import grpc
import pytest

import api
from api import BARGE, LISTEN, WHISPER, media, reasons
from bridgetap.v1 import calls_pb2, common_pb2, monitor_pb2
from conversation import LOUDNESS, Conversation, near
from lab import APPLIANCE, RECORDER, address_of
from rtp import PCMA, Party, encode, pack, steps


def test_everybody_hears_whom_they_should_in_every_mode(appliance):
    with Conversation(appliance) as talk:
        talk.assert_heard(None)
        talk.join(LISTEN)
        for mode in (LISTEN, WHISPER, BARGE, WHISPER, LISTEN, BARGE):
            talk.switch(mode)
            talk.assert_heard(mode)
        talk.leave()
        talk.assert_heard(None)
        assert appliance.api.counters()["guard_dropped"] == 0


def test_codecs_are_translated_and_mixed_with_each_other(appliance):
    with Conversation(appliance, codecs={"customer": PCMA, "supervisor": PCMA}) as talk:
        talk.assert_heard(None)
        talk.join(BARGE)
        talk.assert_heard(BARGE)


def test_streams_stay_whole_through_joins_switches_and_leaves(appliance):
    """One SSRC, no gap or jump in sequence or timestamp, from the first packet to the last."""
    with Conversation(appliance) as talk:
        time.sleep(0.3)
        heard = {who: list(getattr(talk, who).hears())
                 for who in ("agent", "customer", "recorded_agent", "recorded_customer")}
        for _ in range(3):
            talk.join(LISTEN)
            for mode in (WHISPER, BARGE, LISTEN, BARGE):
                time.sleep(0.1)
                talk.switch(mode)
            time.sleep(0.1)
            talk.leave()
            talk.supervisor.__exit__()
            assert steps(talk.supervisor.hears()) == []
        for who, packets in heard.items():
            packets += getattr(talk, who).hears()
            assert len(packets) > 60
            assert steps(packets) == [], who


def test_what_is_not_mixed_is_untouched(appliance):
    """Bit for bit, although a monitor speaks: to the customer of a whisper, to the recorder."""
    with Conversation(appliance) as talk:
        talk.join(WHISPER)
        time.sleep(0.3)
        for listener, source in ((talk.customer, talk.agent), (talk.recorded_agent, talk.agent),
                                 (talk.recorded_customer, talk.customer)):
            packets = listener.hears()
            assert packets
            assert all(packet.payload == source.payload for packet in packets)


def test_recording_pauses_and_resumes_as_one_stream(appliance):
    calls = appliance.api.calls
    with Conversation(appliance) as talk:
        time.sleep(0.3)
        packets = talk.recorded_agent.hears()
        assert packets
        calls.PauseRecording(calls_pb2.PauseRecordingRequest(call_id=talk.id))
        time.sleep(0.1)
        packets += talk.recorded_agent.hears()
        assert talk.recorded_agent.level(settle=0) is None
        assert talk.recorded_customer.level(settle=0) is None or not talk.recorded_customer.hears()
        calls.ResumeRecording(calls_pb2.ResumeRecordingRequest(call_id=talk.id))
        time.sleep(0.3)
        packets += talk.recorded_agent.hears()
        # The pause has passed in time, but not in sequence numbers.
        breaks = steps(packets)
        assert len(breaks) == 1 and breaks[0][1].startswith("timestamp"), breaks
        stopped = calls.StopRecording(calls_pb2.StopRecordingRequest(call_id=talk.id))
        assert stopped.recording == calls_pb2.RECORDING_STATE_OFF
        time.sleep(0.1)
        talk.recorded_agent.hears()
        assert talk.recorded_agent.level(settle=0) is None


def test_one_mixed_recording(appliance):
    with Conversation(appliance, record=False) as talk:
        appliance.api.calls.StartRecording(calls_pb2.StartRecordingRequest(
            call_id=talk.id, target=calls_pb2.RecordingTarget(mix=api.address(RECORDER, 7000))))
        with Party(appliance.lab, "recorder", ("0.0.0.0", 7000), None) as mix:
            talk.join(BARGE)
            assert near(mix.level(), "agent", "customer")


def test_media_from_anybody_else_is_dropped_by_name_and_not_answered(appliance):
    with Conversation(appliance) as talk:
        time.sleep(0.2)
        talk.customer.hears()
        before = appliance.api.counters()
        spray = appliance.lab.socket("stranger")
        spray.bind(("0.0.0.0", 0))
        spray.settimeout(0.3)
        for port in range(20000, 20200):
            for _ in range(5):
                # With everything right but the source.
                spray.sendto(pack(bytes([encode(20000)]) * 160, talk.agent.sequence,
                                  talk.agent.timestamp, talk.agent.ssrc), (APPLIANCE, port))
        with pytest.raises(TimeoutError):
            spray.recvfrom(2048)
        spray.close()
        talk.assert_heard(None)
        after = appliance.api.counters()
        # Two legs at 20000 and 20002; their RTCP ports; and the ports of no call.
        assert after["drop_refused_source"] - before["drop_refused_source"] == 10
        assert after["drop_unknown_port"] - before["drop_unknown_port"] >= 980
        assert after["source_learned"] == 0
        assert steps(talk.customer.hears()) == []


def test_a_source_is_learned_once_where_the_call_says_so(appliance):
    call = appliance.api.calls.CreateCall(calls_pb2.CreateCallRequest(
        call=calls_pb2.CallDescription(
            id="nat", agent=common_pb2.MediaDescription(learn_remote=True),
            customer=media(address_of("customer"), 5000))))
    local = (call.agent.local.address, call.agent.local.port)
    with Party(appliance.lab, "customer", ("0.0.0.0", 5000),
               (call.customer.local.address, call.customer.local.port),
               LOUDNESS["customer"]) as customer:
        assert customer.level() is None
        with Party(appliance.lab, "agent", ("0.0.0.0", 4321), local, LOUDNESS["agent"]) as agent:
            assert near(customer.level(), "agent")
            assert near(agent.level(), "customer")
            with Party(appliance.lab, "stranger", ("0.0.0.0", 4321), local,
                       LOUDNESS["supervisor"]) as stranger:
                assert near(customer.level(), "agent")
                assert stranger.level(settle=0) is None
            got = appliance.api.calls.GetCall(calls_pb2.GetCallRequest(call_id="nat"))
            assert (got.agent.media.remote.address, got.agent.media.remote.port) == (
                address_of("agent"), 4321)


def test_an_agent_who_takes_over_is_learned_although_the_last_one_still_sends(appliance):
    calls = appliance.api.calls
    call = calls.CreateCall(calls_pb2.CreateCallRequest(
        call=calls_pb2.CallDescription(
            id="nat", agent_user="ann", agent=common_pb2.MediaDescription(learn_remote=True),
            customer=media(address_of("customer"), 5000))))
    local = (call.agent.local.address, call.agent.local.port)
    with Party(appliance.lab, "customer", ("0.0.0.0", 5000),
               (call.customer.local.address, call.customer.local.port),
               LOUDNESS["customer"]) as customer, \
            Party(appliance.lab, "agent", ("0.0.0.0", 4321), local, LOUDNESS["agent"]) as ann:
        assert near(customer.level(), "agent")
        calls.TransferCall(calls_pb2.TransferCallRequest(
            call_id="nat", agent_user="bob",
            agent=common_pb2.MediaDescription(learn_remote=True)))
        assert customer.level() is None
        assert ann.level(settle=0) is None
        with Party(appliance.lab, "agent", ("0.0.0.0", 4331), local,
                   LOUDNESS["supervisor"]) as bob:
            assert near(customer.level(), "supervisor")
            assert near(bob.level(), "customer")
            assert ann.level(settle=0) is None
        got = calls.GetCall(calls_pb2.GetCallRequest(call_id="nat"))
        assert got.agent.media.remote.port == 4331


def test_nothing_is_learned_when_the_time_that_the_call_gives_for_it_is_over(appliance):
    def create(name, port, learn_ms):
        return appliance.api.calls.CreateCall(calls_pb2.CreateCallRequest(
            call=calls_pb2.CallDescription(
                id=name, customer=media(address_of("customer"), port),
                agent=common_pb2.MediaDescription(learn_remote=True, learn_ms=learn_ms))))

    late, early = create("late", 5000, 1000), create("early", 5010, 60000)
    assert late.agent.media.learn_ms == 1000
    time.sleep(1.5)
    with Party(appliance.lab, "customer", ("0.0.0.0", 5000),
               (late.customer.local.address, late.customer.local.port),
               LOUDNESS["customer"]) as deaf, \
            Party(appliance.lab, "customer", ("0.0.0.0", 5010),
                  (early.customer.local.address, early.customer.local.port),
                  LOUDNESS["customer"]) as hears, \
            Party(appliance.lab, "agent", ("0.0.0.0", 4321),
                  (late.agent.local.address, late.agent.local.port), LOUDNESS["agent"]), \
            Party(appliance.lab, "agent", ("0.0.0.0", 4331),
                  (early.agent.local.address, early.agent.local.port), LOUDNESS["agent"]):
        assert near(hears.level(), "agent")
        assert deaf.level(settle=0) is None


def test_a_far_end_may_send_from_elsewhere_than_it_receives(appliance):
    call = appliance.api.calls.CreateCall(calls_pb2.CreateCallRequest(
        call=calls_pb2.CallDescription(
            id="two-ports", customer=media(address_of("customer"), 5000),
            agent=media(address_of("agent"), 4000,
                        source=api.address(address_of("agent"), 4002)))))
    local = (call.agent.local.address, call.agent.local.port)
    with Party(appliance.lab, "customer", ("0.0.0.0", 5000),
               (call.customer.local.address, call.customer.local.port),
               LOUDNESS["customer"]) as customer, \
            Party(appliance.lab, "agent", ("0.0.0.0", 4000), local,
                  LOUDNESS["supervisor"]) as hears, \
            Party(appliance.lab, "agent", ("0.0.0.0", 4002), local, LOUDNESS["agent"]) as speaks:
        assert near(customer.level(), "agent")
        assert near(hears.level(), "customer")
        assert speaks.level(settle=0) is None


def test_ipv6(appliance):
    from socket import AF_INET6
    call = appliance.api.calls.CreateCall(calls_pb2.CreateCallRequest(
        call=calls_pb2.CallDescription(id="six", agent=media("2001:db8::10", 4000),
                                       customer=media("2001:db8::20", 5000))))
    assert call.agent.media.realm == "access6"
    with Party(appliance.lab, "agent", ("::", 4000), (call.agent.local.address,
               call.agent.local.port), LOUDNESS["agent"], family=AF_INET6) as agent, \
            Party(appliance.lab, "customer", ("::", 5000), (call.customer.local.address,
                  call.customer.local.port), LOUDNESS["customer"], family=AF_INET6) as customer:
        assert near(agent.level(), "customer")
        assert near(customer.level(), "agent")


def test_a_neighbour_that_changes_its_address_is_followed(appliance):
    from lab import run
    with Conversation(appliance) as talk:
        talk.assert_heard(None)
        namespace = appliance.lab.namespace("customer")
        run("ip", "-n", namespace, "link", "set", "eth0", "address", "02:00:5e:10:00:99")
        # Its next ARP request or answer tells everybody.
        run("ip", "netns", "exec", appliance.lab.namespace("appliance"), "ip", "neigh", "replace",
            address_of("customer"), "lladdr", "02:00:5e:10:00:99", "dev", "access0",
            "nud", "reachable")
        talk.assert_heard(None)


def test_the_ports_of_a_deleted_call_are_given_out_last(appliance):
    with Conversation(appliance) as talk:
        first = talk.call.agent.local.port
        talk.delete()
    with Conversation(appliance, call_id="again") as talk:
        assert talk.call.agent.local.port != first
        talk.assert_heard(None)


def test_a_full_port_range_refuses_new_calls_and_leaves_the_others_alone(appliance):
    with Conversation(appliance) as talk:
        # 100 RTP ports in the realm, two taken.
        def create(number):
            return appliance.api.calls.CreateCall(calls_pb2.CreateCallRequest(
                call=calls_pb2.CallDescription(
                    id=f"fill-{number}", agent=media(address_of("agent"), 10000 + 4 * number),
                    customer=media(address_of("customer"), 10002 + 4 * number))))
        for number in range(49):
            create(number)
        with pytest.raises(grpc.RpcError) as refused:
            create(49)
        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        with pytest.raises(grpc.RpcError) as refused:
            talk.join(LISTEN)
        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        talk.assert_heard(None)
        appliance.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="fill-0"))
        talk.join(LISTEN)
        talk.assert_heard(LISTEN)


def test_who_may_not_monitor_is_refused_with_reasons(appliance):
    with Conversation(appliance) as talk:
        def refusal(user, mode=LISTEN):
            other = api.Api(appliance.lab.api_socket, user=user)
            with pytest.raises(grpc.RpcError) as refused:
                other.monitor.Join(monitor_pb2.JoinRequest(
                    call_id=talk.id, mode=mode, media=media(address_of("supervisor"), 6000)))
            other.close()
            return refused.value
        error = refusal("ann")
        assert error.code() == grpc.StatusCode.PERMISSION_DENIED
        assert reasons(error) == ["NOT_PERMITTED"]
        assert refusal("nobody").code() == grpc.StatusCode.NOT_FOUND
        assert refusal("sue", mode=77).code() == grpc.StatusCode.INVALID_ARGUMENT
        talk.join(LISTEN)
        error = refusal("adam")
        assert error.code() == grpc.StatusCode.FAILED_PRECONDITION
        assert reasons(error) == ["CALL_FULL"]
        assert reasons(refusal("sue")) == ["CALL_FULL", "ALREADY_MONITORING"]
        talk.assert_heard(LISTEN)


def test_a_remote_without_a_route_is_refused_and_nothing_remains(appliance):
    with pytest.raises(grpc.RpcError) as refused:
        appliance.api.calls.CreateCall(calls_pb2.CreateCallRequest(call=calls_pb2.CallDescription(
            id="lost", agent=media("2001:db9::9", 4000),
            customer=media(address_of("customer"), 5000))))
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert "no route" in refused.value.details()
    listed = appliance.api.calls.ListCalls(calls_pb2.ListCallsRequest())
    assert listed.total == 0
    # And the same id, put right, is free.
    with Conversation(appliance, call_id="lost") as talk:
        talk.assert_heard(None)

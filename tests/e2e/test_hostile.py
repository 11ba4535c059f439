# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""A hostile network around calls that go on: over AF_XDP, with the kernel's own stack beside it."""

import os
import signal
import time

import pytest

from api import BARGE, WHISPER, media
from bridgetap.v1 import calls_pb2, common_pb2
from conversation import Conversation, near
from frames import Wire, datagram, mac_of, port_unreachable
from lab import APPLIANCE, APPLIANCE6, RECORDER, address_of, run
from rtp import Party, pack, restart_with_another_ssrc, steps
from stream import Stream
from witness import losses, nobody_loses, nothing_else_moves, wait_for

PORTS = range(20000, 20200)


def wire_of(box, host):
    return Wire(box.lab, host, "eth0", mac_of(box.lab, "appliance", "access0"))


def test_a_spray_before_the_first_packet_gets_no_packet_in_or_out(appliance):
    call = appliance.api.calls.CreateCall(calls_pb2.CreateCallRequest(
        call=calls_pb2.CallDescription(id="early", agent=media(address_of("agent"), 4000),
                                       customer=media(address_of("customer"), 5000))))
    with Conversation(appliance, "beside", record=False, shift=100) as beside, \
            wire_of(appliance, "stranger") as wire:
        stranger = address_of("stranger")
        with nothing_else_moves(appliance, "drop_refused_source", "drop_unknown_port",
                                "drop_rtcp_refused_source"), \
                nobody_loses(beside):
            for n in range(5):
                for port in PORTS:
                    wire.send(datagram((stranger, 6666), (APPLIANCE, port),
                                       pack(b"\x11" * 160, n, 160 * n, 7)))
        with Party(appliance.lab, "agent", ("0.0.0.0", 4000),
                   (call.agent.local.address, call.agent.local.port), 1000) as agent, \
                Party(appliance.lab, "customer", ("0.0.0.0", 5000),
                      (call.customer.local.address, call.customer.local.port), 4000) as customer:
            time.sleep(0.3)
            assert len(agent.hears()) > 5 and len(customer.hears()) > 5


def next_of(party, **changed):
    """The next RTP packet of a party, as somebody may forge it who knows all about its stream."""
    return pack(**{"payload": b"\x11" * 160, "sequence": party.sequence,
                   "timestamp": party.timestamp, "ssrc": party.ssrc, **changed})


def wait_until_sent(party):
    """Until a party has just sent its next packet."""
    sent, deadline = party.sent, time.monotonic() + 5
    while party.sent == sent:
        assert time.monotonic() < deadline
        time.sleep(0.0005)


def test_a_spray_in_mid_call_gets_no_packet_in_or_out(appliance):
    """With everything right but the source's address, even its port."""
    with Conversation(appliance) as talk, \
            Conversation(appliance, "beside", record=False, shift=100) as beside, \
            wire_of(appliance, "stranger") as wire:
        stranger = (address_of("stranger"), talk.ports["agent"])
        with nothing_else_moves(appliance, "drop_refused_source", "drop_unknown_port",
                                "drop_rtcp_refused_source") as moved, nobody_loses(talk, beside):
            for _ in range(5):
                for port in PORTS:
                    wire.send(datagram(stranger, (APPLIANCE, port), next_of(talk.agent)))
                time.sleep(0.1)
        assert moved == {"drop_refused_source": 5 * 4, "drop_rtcp_refused_source": 5 * 4,
                         "drop_unknown_port": 5 * (len(PORTS) - 8)}
        # Nobody has sent it an IPv4 packet, be it media or an ICMP error.
        assert [frame for frame in wire.hear() if frame[12:14] == b"\x08\x00"] == []
        talk.assert_heard(None)


# What is wrong with a packet from the right source, and the counter that has its name.
WRONG_RTP = {
    "a header cut short": (lambda rtp: rtp[:11], "drop_rtp_truncated"),
    "version 1": (lambda rtp: b"\x40" + rtp[1:], "drop_rtp_version"),
    "CSRCs past the end": (lambda rtp: b"\x8f" + rtp[1:12 + 59], "drop_rtp_csrc"),
    "an extension of 65,535 words": (lambda rtp: b"\x90" + rtp[1:12] + b"\xbe\xde\xff\xff"
                                     + rtp[16:], "drop_rtp_extension"),
    "a padding of 0": (lambda rtp: b"\xa0" + rtp[1:-1] + b"\0", "drop_rtp_padding"),
    "a padding past the payload": (lambda rtp: b"\xa0" + rtp[1:-1] + b"\xa1",
                                   "drop_rtp_padding"),
    "another payload type": (lambda rtp: rtp[:1] + b"\x12" + rtp[2:], "drop_payload_type"),
    "no payload": (lambda rtp: rtp[:12], "drop_payload_size"),
    "a payload of 1,400 bytes": (lambda rtp: rtp + b"\x11" * 1240, "drop_payload_size"),
    "a jump": (lambda rtp: rtp[:2] + bytes([rtp[2] ^ 0x80]) + rtp[3:], "drop_sequence_jump"),
    "a second SSRC": (lambda rtp: rtp[:8] + bytes([rtp[8] ^ 0x55]) + rtp[9:], "drop_other_ssrc"),
}
WRONG_RTCP = {
    "4 bytes": (b"\x80\xc9\0\0", "drop_rtcp_truncated"),
    "version 1": (b"\x40\xc9\0\1\0\0\0\7", "drop_rtcp_version"),
    "neither SR nor RR": (b"\x80\xcb\0\1\0\0\0\7", "drop_rtcp_first"),
    "a length past the end": (b"\x80\xc9\xff\xff\0\0\0\7", "drop_rtcp_length"),
    "blocks past the end": (b"\x9f\xc9\0\1\0\0\0\7", "drop_rtcp_report"),
    "an item past the end": (b"\x80\xc9\0\1\0\0\0\7\x81\xca\0\2\0\0\0\7\1\xff\0\0",
                             "drop_rtcp_sdes"),
    "a reason past the end": (b"\x80\xc9\0\1\0\0\0\7\x81\xcb\0\2\0\0\0\7\xff\0\0\0",
                              "drop_rtcp_bye"),
}


# The same of the headers around it.
WRONG_FRAMES = {
    "an IP length past the frame": (lambda ip: ip[:2] + b"\x05\xdc" + ip[4:],
                                    "drop_frame_truncated"),
    "a UDP length past the packet": (lambda ip: ip[:24] + b"\x05\xdc" + ip[26:], "drop_bad_udp"),
    "a UDP length of 7": (lambda ip: ip[:24] + b"\0\7" + ip[26:], "drop_bad_udp"),
    "an IP checksum": (lambda ip: ip[:10] + bytes([ip[10] ^ 1]) + ip[11:], "drop_bad_checksum"),
    "a UDP checksum": (lambda ip: ip[:-1] + bytes([ip[-1] ^ 1]), "drop_bad_checksum"),
}


def wrong_packets(talk):
    """All of them: what is wrong, a function that makes one, and the counter."""
    here, local = (address_of("agent"), talk.ports["agent"]), talk.call.agent.local.port

    def media(damage_rtp, damage_frame=lambda ip: ip):
        return damage_frame(datagram(here, (APPLIANCE, local), damage_rtp(next_of(talk.agent))))

    for what, (damage, counter) in WRONG_RTP.items():
        yield what, lambda damage=damage: media(damage), counter
    for what, (damage, counter) in WRONG_FRAMES.items():
        yield what, lambda damage=damage: media(lambda rtp: rtp, damage), counter
    for what, (data, counter) in WRONG_RTCP.items():
        yield what, lambda data=data: datagram((here[0], here[1] + 1), (APPLIANCE, local + 1),
                                               data), counter


def test_each_wrong_packet_is_dropped_by_its_name(appliance):
    with Conversation(appliance) as talk, \
            Conversation(appliance, "beside", record=False, shift=100) as beside, \
            wire_of(appliance, "agent") as wire:
        for what, make, counter in wrong_packets(talk):
            with nothing_else_moves(appliance, counter) as moved, nobody_loses(talk, beside):
                for _ in range(10):
                    # Two of them in a row, or one when the next packet is due, might be believed.
                    wait_until_sent(talk.agent)
                    wire.send(make())
            assert moved[counter] == 10, what


def test_fragments_are_left_to_the_kernel_and_counted(appliance):
    def fragments():
        return {port.name: port.fragments for port in appliance.api.stats().ports}["access"]

    with Conversation(appliance) as talk, wire_of(appliance, "agent") as wire:
        local, before = talk.call.agent.local.port, fragments()
        with nothing_else_moves(appliance), nobody_loses(talk):
            for offset in (b"\x20\0", b"\0\x10"):
                for _ in range(10):
                    packet = datagram((address_of("agent"), talk.ports["agent"]),
                                      (APPLIANCE, local), next_of(talk.agent))
                    wire.send(packet[:6] + offset + packet[8:])
            wait_for(lambda: fragments() >= before + 20)
        assert fragments() == before + 20


def restart_timestamps(party):
    party.timestamp ^= 0x12345678


@pytest.mark.parametrize("restart, counter", [
    (restart_timestamps, "clock_restarted"), (restart_with_another_ssrc, "ssrc_changed")])
def test_a_sender_that_begins_anew_loses_nothing(appliance, restart, counter):
    with Conversation(appliance) as talk:
        # A stream that is new is kept for longer from giving way to another one: 16 packets.
        wait_for(lambda: talk.agent.sent >= 20)
        before = appliance.api.counters()[counter]
        talk.customer.hears()
        sent = talk.agent.sent
        with nothing_else_moves(appliance):
            for _ in range(5):
                begun = talk.agent.begin_anew(restart)
                wait_for(lambda: talk.agent.sent >= begun + 20)
            due = talk.agent.sent - sent
            wait_for(lambda: len(talk.customer.packets) >= due - 2)
        assert appliance.api.counters()[counter] == before + 5
        # Its timestamps go on as the time does; all else is as if nothing had happened.
        assert [what for _, what in steps(talk.customer.hears()) if "timestamp" not in what] == []
        talk.assert_heard(None)


def test_a_source_at_100_times_its_rate_is_held_and_the_call_beside_it_loses_nothing(appliance):
    with Conversation(appliance, record=False) as talk, \
            Conversation(appliance, "beside", record=False, shift=100) as beside:
        time.sleep(0.2)
        talk.agent.speaking.clear()
        time.sleep(0.1)
        talk.customer.hears()
        sent, begin = talk.agent.sent, time.monotonic()
        with nothing_else_moves(appliance, "drop_rate") as moved, nobody_loses(beside):
            while time.monotonic() < begin + 1:
                for _ in range(100):
                    talk.agent.send()
                time.sleep(0.02)
            passed = time.monotonic() - begin
            time.sleep(0.2)
        sent = talk.agent.sent - sent
        assert len(talk.customer.hears()) == sent - moved["drop_rate"]
        # Four times 50 a second, twice 64 at once, and what came before it was seen.
        assert sent - moved["drop_rate"] <= 4 * 50 * passed + 2 * 64 + 64
        talk.agent.speaking.set()
        talk.assert_heard(None)


@pytest.mark.parametrize("mode", [None, WHISPER, BARGE])
def test_a_far_end_that_sends_back_what_it_hears_is_heard_by_nobody(appliance, mode):
    """Both of them do, so that everything would go round for ever."""
    with Conversation(appliance) as talk:
        if mode:
            talk.join(mode)
        with nothing_else_moves(appliance, "drop_own_ssrc") as moved, nobody_loses(talk):
            talk.agent.loops = talk.customer.loops = True
            talk.assert_heard(mode)
            talk.agent.loops = talk.customer.loops = False
        assert moved["drop_own_ssrc"] > 20
        assert appliance.api.counters()["ssrc_changed"] == 0


def test_the_signalled_address_wins_the_race_for_a_leg_that_learns(appliance):
    """The stranger was first, knows the ports, and sends a stream that could be learned: it gets
    the leg only while nobody comes from the address that signalling has, and nothing after that."""
    box = appliance
    call = box.api.calls.CreateCall(calls_pb2.CreateCallRequest(call=calls_pb2.CallDescription(
        id="race", customer=media(address_of("customer"), 5000),
        agent=common_pb2.MediaDescription(
            remote=media(address_of("agent"), 4000).remote, learn_remote=True))))
    local = (call.agent.local.address, call.agent.local.port)
    with Party(box.lab, "customer", ("0.0.0.0", 5000),
               (call.customer.local.address, call.customer.local.port), 4000) as customer, \
            Party(box.lab, "stranger", ("0.0.0.0", 6666), local, 14000) as stranger:
        wait_for(stranger.hears)
        with Party(box.lab, "agent", ("0.0.0.0", 4000), local, 1000) as agent:
            wait_for(agent.hears)
            time.sleep(0.3)
            stranger.hears(), customer.hears()
            refused = box.api.counters()["drop_refused_source"]
            time.sleep(0.5)
            assert stranger.hears() == [] and len(agent.hears()) > 20
            assert steps(customer.hears()) == []
            counters = box.api.counters()
            assert counters["source_learned"] == 2
            assert counters["drop_refused_source"] - refused > 20
    got = box.api.calls.GetCall(calls_pb2.GetCallRequest(call_id="race"))
    assert got.agent.media.remote.address == address_of("agent")


def test_a_client_is_told_of_a_party_that_sends_more_than_it_may(appliance):
    watched = appliance.api.calls.WatchMediaEvents(
        calls_pb2.WatchMediaEventsRequest(), timeout=60)

    def told():
        return [m for m in seen.messages if m.kind == calls_pb2.RATE_LIMITED]

    with Conversation(appliance) as talk, Stream(watched) as seen:
        seen.wait(lambda: seen.messages)
        talk.agent.speaking.clear()
        time.sleep(0.1)
        for _ in range(2):
            for _ in range(600):
                talk.agent.send()
            time.sleep(0.2)
        talk.agent.speaking.set()
        wait_for(told)
        wait_for(lambda: losses(appliance)["drop_rate"] > 600)
        time.sleep(0.2)
        assert [(m.call_id, m.party, m.source.address, m.source.port) for m in told()] == \
            [("call", calls_pb2.PARTY_AGENT, address_of("agent"), 4000)]
        talk.customer.hears()
        wait_for(lambda: talk.customer.packets)


def test_our_own_address_as_source_is_dropped(appliance):
    with Conversation(appliance) as talk, wire_of(appliance, "stranger") as wire:
        port = talk.call.agent.local.port
        with nothing_else_moves(appliance, "drop_own_source") as moved, nobody_loses(talk):
            for n in range(50):
                wire.send(datagram((APPLIANCE, port), (APPLIANCE, port),
                                   pack(b"\x11" * 160, n, 160 * n, 7)))
            wait_for(lambda: losses(appliance)["drop_own_source"] >= 50)
        assert moved["drop_own_source"] == 50


def test_an_icmp_error_changes_nothing(appliance):
    with Conversation(appliance) as talk, wire_of(appliance, "customer") as wire:
        local = (talk.call.customer.local.address, talk.call.customer.local.port)
        ours = datagram(local, (address_of("customer"), 5000), pack(b"\x11" * 160, 1, 2, 3))
        with nothing_else_moves(appliance), nobody_loses(talk):
            for _ in range(50):
                wire.send(port_unreachable(address_of("customer"), APPLIANCE, ours))
                time.sleep(0.005)


def test_calls_go_on_when_the_link_comes_back(appliance):
    with Conversation(appliance) as talk:
        time.sleep(0.2)
        switch = appliance.lab.namespace("switch")
        with nothing_else_moves(appliance):
            run("ip", "-n", switch, "link", "set", "appliance", "down")
            time.sleep(0.5)
            talk.agent.hears(), talk.customer.hears()
            time.sleep(0.3)
            assert talk.agent.hears() == talk.customer.hears() == []
            run("ip", "-n", switch, "link", "set", "appliance", "up")
            wait_for(lambda: len(talk.agent.packets) > 20 and len(talk.customer.packets) > 20)
        with nobody_loses(talk):
            time.sleep(0.5)


def test_calls_go_on_when_the_interface_has_been_down(appliance):
    there = ("ip", "-n", appliance.lab.namespace("appliance"))
    with Conversation(appliance) as talk:
        time.sleep(0.2)
        run(*there, "link", "set", "access0", "down")
        time.sleep(0.5)
        talk.agent.hears(), talk.customer.hears()
        time.sleep(0.3)
        assert talk.agent.hears() == talk.customer.hears() == []
        run(*there, "link", "set", "access0", "up")
        # Which the kernel takes away with the link.
        run(*there, "addr", "replace", f"{APPLIANCE6}/64", "dev", "access0", "nodad")
        wait_for(lambda: len(talk.agent.packets) > 20 and len(talk.customer.packets) > 20)
        with nothing_else_moves(appliance), nobody_loses(talk):
            time.sleep(0.5)


def test_a_worker_kept_from_its_cpu_catches_up_at_once(appliance):
    """What has come meanwhile goes on as it came, as after a network that held it back; and then it
    is over: nobody hears what was said half a second ago."""
    with Conversation(appliance, record=False) as talk:
        talk.join(WHISPER)
        talk.assert_heard(WHISPER)
        with nothing_else_moves(appliance), nobody_loses(talk):
            os.kill(appliance.dataplane.pid, signal.SIGSTOP)
            try:
                time.sleep(0.4)
                talk.supervisor.speaking.clear()
                time.sleep(0.1)
            finally:
                moment, held_up = time.monotonic(), talk.agent.sent
                os.kill(appliance.dataplane.pid, signal.SIGCONT)
            wait_for(lambda: len(talk.customer.since(moment)) >= 20)
            assert near(talk.agent.level(settle=0.1), "customer")
            # Nothing of it is still on its way.
            more = talk.agent.sent - held_up
            assert len(talk.customer.since(moment)) >= 20 + more - 2


@pytest.mark.parametrize("how", ["link", "silence"])
def test_a_recorder_out_of_reach_costs_the_call_nothing(appliance, how):
    """Its link is down, or it is gone from its address."""
    there = appliance.lab.namespace("recorder")
    with Conversation(appliance) as talk:
        time.sleep(0.2)
        with nobody_loses(talk):
            if how == "link":
                run("ip", "-n", there, "link", "set", "eth0", "down")
            else:
                run("ip", "-n", there, "addr", "del", f"{RECORDER}/24", "dev", "eth0")
                run("ip", "-n", appliance.lab.namespace("appliance"), "neigh", "flush", "dev",
                    "rec0")
            time.sleep(1)
        talk.recorded_agent.hears()
        if how == "link":
            run("ip", "-n", there, "link", "set", "eth0", "up")
        else:
            run("ip", "-n", there, "addr", "add", f"{RECORDER}/24", "dev", "eth0")
        wait_for(lambda: len(talk.recorded_agent.packets) > 20, 10)
        counters = appliance.api.counters()
        assert counters["guard_dropped"] == 0

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Calls that the kernel forwards, and how they come and go: nobody on them can tell (M26, M35)."""

import contextlib
import time

import pytest

import api
from api import BARGE, LISTEN, WHISPER, media
from appliance import set_up_appliance
from bridgetap.v1 import admin_pb2, calls_pb2
from conversation import LOUDNESS, Conversation, near
from frames import Wire, datagram, mac_of, wrong_checksums
from lab import APPLIANCE, RECORDER, address_of
from rtp import Party, encode, pack, restart_with_another_ssrc, steps

PATIENCE = 15
SENDERS = ("agent", "customer", "supervisor", "stranger")


@pytest.fixture(scope="module")
def wired(lab):
    """A network in which the kernel can forward: without, it is what it is in all other tests."""
    lab.let_kernel_forward()
    for host in SENDERS:
        lab.whole_checksums(host)
    return lab


@pytest.fixture
def relaying(wired):
    with set_up_appliance(wired) as box:
        yield box


def wait_for(condition, what, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def relayed_calls(box):
    return box.api.stats().relayed_calls


def forwarded(box):
    """Packets that the kernel has forwarded."""
    return {port.name: port.relayed for port in box.api.stats().ports}["access"]


def wait_until_relayed(box, calls=1):
    wait_for(lambda: relayed_calls(box) == calls, f"{relayed_calls(box)} calls are relayed")


def worker_packets(box):
    return box.api.counters()["rx_packets"]


@contextlib.contextmanager
def relayed(box, **options):
    """A call that the kernel forwards."""
    with Conversation(box, **{"record": False, **options}) as talk:
        wait_until_relayed(box)
        yield talk


class Streams:
    """All that two parties have heard, and sent, from the beginning."""

    def __init__(self, talk):
        self.talk = talk

    def assert_whole(self):
        """One SSRC without a step, no packet missing, and bit for bit what was said."""
        time.sleep(0.1)
        for listener, source in ((self.talk.agent, self.talk.customer),
                                 (self.talk.customer, self.talk.agent)):
            packets = list(listener.packets)
            assert steps(packets) == []
            # What was sent as this is written is on its way.
            assert source.sent - 3 <= len(packets) <= source.sent

    def assert_untouched(self):
        for listener, source in ((self.talk.agent, self.talk.customer),
                                 (self.talk.customer, self.talk.agent)):
            assert all(packet.payload == source.payload for packet in list(listener.packets))


def test_a_call_of_two_is_forwarded_in_the_kernel(relaying):
    with relayed(relaying) as talk:
        before, packets = forwarded(relaying), worker_packets(relaying)
        time.sleep(1)
        assert forwarded(relaying) - before >= 90
        assert worker_packets(relaying) == packets
        talk.assert_heard(None)
        Streams(talk).assert_whole()
        Streams(talk).assert_untouched()
        assert {packet.source for packet in talk.agent.packets} == {
            (APPLIANCE, talk.call.agent.local.port)}


@pytest.mark.parametrize("mode", [LISTEN, WHISPER, BARGE])
def test_a_monitor_who_joins_hears_at_once_and_breaks_nothing(relaying, mode):
    with relayed(relaying) as talk:
        talk.join(mode)
        assert relayed_calls(relaying) == 0
        before = forwarded(relaying)
        talk.assert_heard(mode)
        assert forwarded(relaying) == before
        talk.leave()
        wait_until_relayed(relaying)
        talk.assert_heard(None)
        Streams(talk).assert_whole()


def test_a_recording_that_starts_in_mid_call_has_all_from_then_on(relaying):
    with relayed(relaying) as talk:
        with Party(relaying.lab, "recorder", ("0.0.0.0", 7000), None) as mix:
            relaying.api.calls.StartRecording(calls_pb2.StartRecordingRequest(
                call_id=talk.id,
                target=calls_pb2.RecordingTarget(mix=api.address(RECORDER, 7000))))
            assert relayed_calls(relaying) == 0
            assert near(mix.level(), "agent", "customer")
            relaying.api.calls.StopRecording(
                calls_pb2.StopRecordingRequest(call_id=talk.id))
            wait_until_relayed(relaying)
            assert mix.level() is None
        Streams(talk).assert_whole()
        Streams(talk).assert_untouched()


def test_a_transfer_does_not_break_the_customers_stream(relaying):
    relaying.api.put_user("bob", api.AGENT)
    with relayed(relaying) as talk:
        answer = relaying.api.calls.TransferCall(calls_pb2.TransferCallRequest(
            call_id=talk.id, agent_user="bob", agent=media(address_of("supervisor"), 4444)))
        assert relayed_calls(relaying) == 0
        heard = len(talk.agent.packets)
        with Party(relaying.lab, "supervisor", ("0.0.0.0", 4444),
                   (answer.agent.local.address, answer.agent.local.port),
                   LOUDNESS["agent"]) as successor:
            wait_until_relayed(relaying)
            assert near(talk.customer.level(), "agent")
            assert near(successor.level(), "customer")
        assert len(talk.agent.packets) <= heard + 2
        packets = list(talk.customer.packets)
        assert {packet.ssrc for packet in packets} == {packets[0].ssrc}
        assert all((b.sequence - a.sequence) & 0xffff == 1 for a, b in zip(packets, packets[1:]))


def test_nothing_is_forwarded_once_the_call_has_ended(relaying):
    with relayed(relaying) as talk:
        talk.delete()
        assert relayed_calls(relaying) == 0
        before = forwarded(relaying)
        time.sleep(0.1)
        heard = [len(party.packets) for party in (talk.agent, talk.customer)]
        time.sleep(0.3)
        assert heard == [len(party.packets) for party in (talk.agent, talk.customer)]
        assert forwarded(relaying) == before


def test_a_stranger_is_refused_and_nobody_notices(relaying):
    with relayed(relaying) as talk:
        before = relaying.api.counters()
        with relaying.lab.socket("stranger") as spray:
            spray.bind(("0.0.0.0", 0))
            spray.settimeout(0.3)
            for n in range(50):
                # With everything right but the source.
                spray.sendto(pack(bytes([encode(20000)]) * 160, talk.agent.sequence + n,
                                  talk.agent.timestamp, talk.agent.ssrc),
                             (APPLIANCE, talk.call.agent.local.port))
            with pytest.raises(TimeoutError):
                spray.recvfrom(2048)
        after = relaying.api.counters()
        assert after["drop_refused_source"] - before["drop_refused_source"] == 50
        assert after["relay_ended"] == before["relay_ended"]
        assert relayed_calls(relaying) == 1
        Streams(talk).assert_whole()
        Streams(talk).assert_untouched()


def test_a_payload_damaged_on_the_way_is_damaged_to_its_listener(relaying):
    """The kernel forwards without a look at the payload and keeps what its checksum says of it: so
    the listener finds it out, and nobody hears it."""
    lab = relaying.lab
    with relayed(relaying) as talk, \
            Wire(lab, "agent", "eth0", mac_of(lab, "appliance", "access0")) as wire:
        before, wrong = relaying.api.counters(), wrong_checksums(lab, "customer")
        local = (APPLIANCE, talk.call.agent.local.port)
        for _ in range(50):
            packet = bytearray(datagram((address_of("agent"), talk.ports["agent"]), local,
                                        pack(talk.agent.payload, talk.agent.sequence,
                                             talk.agent.timestamp, talk.agent.ssrc)))
            packet[-1] ^= 0x01
            wire.send(packet)
            time.sleep(0.005)
        time.sleep(0.1)
        assert wrong_checksums(lab, "customer") == wrong + 50
        assert relaying.api.counters() == before
        assert relayed_calls(relaying) == 1
        Streams(talk).assert_whole()
        Streams(talk).assert_untouched()


def test_a_far_end_that_sends_back_what_it_hears_does_not_bring_the_call_back(relaying):
    with relayed(relaying) as talk:
        before = relaying.api.counters()
        talk.agent.loops = talk.customer.loops = True
        talk.assert_heard(None)
        time.sleep(2.5)
        talk.agent.loops = talk.customer.loops = False
        after = relaying.api.counters()
        assert after["drop_own_ssrc"] - before["drop_own_ssrc"] > 100
        assert after["relay_ended"] == before["relay_ended"]
        assert relayed_calls(relaying) == 1
        Streams(talk).assert_whole()
        Streams(talk).assert_untouched()


def test_another_ssrc_brings_the_call_back_and_the_stream_goes_on(relaying):
    with relayed(relaying) as talk:
        talk.agent.begin_anew(restart_with_another_ssrc)
        time.sleep(0.3)
        assert relaying.api.counters()["ssrc_changed"] == 1
        wait_until_relayed(relaying)
        packets = list(talk.customer.packets)
        assert {packet.ssrc for packet in packets} == {packets[0].ssrc}
        assert all((b.sequence - a.sequence) & 0xffff == 1 for a, b in zip(packets, packets[1:]))
        # The clock goes on as time does.
        assert all(0 < (b.timestamp - a.timestamp) & 0xffffffff < 8000
                   for a, b in zip(packets, packets[1:]))
        talk.assert_heard(None)


def test_statistics_are_true_of_what_the_kernel_forwards(relaying):
    def legs():
        stats = relaying.api.admin.GetStats(admin_pb2.GetStatsRequest(call_id=talk.id))
        return {leg.role: leg for leg in stats.legs}

    with relayed(relaying) as talk:
        time.sleep(0.5)
        talk.agent.speaking.clear()
        time.sleep(0.1)
        lost = 10
        talk.agent.sequence += lost
        talk.agent.timestamp += lost * 160
        talk.agent.speaking.set()
        time.sleep(0.5)
        assert relayed_calls(relaying) == 1
        for role, party in (("agent", talk.agent), ("customer", talk.customer)):
            leg = legs()[role]
            assert abs(leg.packets - party.sent) <= 2
            assert leg.lost == (lost if role == "agent" else 0)
            assert leg.ssrc == party.ssrc
            assert leg.silent_ms < 100 and leg.jitter_ms < 50
        talk.agent.speaking.clear()
        time.sleep(1)
        assert 900 < legs()["agent"].silent_ms < 1300
        assert legs()["customer"].silent_ms < 100
        # As much is said of it once it is back.
        packets = legs()["agent"].packets
        talk.join(LISTEN)
        leg = legs()["agent"]
        assert (leg.packets, leg.lost) == (packets, lost)
        assert leg.silent_ms > 1000


def test_ipv6_is_forwarded_too(relaying):
    from socket import AF_INET6
    call = relaying.api.calls.CreateCall(calls_pb2.CreateCallRequest(
        call=calls_pb2.CallDescription(id="six", agent=media("2001:db8::10", 4000),
                                       customer=media("2001:db8::20", 5000))))
    parties = [Party(relaying.lab, who, ("::", port), (leg.local.address, leg.local.port), level,
                     family=AF_INET6)
               for who, port, leg, level in (("agent", 4000, call.agent, LOUDNESS["agent"]),
                                             ("customer", 5000, call.customer,
                                              LOUDNESS["customer"]))]
    with parties[0] as agent, parties[1] as customer:
        wait_until_relayed(relaying)
        assert near(agent.level(), "customer")
        assert near(customer.level(), "agent")
        assert forwarded(relaying) > 20
        for party in (agent, customer):
            assert steps(party.packets) == []


def test_checksums_that_a_sender_left_to_its_port_are_left_to_the_data_plane(relaying):
    """A local sender on a veth leaves them out: then the kernel hands every packet over."""
    relaying.lab.whole_checksums("agent", False)
    try:
        with Conversation(relaying, record=False) as talk:
            wait_for(lambda: relaying.api.counters()["relay_ended"] > 1, "it is tried")
            talk.assert_heard(None)
            Streams(talk).assert_whole()
            Streams(talk).assert_untouched()
    finally:
        relaying.lab.whole_checksums("agent")


def test_a_killed_data_plane_forwards_for_two_seconds_and_comes_back(relaying):
    with relayed(relaying) as talk:
        relaying.dataplane.kill()
        moment = time.monotonic()
        time.sleep(1)
        assert talk.customer.since(moment + 0.5), "it should go on for a moment"
        time.sleep(2)
        assert talk.customer.since(moment + 2.5) == []
        before = list(talk.customer.packets)
        relaying.dataplane = relaying.lab.start_dataplane()
        wait_for(lambda: len(talk.customer.packets) > len(before) + 10, "media comes back")
        relaying.api.wait_until_connected()
        wait_until_relayed(relaying)
        after = talk.customer.packets[len(before):]
        assert steps(after) == []
        # With the numbers it would have had.
        gap = (after[0].sequence - before[-1].sequence) & 0xffff
        assert (after[0].timestamp - before[-1].timestamp) & 0xffffffff == 160 * gap
        assert after[0].ssrc == before[-1].ssrc
        talk.assert_heard(None)


def test_an_orderly_stop_ends_it_at_once(relaying):
    with relayed(relaying) as talk:
        assert relaying.dataplane.stop() == 0
        moment = time.monotonic()
        time.sleep(0.5)
        assert talk.customer.since(moment + 0.1) == []
        relaying.dataplane = relaying.lab.start_dataplane()


def test_a_neighbour_that_moves_is_followed(relaying):
    from lab import run
    with relayed(relaying) as talk:
        namespace = relaying.lab.namespace("customer")
        run("ip", "-n", namespace, "link", "set", "eth0", "address", "02:00:5e:10:00:98")
        run("ip", "netns", "exec", relaying.lab.namespace("appliance"), "ip", "neigh", "replace",
            address_of("customer"), "lladdr", "02:00:5e:10:00:98", "dev", "access0", "nud",
            "reachable")
        time.sleep(0.2)
        assert near(talk.customer.level(), "agent")
        assert relayed_calls(relaying) == 1


def test_a_far_end_that_takes_no_frames_any_more_gets_them_from_the_data_plane(relaying):
    with relayed(relaying) as talk:
        relaying.lab.let_kernel_forward(allow=False)
        try:
            wait_for(lambda: relayed_calls(relaying) == 0, "it is taken back", 3)
            talk.assert_heard(None)
        finally:
            relaying.lab.let_kernel_forward()
        wait_until_relayed(relaying)
        talk.assert_heard(None)


@pytest.mark.parametrize("why", ["configured", "recorded", "transcoded"])
def test_other_calls_stay_with_the_data_plane(wired, why):
    from rtp import PCMA
    ports = ('( { name = "access"; devargs = "net_af_xdp0,iface=access0";'
             f'    kernel_forwarding = {"false" if why == "configured" else "true"}; }},'
             '  { name = "recorder"; devargs = "net_af_xdp1,iface=rec0"; } )')
    with set_up_appliance(wired, dataplane={"ports": ports}) as box:
        with Conversation(box, record=why == "recorded",
                          codecs={"customer": PCMA} if why == "transcoded" else None) as talk:
            time.sleep(4)
            talk.assert_heard(None)
            assert forwarded(box) == 0
            assert box.api.counters()["relay_begun"] == 0

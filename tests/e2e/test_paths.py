# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The way to the far ends: through VLAN tags, and by neighbours, gateways and routes that change
under a call that goes on."""

import contextlib
import struct
import time

import pytest

from api import BARGE, media
from appliance import set_up_appliance
from bridgetap.v1 import calls_pb2
from conversation import LOUDNESS, Conversation, near
from frames import TaggedSocket, Wire, datagram, mac_of
from lab import APPLIANCE, address_of, run
from rtp import Party, pack, steps
from witness import nobody_loses, nothing_else_moves, wait_for

# --- behind two VLAN tags ---

SERVICE, VLAN = 7, 100
OURS, THEIRS = "203.0.113.1", "203.0.113.10"
TAGS = struct.pack("!HHHH", 0x88a8, SERVICE, 0x8100, VLAN)


class TaggedParty(Party):
    """A far end on the trunk, behind the tags."""

    def __init__(self, lab, port, remote, loudness):
        super().__init__(lab, "stranger", (THEIRS, port), remote, loudness)

    @staticmethod
    def _open(lab, host, local, **_):
        return TaggedSocket(lab, host, "trunk0", mac_of(lab, "appliance", "trunk0"), local, TAGS)


@pytest.fixture(scope="module")
def trunk(lab):
    """One more cable of the appliance, whose far end can be forwarded to."""
    lab.cable("trunk0", "stranger", "trunk0")
    return lab


@pytest.fixture(params=["the workers", "the kernel"])
def tagged(trunk, request):
    """An appliance with a realm behind both tags, and who forwards there."""
    trunk.let_kernel_forward("stranger", "trunk0", request.param == "the kernel")
    mac = mac_of(trunk, "stranger", "trunk0").hex(":")
    config = {
        "ports": '( { name = "access"; devargs = "net_af_xdp0,iface=access0"; },'
                 '  { name = "recorder"; devargs = "net_af_xdp1,iface=rec0"; },'
                 '  { name = "trunk"; devargs = "net_af_xdp2,iface=trunk0"; } )',
        "realms": f'( {{ name = "access"; port = "access"; address = "{APPLIANCE}";'
                  '     rtp_ports = [ 20000, 20199 ]; },'
                  f'  {{ name = "trunk"; port = "trunk"; address = "{OURS}"; vlan = {VLAN};'
                  f'     service_vlan = {SERVICE}; rtp_ports = [ 20000, 20199 ];'
                  f'     next_hop_mac = "{mac}"; }} )'}
    with set_up_appliance(trunk, dataplane=config) as box:
        box.kernel_forwards = request.param == "the kernel"
        yield box


@contextlib.contextmanager
def tagged_call(box):
    """Agent and customer, both on the trunk."""
    call = box.api.calls.CreateCall(calls_pb2.CreateCallRequest(call=calls_pb2.CallDescription(
        id="tagged", agent_user="ann", direction=calls_pb2.DIRECTION_INBOUND,
        agent=media(THEIRS, 4000, realm="trunk"), customer=media(THEIRS, 5000, realm="trunk"))))
    with TaggedParty(box.lab, 4000, (OURS, call.agent.local.port), LOUDNESS["agent"]) as agent, \
            TaggedParty(box.lab, 5000, (OURS, call.customer.local.port),
                        LOUDNESS["customer"]) as customer:
        wait_for(lambda: box.api.stats().relayed_calls == box.kernel_forwards, 15)
        yield call, agent, customer


def test_a_call_is_held_behind_two_tags(tagged):
    with tagged_call(tagged) as (_, agent, customer):
        with nothing_else_moves(tagged):
            assert near(agent.level(), "customer")
            assert near(customer.level(), "agent")
        for listener, source in ((agent, customer), (customer, agent)):
            due = source.sent
            wait_for(lambda: len(listener.packets) >= due)
            packets = list(listener.packets)
            assert steps(packets) == []
            assert all(packet.payload == source.payload for packet in packets)


def test_tags_are_left_to_the_data_plane_where_there_are_any(tagged):
    """In the frame, where the XDP program looks for them."""
    assert not tagged.lab.takes_off_tags("appliance", "trunk0")
    assert tagged.lab.takes_off_tags("appliance", "access0")


@pytest.mark.parametrize("tags", [
    b"", TAGS[:4], TAGS[4:], struct.pack("!HHHH", 0x88a8, SERVICE + 1, 0x8100, VLAN),
    struct.pack("!HHHH", 0x88a8, SERVICE, 0x8100, VLAN + 1), TAGS + b"\x81\x00\x00\x64"],
    ids=["none", "the outer", "the inner", "another outer", "another inner", "three"])
def test_a_frame_with_other_tags_is_no_media(tagged, tags):
    """The XDP program leaves it to the kernel; the data plane never sees it."""
    def to_kernel():
        return {port.name: port.to_kernel for port in tagged.api.stats().ports}["trunk"]

    with tagged_call(tagged) as (call, agent, customer), \
            Wire(tagged.lab, "stranger", "trunk0",
                 mac_of(tagged.lab, "appliance", "trunk0")) as wire:
        left = to_kernel()
        agent.hears(), customer.hears()
        with nothing_else_moves(tagged):
            for n in range(50):
                wire.send(datagram((THEIRS, 4000), (OURS, call.agent.local.port),
                                   pack(b"\x11" * 160, n, 160 * n, 7)), tags)
            wait_for(lambda: to_kernel() >= left + 50)
            assert near(agent.level(), "customer")
        assert steps(agent.hears()) == steps(customer.hears()) == []


# --- next hops ---

NETWORK, BEHIND = "203.0.113.0/24", "203.0.113.20"


def set_sysctl(lab, host, name, value):
    run("ip", "netns", "exec", lab.namespace(host), "sh", "-c",
        f"echo {value} > /proc/sys/net/ipv4/conf/{name}")


@contextlib.contextmanager
def added(lab, host, kind, *what):
    """A route or an address, and gone again."""
    there = ("ip", "-n", lab.namespace(host), kind)
    run(*there, "add", *what)
    try:
        yield
    finally:
        run(*there, "del", *what)


def gap_after(party, moment):
    """How long after a moment a party hears something again."""
    wait_for(lambda: len(party.since(moment)) > 10)
    return party.since(moment)[0].time - moment


def test_a_gateway_that_gets_another_mac_address_is_followed(appliance):
    """As when another machine takes its address over: it announces itself."""
    lab = appliance.lab
    set_sysctl(lab, "customer", "eth0/arp_notify", 1)
    with added(lab, "customer", "addr", f"{BEHIND}/32", "dev", "lo"), \
            added(lab, "appliance", "route", NETWORK, "via", address_of("customer")):
        call = appliance.api.calls.CreateCall(calls_pb2.CreateCallRequest(
            call=calls_pb2.CallDescription(id="far", agent=media(address_of("agent"), 4000),
                                           customer=media(BEHIND, 5000))))
        with Party(lab, "agent", ("0.0.0.0", 4000), (APPLIANCE, call.agent.local.port),
                   LOUDNESS["agent"]) as agent, \
                Party(lab, "customer", (BEHIND, 5000), (APPLIANCE, call.customer.local.port),
                      LOUDNESS["customer"]) as customer:
            assert near(customer.level(), "agent")
            with nothing_else_moves(appliance):
                for last in (0x98, 0x99):
                    moment = time.monotonic()
                    run("ip", "-n", lab.namespace("customer"), "link", "set", "eth0", "address",
                        f"02:00:5e:10:00:{last:x}")
                    assert gap_after(customer, moment + 0.05) < 1
                    assert near(customer.level(), "agent")
                assert near(agent.level(), "customer")


def passing(wire):
    """Datagrams that pass a router on their way to the customer, in half a second."""
    return [frame for frame in wire.listen(0.5)
            if frame[12:14] == b"\x08\x00" and frame[23] == 17
            and frame[30:34] == bytes(map(int, address_of("customer").split(".")))]


def test_a_route_that_changes_is_followed_within_a_second_or_so(appliance):
    """From a direct neighbour to a gateway and back, both of which work: nothing is lost."""
    lab = appliance.lab
    for name, value in (("all/forwarding", 1), ("all/send_redirects", 0),
                        ("eth0/send_redirects", 0)):
        set_sysctl(lab, "stranger", name, value)
    with Conversation(appliance, record=False) as talk, \
            Wire(lab, "stranger", "eth0", mac_of(lab, "appliance", "access0")) as router:
        talk.join(BARGE)
        talk.assert_heard(BARGE)
        assert passing(router) == []
        with nothing_else_moves(appliance), nobody_loses(talk):
            with added(lab, "appliance", "route", f"{address_of('customer')}/32", "via",
                       address_of("stranger")):
                time.sleep(1)
                assert len(passing(router)) > 20
                talk.assert_heard(BARGE)
            time.sleep(1)
            assert passing(router) == []

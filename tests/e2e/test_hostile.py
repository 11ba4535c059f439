# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""A hostile network around calls that go on: over AF_XDP, with the kernel's own stack beside it."""

import contextlib
import time

import pytest

from api import media
from bridgetap.v1 import calls_pb2, common_pb2
from conversation import Conversation
from frames import Wire, datagram, mac_of, port_unreachable
from lab import APPLIANCE, RECORDER, address_of, run
from rtp import Party, pack, steps

PORTS = range(20000, 20200)
LOSSES = ("drop_", "tx_", "event_lost", "guard_dropped")


def losses(box):
    return {name: value for name, value in box.api.counters().items()
            if name.startswith(LOSSES) and name != "tx_packets"}


@contextlib.contextmanager
def nothing_else_moves(box, *allowed):
    """Of all that counts losses, these counters alone may have moved, and each has to. Yields what
    they have moved by."""
    before, moved = losses(box), {}
    yield moved
    for name, value in losses(box).items():
        if value != before[name]:
            moved[name] = value - before[name]
    assert set(moved) == set(allowed), moved


@contextlib.contextmanager
def nobody_loses(*talks):
    """Agent and customer of each hear every packet of the other one in a stream without a gap."""
    for talk in talks:
        talk.agent.hears(), talk.customer.hears()
    begin = {(talk.id, who): getattr(talk, who).sent for talk in talks
             for who in ("agent", "customer")}
    yield
    time.sleep(0.1)
    for talk in talks:
        for who, other in (("agent", talk.customer), ("customer", talk.agent)):
            heard = getattr(talk, who).hears()
            assert steps(heard) == [], (talk.id, who)
            assert abs(len(heard) - (other.sent - begin[talk.id, other_name(who)])) <= 2, who


def other_name(who):
    return "customer" if who == "agent" else "agent"


def wire_of(box, host):
    return Wire(box.lab, host, "eth0", mac_of(box.lab, "appliance", "access0"))


def wait_for(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


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

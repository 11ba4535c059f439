# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""A port that verifies and adds checksums (net_tap): packets go to and come from the kernel's own
UDP, which drops what is wrong."""

import contextlib
import random
import socket

import pytest

from dataplane_client import DataplaneClient, endpoint, pb
from frames import datagram, wrong_checksums
from lab import run
from rtp import pack, parse
from witness import wait_for

NEAR = {4: "203.0.113.1", 6: "2001:db8:7::1"}
FAR = {4: "203.0.113.2", 6: "2001:db8:7::2"}
MAC = "02:00:00:00:00:0e"  # the driver gives both ends the same
AGENT, CUSTOMER = 5000, 5002


@pytest.fixture
def tapped(lab):
    realms = ", ".join(
        f'{{ name = "ip{version}"; port = "tap"; address = "{NEAR[version]}";'
        f' rtp_ports = [ 20000, 20199 ]; next_hop_mac = "{MAC}"; }}' for version in (4, 6))
    process = lab.start_dataplane(
        ports=f'( {{ name = "tap"; devargs = "net_tap0,iface=tap0,mac={MAC}"; }} )',
        realms=f"( {realms} )")
    there = ("ip", "-n", lab.namespace("appliance"))
    for version, length in ((4, 24), (6, 64)):
        run(*there, "addr", "add", f"{FAR[version]}/{length}", "dev", "tap0",
            *(["nodad"] if version == 6 else []))
        run(*there, "neigh", "replace", NEAR[version], "dev", "tap0", "lladdr", MAC, "nud",
            "permanent")
    yield lab
    assert process.stop() == 0


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("codec", ["untouched", "transcoded"])
def test_the_kernel_takes_what_is_sent(tapped, version, codec):
    legs = [pb.Leg(id=1 + n, role=role, realm=f"ip{version}", local_port=20000 + 2 * n,
                   codec=1 + (n if codec == "transcoded" else 0),
                   payload_type=8 * (n if codec == "transcoded" else 0), ssrc=100 + n,
                   remote=endpoint(FAR[version], port))
            for n, (role, port) in enumerate(((pb.ROLE_AGENT, AGENT),
                                              (pb.ROLE_CUSTOMER, CUSTOMER)))]
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    agent, customer = (tapped.socket("appliance", family=family) for _ in range(2))
    noise = random.Random(4)
    before = wrong_checksums(tapped, "appliance")
    client = DataplaneClient(tapped.dataplane_socket)
    with agent, customer, contextlib.closing(client):
        client.put(pb.Call(id="c", legs=legs))
        agent.bind((FAR[version], AGENT))
        customer.bind((FAR[version], CUSTOMER))
        customer.settimeout(5)
        for n in range(100):
            payload = noise.randbytes(1 + noise.randrange(200))
            agent.sendto(pack(payload, n, 1000 + n * 200, 7), (NEAR[version], 20000))
            heard = parse(customer.recv(2048))
            assert len(heard.payload) == len(payload)
            assert heard.payload == payload or codec == "transcoded"
        counters = client.counters()
        client.remove("c")
    assert wrong_checksums(tapped, "appliance") == before
    assert counters["forwarded" if codec == "untouched" else "transcoded"] == 100
    assert counters["drop_bad_checksum"] == 0


def test_a_wrong_checksum_is_dropped_by_name(tapped):
    """One that is right passes; another with one bit changed on the way does not."""
    frames = tapped.socket("appliance", kind=socket.SOCK_RAW, family=socket.AF_PACKET,
                           protocol=socket.htons(0x0800))
    client = DataplaneClient(tapped.dataplane_socket)
    with frames, contextlib.closing(client):
        client.put(pb.Call(id="c", legs=[
            pb.Leg(id=n, role=role, realm="ip4", local_port=20000 + 2 * n, codec=1, ssrc=n,
                   remote=endpoint(FAR[4], port))
            for n, (role, port) in enumerate(((pb.ROLE_AGENT, AGENT),
                                              (pb.ROLE_CUSTOMER, CUSTOMER)))]))
        payload = pack(b"voice", 1, 2, 3)
        frames.bind(("tap0", 0x0800))
        for flip, dropped in ((0, 0), (1, 1)):
            packet = datagram((FAR[4], AGENT), (NEAR[4], 20000), payload)
            packet = packet[:-1] + bytes([packet[-1] ^ flip])
            frames.send(bytes.fromhex(MAC.replace(":", "")) * 2 + b"\x08\x00" + packet)
            wait_for(lambda: client.counters()["forwarded"]
                     + client.counters()["drop_bad_checksum"] == 1 + flip)
            assert client.counters()["drop_bad_checksum"] == dropped
        client.remove("c")

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Ports of other drivers, by the same code: no kernel underneath, and next hops that are fixed."""

import re
import time

from api import BARGE
from conversation import LOUDNESS, near
from dataplane_client import DataplaneClient, endpoint, pb
from lab import APPLIANCE, RECORDER, RECORDING, address_of
from rtp import Party, pack, parse, steps
from witness import wait_for

NEAR, FAR = "203.0.113.1", "203.0.113.2"


def leg(number, role, realm, port, host, remote_port, **more):
    return pb.Leg(id=number, role=role, realm=realm, local_port=port, codec=1, ssrc=100 + number,
                  remote=endpoint(host, remote_port), **more)


def test_a_call_through_two_data_planes_over_memif(lab):
    """agent -- AF_XDP -- one data plane == memif == another -- AF_XDP -- customer"""
    memif = f"{lab.path}/memif.sock"

    def core(role, address, mac, next_hop):
        port = ('{ name = "core"; devargs = '
                f'"net_memif0,role={role},socket={memif},socket-abstract=no,mac={mac}"; }}')
        realm = (f'{{ name = "core"; port = "core"; address = "{address}";'
                 f' rtp_ports = [ 20000, 20199 ]; next_hop_mac = "{next_hop}"; }}')
        return port, realm

    def outside(interface, address):
        return ('{ name = "outside"; devargs = "net_af_xdp0,iface=%s"; }' % interface,
                f'{{ name = "outside"; port = "outside"; address = "{address}";'
                ' rtp_ports = [ 30000, 30199 ]; }')

    def start(name, core_parts, outside_parts):
        return lab.start_dataplane(
            name=name, mbufs="8191", ports=f"( {core_parts[0]}, {outside_parts[0]} )",
            realms=f"( {core_parts[1]}, {outside_parts[1]} )")

    first = start("near", core("server", NEAR, "02:00:00:00:00:0a", "02:00:00:00:00:0b"),
                  outside("access0", APPLIANCE))
    second = start("far", core("client", FAR, "02:00:00:00:00:0b", "02:00:00:00:00:0a"),
                   outside("rec0", RECORDING))
    a, b = (DataplaneClient(f"{lab.path}/{name}.sock") for name in ("near", "far"))
    try:
        a.put(pb.Call(id="near", legs=[
            leg(1, pb.ROLE_AGENT, "outside", 30000, address_of("agent"), 4000),
            leg(2, pb.ROLE_CUSTOMER, "core", 20000, FAR, 20000),
            leg(3, pb.ROLE_MONITOR, "outside", 30002, address_of("supervisor"), 6000, mode=BARGE)]))
        b.put(pb.Call(id="far", legs=[
            leg(11, pb.ROLE_AGENT, "core", 20000, NEAR, 20000),
            leg(12, pb.ROLE_CUSTOMER, "outside", 30000, RECORDER, 7000)]))
        with Party(lab, "agent", ("0.0.0.0", 4000), (APPLIANCE, 30000),
                   LOUDNESS["agent"]) as agent, \
                Party(lab, "recorder", ("0.0.0.0", 7000), (RECORDING, 30000),
                      LOUDNESS["customer"]) as customer, \
                Party(lab, "supervisor", ("0.0.0.0", 6000), (APPLIANCE, 30002),
                      LOUDNESS["supervisor"]):
            time.sleep(0.5)
            assert near(customer.level(), "agent", "supervisor")
            assert near(agent.level(), "customer", "supervisor")
            heard = customer.hears()
            assert heard and steps(heard) == []
        counters = a.counters()
        assert counters["tx_no_neighbour"] == 0 and counters["tx_full"] == 0
        # Who sends there must know where to: of each, and of none that the kernel answers for.
        for process, mac in ((first, "02:00:00:00:00:0A"), (second, "02:00:00:00:00:0B")):
            assert re.findall("^realm (.*): .*static entry of (.*)$", process.output(), re.M) == [
                ("core", mac)]
    finally:
        a.close()
        b.close()
        assert [first.stop(), second.stop()] == [0, 0]


def test_a_capture_file_is_a_port(lab):
    """net_pcap: packets out of the appliance, into a file that anybody can read."""
    written = lab.path / "sent.pcap"
    process = lab.start_dataplane(
        ports='( { name = "access"; devargs = "net_af_xdp0,iface=access0"; },'
              f'  {{ name = "file"; devargs = "net_pcap0,rx_iface=lo,tx_pcap={written}"; }} )',
        realms=f'( {{ name = "access"; port = "access"; address = "{APPLIANCE}";'
               '    rtp_ports = [ 20000, 20199 ]; },'
               f'  {{ name = "file"; port = "file"; address = "{NEAR}"; vlan = 42;'
               '    rtp_ports = [ 20000, 20199 ]; next_hop_mac = "02:00:00:00:00:0b"; } )')
    client = DataplaneClient(lab.dataplane_socket)
    client.put(pb.Call(id="c", legs=[
        leg(1, pb.ROLE_AGENT, "access", 20000, address_of("agent"), 4000),
        leg(2, pb.ROLE_CUSTOMER, "file", 20000, FAR, 5000)]))
    sender = lab.socket("agent")
    sender.bind(("0.0.0.0", 4000))
    for n in range(10):
        sender.sendto(pack(bytes([n]) * 160, n, 160 * n, 7), (APPLIANCE, 20000))
        time.sleep(0.02)
    sender.close()
    wait_for(lambda: client.counters()["forwarded"] == 10)
    client.close()
    assert process.stop() == 0
    data = written.read_bytes()
    frames, at = [], 24
    while at < len(data):
        length = int.from_bytes(data[at + 8:at + 12], "little")
        frames.append(data[at + 16:at + 16 + length])
        at += 16 + length
    assert len(frames) == 10
    for n, frame in enumerate(frames):
        # To the fixed next hop, on the VLAN, from the realm's address.
        assert frame[:6] == bytes.fromhex("02000000000b")
        assert frame[12:18] == bytes.fromhex("8100002a0800")
        packet = parse(frame[18 + 28:])
        assert packet.payload == bytes([n]) * 160 and packet.ssrc == 102

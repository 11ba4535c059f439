# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The interface is shared with the kernel, and the XDP program is never tripped over."""

import socket
import struct
import time

import pytest

from api import BARGE
from conversation import Conversation
from lab import APPLIANCE, BUILD, run


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def echo_request(lab, host, target):
    """An ICMP echo, as ping(8) sends it; whether it was answered."""
    icmp = lab.socket(host, socket.SOCK_RAW, protocol=socket.IPPROTO_ICMP)
    icmp.settimeout(1)
    body = struct.pack("!BBHHH", 8, 0, 0, 77, 1) + b"bridgetap"[:8]
    body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    icmp.sendto(body, (target, 0))
    try:
        while True:
            answer = icmp.recv(2048)
            if answer[20] == 0 and answer[24:26] == b"\x00M":
                return True
    except TimeoutError:
        return False
    finally:
        icmp.close()


def test_arp_icmp_and_tcp_reach_the_kernel_beside_the_media(appliance):
    lab = appliance.lab
    server = lab.socket("appliance", socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((APPLIANCE, 2222))
    server.listen()
    with Conversation(appliance) as talk:
        talk.join(BARGE)
        run("ip", "-n", lab.namespace("agent"), "neigh", "flush", "dev", "eth0")
        assert echo_request(lab, "agent", APPLIANCE)
        client = lab.socket("agent", socket.SOCK_STREAM)
        client.settimeout(2)
        client.connect((APPLIANCE, 2222))
        peer, _ = server.accept()
        client.sendall(b"as SSH would")
        assert peer.recv(64) == b"as SSH would"
        client.close()
        peer.close()
        talk.assert_heard(BARGE)
        # Media goes on meanwhile: two parties and a supervisor send 150 packets a second.
        deadline = time.monotonic() + 10
        while True:
            ports = {port.name: port for port in appliance.api.wait_until_connected().ports}
            if ports["access"].to_dataplane >= 100 or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        assert ports["access"].steered
        assert ports["access"].to_dataplane >= 100
        assert ports["access"].to_kernel >= 5
    server.close()


def test_udp_beside_the_realms_ports_reaches_the_kernel(appliance):
    lab = appliance.lab
    inside = lab.socket("appliance")
    inside.bind((APPLIANCE, 5060))
    inside.settimeout(1)
    outside = lab.socket("agent")
    outside.sendto(b"OPTIONS sip:bridgetap SIP/2.0", (APPLIANCE, 5060))
    assert inside.recv(2048).startswith(b"OPTIONS")
    inside.close()
    outside.close()


def test_a_program_left_by_an_unclean_exit_is_replaced(lab):
    for _ in range(3):
        dataplane = lab.start_dataplane()
        dataplane.kill()
        assert "xdp" in run("ip", "-n", lab.namespace("appliance"), "link", "show", "access0")
    dataplane = lab.start_dataplane()
    assert dataplane.stop() == 0
    assert "xdp" not in run("ip", "-n", lab.namespace("appliance"), "link", "show", "access0")


def test_the_program_of_somebody_else_is_left_alone(lab):
    namespace = lab.namespace("appliance")
    # Any other XDP program: ours, under the name of its file's other section.
    source = lab.path / "other.bpf.c"
    source.write_text('#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n'
                      'SEC("xdp") int somebody_else(struct xdp_md *c) { return XDP_PASS; }\n'
                      'char LICENSE[] SEC("license") = "GPL";\n')
    program = lab.path / "other.bpf.o"
    run("clang", "-O2", "-g", "-target", "bpf", "-I/usr/include/x86_64-linux-gnu",
        "-c", str(source), "-o", str(program))
    run("ip", "-n", namespace, "link", "set", "dev", "access0", "xdp", "obj", str(program),
        "sec", "xdp")
    try:
        with pytest.raises(RuntimeError) as refused:
            lab.start_dataplane()
        assert "XDP program of somebody else" in str(refused.value)
        assert "xdp" in run("ip", "-n", namespace, "link", "show", "access0")
    finally:
        run("ip", "-n", namespace, "link", "set", "dev", "access0", "xdp", "off")


def test_two_data_planes_do_not_share_a_socket(lab):
    dataplane = lab.start_dataplane()
    try:
        config = lab.dataplane_config(
            ports='( { name = "access"; devargs = "net_ring0"; } )',
            realms=f'( {{ name = "a"; port = "access"; address = "{APPLIANCE}";'
                   ' rtp_ports = [ 20000, 20199 ]; next_hop_mac = "02:00:00:00:00:01"; } )')
        other = lab.spawn("appliance", "second", BUILD / "bin/bridgetap-dataplane",
                          "--config", config)
        assert other.wait(20) != 0
        assert "another data plane is running there" in other.output()
        assert dataplane.running()
    finally:
        dataplane.stop()

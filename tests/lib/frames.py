# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Frames as an attacker, or a network of another kind, would send them: by bytes."""

import json
import socket
import struct

from lab import run


def internet_checksum(data):
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def datagram(source, destination, payload):
    """An IPv4 packet with UDP; source and destination are pairs of address and port."""
    here, there = socket.inet_aton(source[0]), socket.inet_aton(destination[0])
    length = 8 + len(payload)
    udp = struct.pack("!HHHH", source[1], destination[1], length, 0) + payload
    pseudo = here + there + struct.pack("!BBH", 0, 17, length)
    udp = udp[:6] + struct.pack("!H", internet_checksum(pseudo + udp) or 0xffff) + udp[8:]
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, 64, 17, 0) + here + there
    return header[:10] + struct.pack("!H", internet_checksum(header)) + header[12:] + udp


def port_unreachable(sender, receiver, packet):
    """The ICMP error of `sender` to `receiver` about a packet of the latter."""
    icmp = struct.pack("!BBHI", 3, 3, 0, 0) + packet[:28]
    icmp = icmp[:2] + struct.pack("!H", internet_checksum(icmp)) + icmp[4:]
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 0, 0, 64, 1, 0)
    header += socket.inet_aton(sender) + socket.inet_aton(receiver)
    return header[:10] + struct.pack("!H", internet_checksum(header)) + header[12:] + icmp


def mac_of(lab, host, interface):
    links = json.loads(run("ip", "-n", lab.namespace(host), "-j", "link", "show", interface))
    return bytes.fromhex(links[0]["address"].replace(":", ""))


class Wire:
    """Sends and hears frames on a host's interface. A context manager."""

    def __init__(self, lab, host, interface, to):
        """`to` is the MAC address that frames go to."""
        self._socket = lab.socket(host, kind=socket.SOCK_RAW, family=socket.AF_PACKET,
                                  protocol=socket.htons(3))
        self._socket.bind((interface, 3))
        self._socket.settimeout(0.2)
        self.addresses = to + mac_of(lab, host, interface)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def send(self, packet, tags=b""):
        """An IPv4 packet behind the tags, which are bytes."""
        self._socket.send(self.addresses + tags + b"\x08\x00" + packet)

    def hear(self):
        """Frames that have come, as bytes, until none comes for a while."""
        frames = []
        try:
            while True:
                frame, where = self._socket.recvfrom(2048)
                if where[2] != socket.PACKET_OUTGOING:
                    frames.append(frame)
        except TimeoutError:
            return frames

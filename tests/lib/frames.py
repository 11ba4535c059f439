# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Frames as an attacker, or a network of another kind, would send them: by bytes."""

import json
import select
import socket
import struct
import time

from lab import run

SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID = 263, 8, 0x10


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


def wrong_checksums(lab, host):
    """Datagrams that a host's kernel has dropped for their checksums."""
    text = run("ip", "netns", "exec", lab.namespace(host),
               "cat", "/proc/net/snmp", "/proc/net/snmp6")
    names, values = [line.split() for line in text.splitlines() if line.startswith("Udp:")]
    found = int(dict(zip(names, values))["InCsumErrors"])
    return found + sum(int(line.split()[1]) for line in text.splitlines()
                       if line.startswith("Udp6InCsumErrors"))


def mac_of(lab, host, interface):
    links = json.loads(run("ip", "-n", lab.namespace(host), "-j", "link", "show", interface))
    return bytes.fromhex(links[0]["address"].replace(":", ""))


class Wire:
    """Sends and hears frames on a host's interface. A context manager."""

    def __init__(self, lab, host, interface, to):
        """`to` is the MAC address that frames go to."""
        self._socket = lab.socket(host, kind=socket.SOCK_RAW, family=socket.AF_PACKET,
                                  protocol=socket.htons(3))
        self._socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self._socket.bind((interface, 3))
        self._socket.settimeout(0.2)
        self.addresses = to + mac_of(lab, host, interface)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def fileno(self):
        return self._socket.fileno()

    def setblocking(self, flag):
        self._socket.setblocking(flag)

    def send(self, packet, tags=b""):
        """An IPv4 packet behind the tags, which are bytes."""
        self._socket.send(self.addresses + tags + b"\x08\x00" + packet)

    def receive(self):
        """The next frame, whole; None for one of our own side."""
        frame, ancillary, _, where = self._socket.recvmsg(2048, 128)
        if where[2] == socket.PACKET_OUTGOING:
            return None
        for _, _, data in ancillary:
            status, tci, tpid = struct.unpack("I12xHH", data)
            if status & TP_STATUS_VLAN_VALID:  # the kernel has taken the outer tag off
                frame = frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
        return frame

    def _comes(self, seconds=0):
        return select.select([self._socket], [], [], max(0, seconds))[0]

    def listen(self, seconds):
        """Frames that come from now on, for so many seconds."""
        deadline = time.monotonic() + seconds
        frames = []
        while self._comes():
            self.receive()
        while self._comes(deadline - time.monotonic()):
            frames.append(self.receive())
        return [frame for frame in frames if frame]

    def hear(self):
        """Frames that have come, as bytes, until none comes for a while."""
        frames, deadline = [], time.monotonic() + 10
        try:
            while True:
                frames.append(self.receive())
                assert time.monotonic() < deadline, f"it does not end: {frames[-1]!r}"
        except TimeoutError:
            return [frame for frame in frames if frame]


class TaggedSocket(Wire):
    """One of UDP over IPv4 behind VLAN tags, where the kernel need not know of any VLAN."""

    def __init__(self, lab, host, interface, to, local, tags):
        super().__init__(lab, host, interface, to)
        self._local, self._tags = local, tags

    def sendto(self, data, remote):
        self.send(datagram(self._local, remote, data), self._tags)

    def recvfrom(self, _):
        """BlockingIOError for what is somebody else's."""
        frame = self.receive() or b""
        at = 12 + len(self._tags) + 2
        here = socket.inet_aton(self._local[0]), struct.pack("!H", self._local[1])
        if (frame[12:at] != self._tags + b"\x08\x00"
                or (frame[at + 16:at + 20], frame[at + 22:at + 24]) != here):
            raise BlockingIOError
        source = socket.inet_ntoa(frame[at + 12:at + 16])
        length = struct.unpack("!H", frame[at + 24:at + 26])[0]
        return frame[at + 28:at + 20 + length], (source, *struct.unpack("!H",
                                                                        frame[at + 20:at + 22]))

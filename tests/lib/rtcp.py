# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""RTCP as a phone has it: it reads the appliance's reports and answers them. And a capture of what
is on a host's wire, as tshark sees it."""

import collections
import json
import select
import struct
import subprocess
import threading
import time

SR, RR, SDES, BYE = 200, 201, 202, 203

Report = collections.namedtuple("Report", "time ssrc ntp timestamp packets octets blocks cname bye")
Block = collections.namedtuple("Block", "ssrc fraction lost highest jitter lsr dlsr")

WAY_MS = 40  # what a Phone adds to the round trip


def _parts(data):
    """(type, count, body) of each packet of a compound one."""
    while data:
        first, kind, words = struct.unpack("!BBH", data[:4])
        assert first >> 6 == 2 and not first & 0x20
        end = 4 * (words + 1)
        assert end <= len(data)
        yield kind, first & 31, data[4:end]
        data = data[end:]


def read(data, when=0.0):
    """What a compound packet of the appliance says; it must be an SR or RR with an SDES."""
    ntp = timestamp = packets = octets = cname = None
    bye, blocks = False, []
    for number, (kind, count, body) in enumerate(_parts(data)):
        assert (number == 0) == (kind in (SR, RR))
        if kind in (SR, RR):
            ssrc, at = struct.unpack("!I", body[:4])[0], 4
            if kind == SR:
                seconds, part, timestamp, packets, octets = struct.unpack("!5I", body[4:24])
                ntp, at = seconds + part / 2**32, 24
            for start in range(at, at + 24 * count, 24):
                about, lost, *rest = struct.unpack("!6I", body[start:start + 24])
                blocks.append(Block(about, lost >> 24, lost & 0xffffff, *rest))
        elif kind == SDES:
            assert count == 1 and body[4] == 1
            cname = body[6:6 + body[5]].decode()
        elif kind == BYE:
            bye = True
    assert cname
    return Report(when, ssrc, ntp, timestamp, packets, octets, blocks, cname, bye)


def write(ssrc, block=None, bye=False):
    """An RR, with an SDES."""
    body = struct.pack("!I", ssrc)
    if block:
        body += struct.pack("!6I", block.ssrc, block.fraction << 24 | block.lost, *block[3:])
    out = struct.pack("!BBH", 0x80 | bool(block), RR, len(body) // 4) + body
    out += struct.pack("!BBHIBB6s", 0x81, SDES, 3, ssrc, 1, 5, b"phone\0")
    if bye:
        out += struct.pack("!BBHI", 0x81, BYE, 1, ssrc)
    return out


class Phone:
    """The RTCP of a Party, on the port above that of its RTP: answers each SR as if it had been
    under way for WAY_MS, with 3 packets lost, 1/16 of the last ones, and 2 ms of jitter. A context
    manager."""

    def __init__(self, lab, host, party, port, remote):
        self._socket = lab.socket(host)
        self._socket.bind(("0.0.0.0", port))
        self._party, self._remote = party, remote
        self.reports = []
        self.answers = bool(party)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def answer(self, report):
        return write(self._party.ssrc, answer_to(report))

    def _run(self):
        while not self._stop.is_set():
            if not select.select([self._socket], [], [], 0.1)[0]:
                continue
            report = read(self._socket.recv(2048), time.monotonic())
            self.reports.append(report)
            if self.answers and report.ntp and not report.bye:
                time.sleep(WAY_MS / 1000)
                self._socket.sendto(self.answer(report), self._remote)


def answer_to(report):
    """The block about a stream, by one of its SRs."""
    lsr = int(report.ntp * 65536) & 0xffffffff
    return Block(report.ssrc, 16, 3, 0x10000, 16, lsr, 0)


class Wire:
    """A capture on a host. A context manager; decode() afterwards."""

    def __init__(self, lab, host):
        self._lab, self._host = lab, host
        self.path = lab.path / f"{host}.pcap"

    def __enter__(self):
        self._process = self._lab.spawn(self._host, f"tcpdump-{self._host}", "tcpdump", "-U", "-Z",
                                        "root", "--immediate-mode", "-i", "eth0", "-w", self.path,
                                        "udp")
        deadline = time.monotonic() + 10
        while "listening" not in self._process.output():
            assert time.monotonic() < deadline, self._process.output()
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self._process.interrupt()
        self._process.wait(10)

    def decode(self, rtcp_ports, display):
        """The frames that tshark shows for a display filter, with these ports taken for RTCP: a
        list of dictionaries of protocols."""
        argv = ["tshark", "-r", str(self.path), "-Y", display, "-T", "json", "--no-duplicate-keys"]
        for port in rtcp_ports:
            argv += ["-d", f"udp.port=={port},rtcp"]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        return [frame["_source"]["layers"] for frame in json.loads(done.stdout or "[]")]

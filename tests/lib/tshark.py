# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""RTP and RTCP as tshark sees them: its own analysis of the streams, its expert's remarks, and the
fields of every packet, out of a capture."""

import collections
import re
import subprocess

from capture import LINEAR, Stream

FIELDS = ("frame.time_epoch", "ip.src", "udp.srcport", "ip.dst", "udp.dstport", "rtp.ssrc",
          "rtp.p_type", "rtp.seq", "rtp.timestamp", "rtp.payload", "rtcp.pt", "rtcp.senderssrc",
          "rtcp.ssrc.identifier", "_ws.expert.severity", "_ws.expert.message")
CODES = LINEAR  # the linear value of each byte, by payload type
SR, RR, SDES = 200, 201, 202  # RTCP packet types
NOTE = 0x400000  # of the expert's severities the first above small talk ("length is right")

# An RTCP packet: the types of those that it is compounded of, who reports, and whom on (and again
# who, in SDES and BYE): SSRCs.
Rtcp = collections.namedtuple("Rtcp", "source destination types senders identifiers")

# A row of its table of streams. `problem` is set for a packet that is out of order or twice there,
# or whose timestamp or payload type does not fit.
Row = collections.namedtuple("Row", "source destination ssrc payload packets lost problem")


class Analysis:
    """What tshark says of a capture. `rtp` and `rtcp` are the ports to be decoded as such."""

    def __init__(self, path, rtp, rtcp):
        kinds = [f"udp.port=={port},{kind}" for kind, ports in (("rtp", rtp), ("rtcp", rtcp))
                 for port in ports]
        options = [word for kind in kinds for word in ("-d", kind)]
        options += [word for field in FIELDS for word in ("-e", field)]
        done = subprocess.run(
            ["tshark", "-n", "-r", path, "-Y", "udp && !icmp", "-T", "fields", "-E",
             "separator=/t", "-E", "occurrence=a", *options, "-z", "rtp,streams"],
            capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        packets, _, table = done.stdout.partition("\n====")
        self.streams = {}   # Stream by (source, destination), each (address, port)
        self.rtcp = []      # Rtcp of every packet
        self.remarks = []   # (source, destination, what the expert said)
        self.sent = collections.Counter()  # packets of any kind by (source, destination)
        for line in packets.splitlines():
            self._take(dict(zip(FIELDS, line.split("\t"))))
        self.rows = [row for row in map(_row, table.splitlines()) if row]

    def _take(self, packet):
        key = ((packet["ip.src"], int(packet["udp.srcport"])),
               (packet["ip.dst"], int(packet["udp.dstport"])))
        self.sent[key] += 1
        if max((int(level) for level in packet["_ws.expert.severity"].split(",") if level),
               default=0) >= NOTE:
            self.remarks.append((*key, packet["_ws.expert.message"]))
        if packet["rtcp.pt"]:
            self.rtcp.append(Rtcp(*key, [int(kind) for kind in packet["rtcp.pt"].split(",")],
                                  *(_ssrcs(packet[field]) for field in (
                                      "rtcp.senderssrc", "rtcp.ssrc.identifier"))))
        if packet["rtp.seq"]:
            stream = self.streams.setdefault(key, Stream())
            stream.times.append(float(packet["frame.time_epoch"]))
            stream.types.append(int(packet["rtp.p_type"]))
            stream.sequences.append(int(packet["rtp.seq"]))
            stream.timestamps.append(int(packet["rtp.timestamp"]))
            stream.ssrcs.append(int(packet["rtp.ssrc"], 16))
            stream.payloads.append(bytes.fromhex(packet["rtp.payload"].replace(":", "")))

    def of(self, destination=None, source=None):
        """The stream to, or from, an (address, port); an empty one if there is none."""
        found = [stream for (begin, end), stream in self.streams.items()
                 if destination in (None, end) and source in (None, begin)]
        assert len(found) <= 1, f"{len(found)} streams from {source} to {destination}"
        return found[0] if found else Stream()


def _ssrcs(text):
    return [int(ssrc, 0) for ssrc in text.split(",") if ssrc]


def _row(line):
    """Start, end, address and port of both, SSRC, payload, packets, lost (%), times, problem."""
    found = re.match(r"\s*[\d.]+\s+[\d.]+\s+([\d.]+)\s+(\d+)\s+([\d.]+)\s+(\d+)\s+0x(\w+)\s+(\S+)"
                     r"\s+(\d+)\s+(-?\d+) \(-?[\d.]+%\)[\s\d.-]+(X?)\s*$", line)
    if not found:
        return None
    source, source_port, destination, port, ssrc, payload, packets, lost, mark = found.groups()
    return Row((source, int(source_port)), (destination, int(port)), int(ssrc, 16), payload,
               int(packets), int(lost), bool(mark))

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""RTP streams out of what tcpdump wrote: who sent what, and what arrived when."""

import struct

import numpy

RTP_HEADER = 12
PCMU, PCMA = 0, 8


def _ulaw():
    code = ~numpy.arange(256) & 0xff
    magnitude = (((code & 15) * 8 + 132) << (code >> 4 & 7)) - 132
    return numpy.where(code & 0x80, -magnitude, magnitude).astype(float)


def _alaw():
    code = numpy.arange(256) ^ 0x55
    segment, magnitude = code >> 4 & 7, (code & 15) * 16 + 8
    magnitude = numpy.where(segment > 0, (magnitude + 256) << numpy.maximum(segment - 1, 0),
                            magnitude)
    return numpy.where(code & 0x80, magnitude, -magnitude).astype(float)


LINEAR = {PCMU: _ulaw(), PCMA: _alaw()}


class Stream:
    """The G.711 packets of one direction between two ports, in order of arrival."""

    def __init__(self):
        self.times, self.sequences, self.timestamps, self.ssrcs, self.payloads = [], [], [], [], []
        self.types = []

    def __len__(self):
        return len(self.times)

    def samples(self):
        """All of it, one packet after another, as linear samples."""
        return numpy.concatenate([LINEAR[kind][numpy.frombuffer(payload, numpy.uint8)]
                                  for kind, payload in zip(self.types, self.payloads)]
                                 or [numpy.zeros(0)])

    def position(self, time):
        """How many samples had arrived by this time."""
        count = int(numpy.searchsorted(self.times, time))
        return sum(len(payload) for payload in self.payloads[:count])

    def breaks(self):
        """SSRCs, packets lost, and steps of sequence and timestamp that do not fit."""
        sequence = numpy.diff(numpy.array(self.sequences)) & 0xffff
        timestamp = numpy.diff(numpy.array(self.timestamps, dtype=numpy.int64)) & 0xffffffff
        lengths = numpy.array([len(payload) for payload in self.payloads[:-1]])
        return {
            "ssrc_count": len(set(self.ssrcs)),
            "lost": int((sequence[sequence < 0x8000] - 1).clip(min=0).sum()),
            "sequence_steps": int((sequence != 1).sum()),
            "timestamp_steps": int((timestamp != lengths).sum()),
        }

    def delays_from(self, source):
        """Microseconds from a packet of `source` to the packet here that it clocks. The sequence
        numbers of both differ by a constant: the one that most pairs of neighbours in time have."""
        if not len(self) or not len(source):
            return numpy.zeros(0)
        before = numpy.searchsorted(source.times, self.times) - 1
        paired = before >= 0
        difference = (numpy.array(self.sequences)[paired] -
                      numpy.array(source.sequences)[before[paired]]) & 0xffff
        values, counts = numpy.unique(difference, return_counts=True)
        offset = int(values[counts.argmax()])
        sent = dict(zip(source.sequences, source.times))
        delays = [time - sent[(sequence - offset) & 0xffff]
                  for sequence, time in zip(self.sequences, self.times)
                  if (sequence - offset) & 0xffff in sent]
        return numpy.array(delays) * 1e6


def read(path):
    """The streams of a capture by (source address, source port, destination port)."""
    data = path.read_bytes()
    assert data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xd4\xc3\xb2\xa1"), f"{path} is no capture"
    unit = 1e-9 if data[:4] == b"\x4d\x3c\xb2\xa1" else 1e-6
    streams, at = {}, 24
    while at + 16 <= len(data):
        seconds, fraction, length, _ = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16:at + 16 + length]
        at += 16 + length
        if frame[12:14] != b"\x08\x00" or frame[23] != 17:
            continue
        udp = 14 + (frame[14] & 15) * 4
        source, destination, size = struct.unpack_from("!HHH", frame, udp)
        rtp = frame[udp + 8:udp + size]
        if (destination % 2 or len(rtp) <= RTP_HEADER or rtp[0] != 0x80 or
                rtp[1] & 0x7f not in LINEAR):
            continue
        key = (".".join(map(str, frame[26:30])), source, destination)
        stream = streams.setdefault(key, Stream())
        _, kind, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", rtp)
        stream.times.append(seconds + fraction * unit)
        stream.types.append(kind & 0x7f)
        stream.sequences.append(sequence)
        stream.timestamps.append(timestamp)
        stream.ssrcs.append(ssrc)
        stream.payloads.append(rtp[RTP_HEADER:])
    return streams

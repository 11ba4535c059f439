# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""RTP endpoints for tests: they send constant levels and note everything they get."""

import bisect
import collections
import contextlib
import queue
import random
import select
import struct
import threading
import time

FRAME = 160
FRAME_SECONDS = 0.02
PCMU, PCMA = 0, 8

Packet = collections.namedtuple("Packet", "time source payload_type marker sequence timestamp "
                                "ssrc payload")


def _ulaw_decode(code):
    code = ~code & 0xff
    magnitude = (((code & 15) * 8 + 132) << (code >> 4 & 7)) - 132
    return -magnitude if code & 0x80 else magnitude


def _alaw_decode(code):
    code ^= 0x55
    segment, magnitude = code >> 4 & 7, (code & 15) * 16 + 8
    if segment:
        magnitude = (magnitude + 256) << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


DECODE = {PCMU: [_ulaw_decode(c) for c in range(256)], PCMA: [_alaw_decode(c) for c in range(256)]}


def encode(level, payload_type=PCMU):
    """The code whose value is nearest to a linear level."""
    table = DECODE[payload_type]
    return min(range(256), key=lambda code: abs(table[code] - level))


def pack(payload, sequence, timestamp, ssrc, payload_type=PCMU, marker=False):
    return struct.pack("!BBHII", 0x80, marker << 7 | payload_type, sequence & 0xffff,
                       timestamp & 0xffffffff, ssrc) + payload


def parse(data, source=None):
    first, second, sequence, timestamp, ssrc = struct.unpack("!BBHII", data[:12])
    assert first == 0x80, f"RTP header begins with {first:#x}"
    return Packet(time.monotonic(), source, second & 0x7f, second >> 7, sequence, timestamp, ssrc,
                  data[12:])


def level(packet):
    """The linear level at the end of a packet, where ramps are over."""
    return DECODE[packet.payload_type][packet.payload[-1]]


class Party:
    """Sends one packet of a constant level every 20 ms, and keeps what comes back. Without a remote
    it only hears. A codec that is not G.711 needs its `payload` made."""

    def __init__(self, lab, host, local, remote, loudness=0, payload_type=PCMU, family=None,
                 payload=None):
        self._socket = self._open(lab, host, local, **({"family": family} if family else {}))
        self._socket.setblocking(False)
        self.remote = remote
        self.payload = payload or bytes([encode(loudness, payload_type)]) * FRAME
        self.payload_type = payload_type
        self.ssrc = random.getrandbits(32)
        self.sequence = random.getrandbits(16)
        self.timestamp = random.getrandbits(32)
        self.packets = []
        self.rtcp = []  # (time, bytes, source) of what is muxed with it (RFC 5761)
        self.sends = []  # (time, sequence number) of each packet sent
        self.sent = 0
        self.loops = False  # sends back what it gets
        self.speaking = threading.Event()
        self._anew = None  # a change of the stream to be made, and where to tell of it
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @staticmethod
    def _open(lab, host, local, **options):
        made = lab.socket(host, **options)
        made.bind(local)
        return made

    def __enter__(self):
        if self.remote:
            self.speaking.set()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _run(self):
        due = time.monotonic() + random.random() * FRAME_SECONDS
        while not self._stop.is_set():
            wait = max(0, due - time.monotonic())
            if select.select([self._socket], [], [], wait)[0]:
                self._receive()
            if time.monotonic() >= due:
                due += FRAME_SECONDS
                if self.speaking.is_set():
                    self.send()

    def _receive(self):
        # A datagram that is not for us, or damaged, is found out only as it is read.
        with contextlib.suppress(BlockingIOError):
            self._take(*self._socket.recvfrom(2048))

    def _take(self, data, source):
        if 192 <= data[1] <= 223:
            self.rtcp.append((time.monotonic(), data, source[:2]))
            return
        self.packets.append(parse(data, source[:2]))
        if self.loops:
            self._socket.sendto(data, self.remote)

    def send(self):
        """One packet, now."""
        if self._anew:
            self._make_anew()
        self.sends.append((time.monotonic(), self.sequence & 0xffff))
        self._socket.sendto(pack(self.payload, self.sequence, self.timestamp, self.ssrc,
                                 self.payload_type), self.remote)
        self.sequence += 1
        self.timestamp += len(self.payload)
        self.sent += 1

    def begin_anew(self, change):
        """Have change(self) made between two packets: by the thread that sends them, and when the
        next one is due by what there was before. Returns how many had been sent by then."""
        told = queue.SimpleQueue()
        self._anew = change, told
        return told.get(timeout=5)

    def _make_anew(self):
        (change, told), self._anew = self._anew, None
        if self.sends:
            time.sleep(max(0, self.sends[-1][0] + FRAME_SECONDS - time.monotonic()))
        change(self)
        told.put(self.sent)

    def send_unvoiced(self, payload_type, payload, timestamp, marker=False):
        """A packet of another payload type, in the same stream."""
        self._socket.sendto(pack(payload, self.sequence, timestamp, self.ssrc, payload_type,
                                 marker), self.remote)
        self.sequence += 1

    def press(self, payload_type, key, frames=5):
        """Press a key as phones do: packets of an event in place of the voice, its end thrice."""
        self.speaking.clear()
        time.sleep(2 * FRAME_SECONDS)
        start = self.timestamp
        for n in range(1, frames + 3):
            duration = min(n, frames) * FRAME
            self.send_unvoiced(payload_type, struct.pack("!BBH", key, (n >= frames) << 7 | 10,
                                                         duration), start, marker=n == 1)
            time.sleep(FRAME_SECONDS)
        self.timestamp = start + frames * FRAME
        self.speaking.set()

    def send_rtcp(self, data):
        """RTCP on the port of RTP."""
        self._socket.sendto(data, self.remote)

    def hears(self):
        """The packets since the last call."""
        packets, self.packets = self.packets, []
        return packets

    def since(self, moment):
        """The packets that came after a moment of time.monotonic()."""
        return [packet for packet in list(self.packets) if packet.time > moment]

    def level(self, seconds=0.3, settle=0.2):
        """What is heard from now on, as one linear level: the median; None for nothing."""
        return levels(self, seconds=seconds, settle=settle)[0]


def restart_with_another_ssrc(party):
    """For Party.begin_anew(): as a phone that was started again."""
    party.ssrc ^= 0x5555
    party.sequence += 20000
    party.timestamp += 1234567


def levels(*parties, seconds=0.3, settle=0.2):
    """What each of several parties hears from now on; see Party.level."""
    time.sleep(settle)
    start = time.monotonic()
    time.sleep(seconds)
    heard = [sorted(level(packet) for packet in party.since(start)) for party in parties]
    return [sounds[len(sounds) // 2] if sounds else None for sounds in heard]


def clocked_since(listener, clock, moment):
    """What `listener` got because of packets that `clock` sent after a moment of time.monotonic().
    By cause and not by arrival: a packet may wait for its reader, and that tells nothing. The
    appliance adds a constant to sequence numbers; most packets arrive before the next one is sent,
    which shows it."""
    packets = listener.since(moment)
    sends = list(clock.sends)
    times = [sent for sent, _ in sends]
    offsets = collections.Counter()
    for packet in packets:
        newest = bisect.bisect_left(times, packet.time) - 1
        if newest >= 0:
            offsets[(packet.sequence - sends[newest][1]) & 0xffff] += 1
    first = bisect.bisect_right(times, moment)
    if not offsets or first == len(sends):
        return []
    begin = sends[first][1] + offsets.most_common(1)[0][0]
    return [packet for packet in packets if (packet.sequence - begin) & 0xffff < 0x8000]


def steps(packets):
    """Where a stream is not continuous: (index, what) for each break of SSRC, sequence or time."""
    found = []
    for i, (a, b) in enumerate(zip(packets, packets[1:])):
        if a.ssrc != b.ssrc:
            found.append((i, f"SSRC {a.ssrc:#x} to {b.ssrc:#x}"))
        if (b.sequence - a.sequence) & 0xffff != 1:
            found.append((i, f"sequence {a.sequence} to {b.sequence}"))
        if (b.timestamp - a.timestamp) & 0xffffffff != len(a.payload):
            found.append((i, f"timestamp {a.timestamp} to {b.timestamp}"))
    return found

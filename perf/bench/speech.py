# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Recorded people on a call over a network that is not what it should be, through the real worker
(bridgetap-bench-quality), in the time of their packets."""

import dataclasses
import struct
import subprocess
import wave
from pathlib import Path

import burst
import numpy
from lab import BUILD

QUALITY = BUILD / "bench/bridgetap-bench-quality"
SOUNDS = Path("/usr/share/asterisk/sounds")
PARTIES = ("agent", "customer", "supervisor")
FILES = {"agent": "en_US_f_Allison", "customer": "fr_CA_f_June",
         "supervisor": "ru_RU_f_IvrvoiceRU"}
RATE = 8000
FRAME = 160
FRAME_US = 20_000
START_US = 10_000_000
PHASE_US = {"agent": 0, "customer": 7_300, "supervisor": 13_100}
BURST = 3      # packets that are lost together, in the mean
HELD_UP = 0.05  # of all packets are overtaken by others
WIRE = struct.Struct("=QIHHB7x")


# --- G.711 mu-law ---

def _decode_table():
    code = ~numpy.arange(256) & 0xff
    size = (((code & 15) * 8 + 132) << (code >> 4 & 7)) - 132
    return numpy.where(code & 0x80, -size, size).astype(numpy.int16)


DECODED = _decode_table()


def encode(samples):
    """Each to the code whose sample is nearest."""
    order = numpy.argsort(DECODED, kind="stable")
    levels = DECODED[order].astype(int)
    places = numpy.searchsorted((levels[1:] + levels[:-1]) / 2, samples)
    return order[places].astype(numpy.uint8)


def voices(seconds):
    """Who says what: codes of G.711 by party."""
    found = {}
    for party, folder in FILES.items():
        with wave.open(str(SOUNDS / folder / "demo-instruct.wav")) as file:
            samples = numpy.frombuffer(file.readframes(seconds * RATE), numpy.int16)
        count = len(samples) // FRAME * FRAME
        found[party] = encode(samples[:count])
    return found


# --- networks ---

@dataclasses.dataclass(frozen=True)
class Network:
    title: str
    loss: float = 0.0
    burst: int = 1        # packets lost in a row, in the mean
    jitter_us: int = 0    # at most
    overtaken: float = 0  # share of packets that three others overtake
    ppm: tuple = (0, 0, 0)


NETWORKS = {
    "clean": Network("clean"),
    "loss3": Network("3 % random loss", loss=0.03),
    "burst5": Network(f"5 % loss, {BURST} packets in a row", loss=0.05, burst=BURST),
    "jitter60": Network("0 to 60 ms jitter", jitter_us=60_000),
    "reorder3": Network("5 % of packets overtaken by 3", overtaken=HELD_UP),
    "drift": Network("clocks +200, -200, +200 ppm", ppm=(200, -200, 200)),
    "drift_back": Network("clocks -200, +200, -200 ppm", ppm=(-200, 200, -200)),
}


def _lost(network, count, random):
    """Gilbert's model: as many as the share says, in runs of the length that it says."""
    gone, away = numpy.zeros(count, bool), False
    begin = network.loss / (1 - network.loss) / network.burst
    for n in range(count):
        away = random.random() < (1 - 1 / network.burst if away else begin)
        gone[n] = away
    return gone


def arrivals(network, party, count, random):
    """When each packet arrives, in microseconds; below zero where it never does."""
    ppm = network.ppm[PARTIES.index(party)]
    sent = START_US + PHASE_US[party] + numpy.arange(count) * FRAME_US / (1 + ppm * 1e-6)
    times = sent + random.random(count) * network.jitter_us
    if network.jitter_us:
        # A queue keeps their order, and no two come at once.
        times = numpy.maximum.accumulate(times) + numpy.arange(count)
    held_up = random.random(count) < network.overtaken
    times[held_up] += 3 * FRAME_US + 1_000
    return numpy.where(_lost(network, count, random), -1, times).astype(int)


# --- the call ---

PRIMARY = {"agent": "customer", "customer": "agent", "supervisor": "customer"}


def _pack(said, times):
    packets = sorted((int(time), party, n) for p, party in enumerate(PARTIES)
                     for n, time in enumerate(times[party]) if time >= 0)
    out = []
    for time, party, n in packets:
        payload = said[party][n * FRAME:(n + 1) * FRAME].tobytes()
        out.append(WIRE.pack(time, n * FRAME + 0xfff00000 & 0xffffffff, n + 65000 & 0xffff,
                             len(payload), PARTIES.index(party)) + payload)
    return b"".join(out)


def _unpack(data):
    at = 0
    while at < len(data):
        time, timestamp, _, length, party = WIRE.unpack_from(data, at)
        at += WIRE.size
        yield PARTIES[party], time, timestamp, data[at:at + length]
        at += length


def carry(mode, said, times):
    """What each party hears in this mode: packets as (number of the packet of its primary source
    that it is made of, samples); and what the worker has counted."""
    done = subprocess.run([QUALITY, "--no-huge", "-m", "64", "--no-shconf", *burst.EAL, "-l", "0",
                           "--", mode], input=_pack(said, times), capture_output=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode().strip().splitlines()[-1])
    counted = dict(pair.split("=") for pair in done.stderr.decode().splitlines()[-1].split())
    numbers = {party: {int(time): n for n, time in enumerate(times[party]) if time >= 0}
               for party in PARTIES}
    heard = {party: [] for party in PARTIES}
    for party, time, _, payload in _unpack(done.stdout):
        # Where the primary one has fallen silent, another one clocks the stream for a moment.
        number = numbers[PRIMARY[party]].get(time)
        if number is not None:
            heard[party].append((number, DECODED[numpy.frombuffer(payload, numpy.uint8)]))
    return {party: rows for party, rows in heard.items() if rows}, \
        {name: int(value) for name, value in counted.items()}

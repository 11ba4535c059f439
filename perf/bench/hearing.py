# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""How well somebody hears whom they should: what they heard against the ideal mix of what was said.

The primary voice is where its packets are. The other one may come a little later at one time than
at another: it is looked for, packet by packet, and compared with where it is found."""

import dataclasses

import numpy
from speech import DECODED, FRAME

BLOCK = 40            # 5 ms
PERIOD = 120          # 15 ms
LOUD = 200            # RMS of a voice that is saying something
MISSING = 0.1         # of its RMS: below that it is not there
REACH = 1_100         # samples around which it is looked for
FOUND = 10.0          # dB: it is where it was
LOWEST, HIGHEST = -10.0, 35.0  # of the SNR of a segment, as usual


@dataclasses.dataclass
class Quality:
    snr: float      # segmental, dB
    gaps: int
    gap_ms: float
    clicks: int
    seconds: float  # heard

    def words(self):
        return (f"{self.snr:.1f} dB, {self.gaps} gaps of {self.gap_ms:.0f} ms in all, "
                f"{self.clicks} clicks in {self.seconds:.0f} s")


def _power(samples):
    return float((samples.astype(float) ** 2).sum())


def _decibels(signal, noise):
    return 10 * numpy.log10((signal + 1) / (noise + 1))


class Finder:
    """Where the other voice is in what is left when the primary one is taken away."""

    def __init__(self, voice):
        self.voice = numpy.concatenate([numpy.zeros(4 * REACH), voice, numpy.zeros(4 * REACH)])
        self.lag = 0

    def at(self, start, count, lag):
        first = start + lag + 4 * REACH
        return self.voice[first:first + count]

    def find(self, rest, start):
        """The voice as it should be in these samples."""
        expected = self.at(start, len(rest), self.lag)
        if _decibels(_power(expected), _power(rest - expected)) > FOUND:
            return expected
        window = self.at(start, len(rest) + 2 * REACH, self.lag - REACH)
        product = numpy.correlate(window, rest)
        energy = numpy.convolve(window ** 2, numpy.ones(len(rest)), "valid")
        place = int((product * numpy.abs(product) / (energy + 1e4)).argmax())
        found = window[place:place + len(rest)]
        if _decibels(_power(found), _power(rest - found)) > FOUND / 2:
            self.lag += place - REACH
            return found
        return expected


def _blocks(samples):
    return numpy.sqrt((samples.reshape(-1, BLOCK).astype(float) ** 2).mean(axis=1))


def _runs(flags):
    return int((numpy.diff(numpy.concatenate([[0], flags.astype(int)])) == 1).sum())


def _around(steps):
    """The largest within a long period of a voice of each."""
    padded = numpy.pad(steps, PERIOD)
    return numpy.lib.stride_tricks.sliding_window_view(padded, 2 * PERIOD + 1).max(axis=1)


def _clicks(heard, primary, other, joined):
    """Steps from sample to sample that are larger than those of both voices there. `joined`: where
    a sample follows the one before it."""
    steps = numpy.abs(numpy.diff(heard))
    own = _around(numpy.abs(numpy.diff(primary))) + _around(numpy.abs(numpy.diff(other)))
    rounding = 0.07 * numpy.abs(heard[1:]) + 60
    flags = (steps > 1.2 * own + rounding) & joined[1:]
    blocks = numpy.pad(flags, (0, -len(flags) % BLOCK)).reshape(-1, BLOCK).any(axis=1)
    return _runs(blocks)


def judge(rows, primary, other, skip):
    """Of packets (number, samples), what is heard of two voices' codes; `other` may be None. The
    first `skip` packets are not looked at."""
    rows = sorted(row for row in {n: samples for n, samples in rows}.items() if row[0] >= skip)
    said = DECODED[primary].astype(float)
    finder = Finder(DECODED[other].astype(float) if other is not None else numpy.zeros(len(said)))
    heard, own, ideal = [], [], []
    for n, samples in rows:
        mine = said[n * FRAME:(n + 1) * FRAME]
        heard.append(samples.astype(float))
        own.append(mine)
        ideal.append(finder.find(samples - mine, n * FRAME))
    numbers = numpy.array([n for n, _ in rows])
    heard, own, ideal = map(numpy.concatenate, (heard, own, ideal))
    return _sum_up(numbers, heard, own, ideal)


def _sum_up(numbers, heard, own, ideal):
    both = own + ideal
    noise = ((heard - both) ** 2).reshape(-1, FRAME).sum(axis=1)
    signal = (both ** 2).reshape(-1, FRAME).sum(axis=1)
    loud = signal > LOUD ** 2 * FRAME / 4
    segments = numpy.clip(10 * numpy.log10((signal + 1) / (noise + 1)), LOWEST, HIGHEST)[loud]
    should, does = _blocks(ideal), _blocks(heard - own)
    missing = (should > LOUD) & (does < MISSING * should)
    joined = numpy.ones(len(heard), bool)
    joined[::FRAME] = numpy.concatenate([[False], numpy.diff(numbers) == 1])
    return Quality(float(segments.mean()), _runs(missing), float(missing.sum() * 5.0),
                   _clicks(heard, own, ideal, joined), len(heard) / 8000)

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The demo's solver for pieces of a few seconds, on a machine where a phone may stumble: a voice
that should not be heard is told from what chance makes of the rounding of codecs."""

import sys

import numpy

from lab import ROOT

sys.path.insert(0, str(ROOT / "deploy/demo"))

import gains  # noqa: E402

FORBIDDEN = 10 ** (-60 / 20)
CHUNK = gains.RATE * 2 // 5  # so short that somebody who stumbles spoils one or two of many
SHARED_BAND = 3300  # Hz: what a wideband voice keeps of itself on its way to a narrowband listener
PARTS = 6  # of a voice, each of which is put where another one was


def solve(heard, voices, expected, intended, wide=False):
    """As gains.solve(); a voice that should not be there is at least as loud as said. With `wide`
    some have come by filters from or to 16 kHz, whose delays are no whole samples at 8 kHz: all is
    compared at half samples, in the band that is left alone."""
    chunk = CHUNK
    if wide:
        heard, chunk = _finer(heard), 2 * chunk
        voices = {who: _finer(voice) for who, voice in voices.items()}
        expected = {who: 2 * at for who, at in expected.items()}
    found = gains.solve(heard, voices, expected, intended, chunk)
    for who in voices:
        if not intended[who] and found[who] > FORBIDDEN:
            found[who] = _certain(heard, voices, expected, intended, who, chunk)
    return found


def _finer(sound):
    """The same with a sample in between any two, and nothing above SHARED_BAND."""
    spectrum = numpy.fft.rfft(sound)
    spectrum[len(sound) * SHARED_BAND // gains.RATE:] = 0
    return 2 * numpy.fft.irfft(spectrum, 2 * len(sound))


def _decoys(voice, at, length):
    """Sounds as loud, of the same pitches, and said by nobody, with where to begin: the voice's own
    parts elsewhere, and all of it backwards."""
    for part in range(1, PARTS):
        moved = numpy.roll(voice, len(voice) * part // PARTS)
        yield moved, at
        yield moved[::-1], len(voice) - at - length


def _certain(heard, voices, expected, intended, who, chunk):
    """As much of a voice as is found where decoys say least, if that is clearly more than they say.
    Two neighbouring chunks in turn are left out: where one voice stumbled, what is left of it looks
    a little like any other."""
    tries = []
    for start in range(0, len(heard) - chunk + 1, chunk):
        rest = heard.copy()
        rest[start:start + 2 * chunk] = 0
        there = gains.solve(rest, voices, expected, intended, chunk)[who]
        chance = max(gains.solve(rest, {**voices, who: decoy}, {**expected, who: at}, intended,
                                 chunk)[who]
                     for decoy, at in _decoys(voices[who], expected[who], len(heard)))
        tries.append((chance, there))
    chance, there = min(tries)
    return there if there > 2 * chance else 0.0

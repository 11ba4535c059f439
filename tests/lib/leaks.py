# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The demo's solver for pieces of a few seconds, on a machine where a phone may stumble: a voice
that should not be heard is told from what the rounding of codecs looks like by chance."""

import sys

import numpy

from lab import ROOT

sys.path.insert(0, str(ROOT / "deploy/demo"))

import gains  # noqa: E402

FORBIDDEN = 10 ** (-60 / 20)
CHUNK = gains.RATE * 2 // 5  # so short that somebody who stumbles spoils one or two of many
SHARED_BAND = 3300  # Hz: what a wideband voice keeps of itself on its way to a narrowband listener
# Standard deviations: of some 5,000 places noise passes this at one in a million times.
CERTAIN = 6.5
PIECES = 20  # of a chunk: 20 ms, in which loudness is looked at
COLOURS = 100  # bands in which the spectrum is


def solve(heard, voices, expected, intended, wide=False):
    """As gains.solve(); a voice that should not be there is at least as loud as is said. With
    `wide` some have come by filters from or to 16 kHz, whose delays are no whole samples at 8 kHz:
    all is compared at half samples, in the band that is left alone."""
    chunk = CHUNK
    if wide:
        heard, chunk = _finer(heard), 2 * chunk
        voices = {who: _finer(voice) for who, voice in voices.items()}
        expected = {who: 2 * at for who, at in expected.items()}
    found, rest = gains.explain(heard, voices, expected, intended, chunk)
    rest, weight, whiten = _noise(rest, chunk)
    for who in voices:
        if not intended[who]:
            found[who] = _certain(rest, weight, whiten(voices[who]), expected[who])
    return found


def _finer(sound):
    """The same with a sample in between any two, and nothing above SHARED_BAND."""
    spectrum = numpy.fft.rfft(sound)
    spectrum[len(sound) * SHARED_BAND // gains.RATE:] = 0
    return 2 * numpy.fft.irfft(spectrum, 2 * len(sound))


def _noise(rest, chunk):
    """What is left is mostly noise, of the colour and the loudness of those who may be heard, and
    louder where one of them stumbled. Made white: (the sound by the weight of its evidence, that
    weight, what makes a voice as white)."""
    even = rest / numpy.maximum(_loudness(rest, chunk // PIECES), 1.0)
    power = numpy.abs(numpy.fft.rfft(even)) ** 2
    span = len(power) // COLOURS
    power = numpy.convolve(power, numpy.ones(span) / span, "same")
    filled = power > power.max() * 1e-6
    response = numpy.where(filled, 1 / numpy.sqrt(numpy.where(filled, power, 1)), 0)

    def whiten(sound):
        spectrum = numpy.fft.rfft(sound)
        places = numpy.linspace(0, len(response) - 1, len(spectrum))
        return numpy.fft.irfft(spectrum * response[places.astype(int)], len(sound))

    white = whiten(rest)
    loudness = _loudness(white, chunk // PIECES)
    weight = 1 / numpy.maximum(loudness, 0.1 * numpy.median(loudness) + 1e-30) ** 2
    return white * weight, weight, whiten


def _loudness(sound, piece):
    """The RMS of the piece that each sample is in."""
    return numpy.sqrt((sound.reshape(-1, piece) ** 2).mean(axis=1)).repeat(piece)


def _certain(rest, weight, voice, at):
    """How much of a voice there is, at the place where it is least likely to be noise; 0 if it may
    well be."""
    product = gains.correlate(rest, voice, at)[0]
    energy = gains.correlate(weight, voice ** 2, at)[0]
    # Where next to nothing is said, a single syllable may look like it.
    likely = numpy.abs(product) / numpy.sqrt(numpy.maximum(energy, energy.max() / 10))
    best = likely.argmax()
    if likely[best] <= CERTAIN * numpy.median(likely) / 0.6745:
        return 0.0
    return float(abs(product[best]) / energy[best])

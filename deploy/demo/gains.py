# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""From what somebody heard, and what everybody said, to how loud each voice was in it.

It must take a machine that stumbles and a mix that leaves out or repeats a few samples to keep a
voice in step, and it must not take the rounding of codecs for somebody."""

import numpy

RATE = 8000
CHUNK = RATE * 2 // 5  # so short that somebody who stumbles spoils one or two of many
REACH = RATE * 3 // 10  # how far from where it is expected a voice is looked for
QUIET = 100.0          # a voice whose RMS is below this in a chunk says nothing there
FORBIDDEN = 10 ** (-60 / 20)  # the most that there may be of a voice that should not be there
SHARED_BAND = 3300  # Hz: what a wideband voice keeps of itself on its way to a narrowband listener
# Standard deviations: of some 5,000 places noise passes this at one in a million times.
CERTAIN = 6.5
PIECES = 20  # of a chunk: 20 ms, in which loudness is looked at
COLOURS = 100  # bands in which the spectrum is
NOTHING = 0.01  # of the loudest piece: one below this is as if nothing were in it


def solve(heard, voices, expected, intended, wide=False):
    """Gain by voice. `heard` is what was heard in one phase; `expected` is, by voice, the sample of
    it at the beginning of `heard`, to within REACH; `intended` are the voices that should be in
    there. Theirs are solved for by least squares, chunk by chunk, and the median is taken. Any
    other is at least as loud as is said, at the place in the whole phase where it is least likely
    to be noise; 0 if it may well be.

    With `wide` some have come by filters from or to 16 kHz, whose delays are no whole samples at
    8 kHz: all is compared at half samples, in the band that is left alone."""
    chunk = CHUNK
    if wide:
        heard, chunk = _finer(heard), 2 * chunk
        voices = {who: _finer(voice) for who, voice in voices.items()}
        expected = {who: 2 * at for who, at in expected.items()}
    found, rest = _explain(heard, voices, expected, intended, chunk)
    rest, weight, whiten = _noise(rest, chunk)
    for who in voices:
        if not intended[who]:
            found[who] = _certain(rest, weight, whiten(voices[who]), expected[who])
    return found


def _finer(sound):
    """The same with a sample in between any two, and nothing above SHARED_BAND."""
    spectrum = numpy.fft.rfft(sound)
    spectrum[len(sound) * SHARED_BAND // RATE:] = 0
    return 2 * numpy.fft.irfft(spectrum, 2 * len(sound))


def _correlate(heard, voice, at):
    """The product of `heard` with `voice` from `at` - REACH to `at` + REACH on, for each place."""
    length = len(heard)
    window = numpy.zeros(length + 2 * REACH)
    first, last = at - REACH, at - REACH + len(window)
    low, high = max(first, 0), min(last, len(voice))
    if low < high:
        window[low - first:high - first] = voice[low:high]
    size = 1 << int(numpy.ceil(numpy.log2(length + len(window))))
    product = numpy.fft.irfft(numpy.fft.rfft(window, size) *
                              numpy.conj(numpy.fft.rfft(heard, size)), size)[:2 * REACH + 1]
    energy = numpy.concatenate([[0], numpy.cumsum(window ** 2)])
    return product, energy[length:length + 2 * REACH + 1] - energy[:2 * REACH + 1], window


def _place(heard, voice, at):
    """Where in `voice` this chunk of `heard` has it: the samples there."""
    product, energy, window = _correlate(heard, voice, at)
    best = int((product ** 2 / numpy.maximum(energy, 1)).argmax())
    return window[best:best + len(heard)]


def _explain(heard, voices, expected, intended, chunk):
    """The gains of those who should be there, and what is left without them, of whole chunks."""
    inside = [name for name in voices if intended[name]]
    found = {name: [] for name in inside}
    rest = heard[:len(heard) // chunk * chunk].copy()
    for start in range(0, len(rest), chunk):
        piece = heard[start:start + chunk]
        columns, names = [], []
        # The loudest first, so that it does not hide where the others are.
        left = piece.copy()
        for name in sorted(inside, key=lambda n: -_energy(voices[n], expected[n] + start, chunk)):
            column = _place(left, voices[name], expected[name] + start)
            power = (column ** 2).sum()
            if power < QUIET ** 2 * chunk:
                continue
            left = left - column * (left @ column) / power
            columns.append(column)
            names.append(name)
        if not columns:
            continue
        matrix = numpy.array(columns).T
        solution = numpy.linalg.lstsq(matrix, piece, rcond=None)[0]
        for name, gain in zip(names, solution):
            found[name].append(gain)
        rest[start:start + chunk] = piece - matrix @ solution
    return ({name: float(numpy.median(values)) if values else 0.0
             for name, values in found.items()}, rest)


def _energy(voice, at, length):
    piece = voice[max(at, 0):max(at, 0) + length]
    return float((piece ** 2).sum())


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
    # A coder may have swallowed somebody where nothing is left: that is no evidence of silence.
    something = loudness[loudness > NOTHING * loudness.max()]
    least = numpy.median(something) if len(something) else 1.0
    weight = 1 / numpy.maximum(loudness, least) ** 2
    return white * weight, weight, whiten


def _loudness(sound, piece):
    """The RMS of the piece that each sample is in."""
    return numpy.sqrt((sound.reshape(-1, piece) ** 2).mean(axis=1)).repeat(piece)


def _certain(rest, weight, voice, at):
    """How much of a voice there is, at the place where it is least likely to be noise; 0 if it may
    well be."""
    product = _correlate(rest, voice, at)[0]
    energy = _correlate(weight, voice ** 2, at)[0]
    if energy.max() <= 0:
        return 0.0
    # Where next to nothing is said, a single syllable may look like it.
    likely = numpy.abs(product) / numpy.sqrt(numpy.maximum(energy, energy.max() / 10))
    best = likely.argmax()
    if likely[best] <= CERTAIN * numpy.median(likely) / 0.6745:
        return 0.0
    return float(abs(product[best]) / energy[best])

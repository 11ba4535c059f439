# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""From what somebody heard, and what everybody said, to how loud each voice was in it."""

import numpy

RATE = 8000
CHUNK = RATE           # a second: short enough that clocks do not part within it
REACH = RATE * 3 // 10  # how far from where it is expected a voice is looked for
QUIET = 100.0          # a voice whose RMS is below this in a chunk says nothing there


def correlate(heard, voice, at):
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
    product, energy, window = correlate(heard, voice, at)
    best = int((product ** 2 / numpy.maximum(energy, 1)).argmax())
    return window[best:best + len(heard)]


def solve(heard, voices, expected, intended, chunk=CHUNK):
    """Gain by voice. `heard` is what was heard in one phase; `expected` is, by voice, the sample of
    it at the beginning of `heard`, to within REACH; `intended` are the voices that should be in
    there. Theirs are solved for by least squares, chunk by chunk, and the median is taken; of
    the others it is the most that any place in the whole phase can make of what is left."""
    gains, rest = explain(heard, voices, expected, intended, chunk)
    for name in voices:
        if name not in gains:
            product, energy, _ = correlate(rest, voices[name], expected[name])
            gains[name] = float(numpy.abs(product / numpy.maximum(energy, 1e6)).max())
    return gains


def explain(heard, voices, expected, intended, chunk=CHUNK):
    """As solve(), but the gains of those who should be there alone, and what is left without them,
    of whole chunks."""
    inside = [name for name in voices if intended[name]]
    found = {name: [] for name in inside}
    rest = heard[:len(heard) // chunk * chunk].copy()
    for start in range(0, len(rest), chunk):
        piece = heard[start:start + chunk]
        columns, names = [], []
        # The loudest first, so that it does not hide where the others are.
        left = piece.copy()
        for name in sorted(inside, key=lambda n: -_loudness(voices[n], expected[n] + start, chunk)):
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


def _loudness(voice, at, length):
    piece = voice[max(at, 0):max(at, 0) + length]
    return float((piece ** 2).sum())

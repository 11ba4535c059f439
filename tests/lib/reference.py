# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What a listener should hear, made by coders that others wrote: ffmpeg codes, decodes and
resamples, and numpy adds up. A voice is a tone that fits through 8,000 samples a second, and, in a
wideband codec, one that does not.

G.722 is specified bit for bit, so that what is forwarded can be compared so. What was encoded in
the appliance cannot: its encoder goes on from where it was, and of two encoders in different states
the bytes differ for as long as a tone lasts, and with them the noise. But no more than that: the
gain of each tone and the loudness of what is not a tone are the codec's own. How far both wander by
themselves is seen within the reference, from one window to the next."""

import collections
import functools
import subprocess

import numpy

# ffmpeg's names of the format and of the encoder, and samples a second.
Coder = collections.namedtuple("Coder", "form encoder rate")
CODERS = {"PCMU": Coder("mulaw", "pcm_mulaw", 8000), "PCMA": Coder("alaw", "pcm_alaw", 8000),
          "G722": Coder("g722", "g722", 16000)}

# That of no two the samples repeat within a second: the noise of two bits a sample, which G.722 has
# above 4 kHz, would be as short a tune, and another one each time.
LOW = {"agent": 413, "customer": 747, "supervisor": 1193}  # Hz
HIGH = {"agent": 5213, "customer": 5807, "supervisor": 6311}
LOUDNESS = 0.12  # of each tone, of full scale
SECONDS = 8  # of a reference
SETTLED = 0.5  # seconds, until coders that begin are what they will be
WINDOW = 0.25  # seconds that one figure is taken from

# media/resample.h: flat within 0.01 dB, which is 0.12 %, and 60 dB down beyond: either way once.
RESAMPLED = 2 * 0.0012


def tones(rate):
    """(who, Hz) of every tone that fits through."""
    return [(who, hz) for band in (LOW, HIGH) for who, hz in band.items() if 2 * hz < rate]


def voice(who, codec):
    """What `who` says in a codec, as an expression of ffmpeg's aevalsrc."""
    return "+".join(f"{LOUDNESS}*sin(2*PI*{hz}*t)"
                    for name, hz in tones(CODERS[codec].rate) if name == who)


def source(who, codec, seconds=None):
    """ffmpeg's input for it, endless if no length is given."""
    rate = CODERS[codec].rate
    return ["-f", "lavfi", "-i", f"aevalsrc={voice(who, codec)}:s={rate}:n={rate // 50}"
            + (f":d={seconds}" if seconds else "")]


def _ffmpeg(*words, data=b""):
    return subprocess.run(["ffmpeg", "-nostdin" if not data else "-y", "-loglevel", "error",
                           *map(str, words), "-"], input=data, capture_output=True,
                          check=True).stdout


def _linear(rate):
    return ["-f", "s16le", "-ar", rate, "-ac", 1]


@functools.lru_cache(maxsize=None)
def spoken(who, codec, seconds=SECONDS):
    """The bytes that ffmpeg makes of a voice."""
    coder = CODERS[codec]
    return _ffmpeg(*source(who, codec, seconds), "-c:a", coder.encoder, "-f", coder.form)


def decode(coded, codec):
    """Samples of 16 bits."""
    form, _, rate = CODERS[codec]
    raw = [] if form == "g722" else ["-ar", rate, "-ac", 1]
    return numpy.frombuffer(_ffmpeg("-f", form, *raw, "-i", "-", "-f", "s16le", data=coded), "<i2")


def _encode(samples, codec):
    form, encoder, rate = CODERS[codec]
    return _ffmpeg(*_linear(rate), "-i", "-", "-c:a", encoder, "-f", form,
                   data=samples.astype("<i2").tobytes())


def _resample(samples, begin, end):
    if begin == end:
        return samples
    return numpy.frombuffer(_ffmpeg(*_linear(begin), "-i", "-", *_linear(end),
                                    data=samples.tobytes()), "<i2")


# --- figures ---

def figures(samples, codec):
    """Of each window of what a listener of this codec heard, as a row: the amplitude of each tone,
    of what it is spoken with, and of all that is no tone, below 4 kHz and above."""
    rate = CODERS[codec].rate
    length = int(WINDOW * rate)
    moments = numpy.arange(length) / rate
    waves = numpy.array([wave(2 * numpy.pi * hz * moments) for _, hz in tones(rate)
                         for wave in (numpy.sin, numpy.cos)]).T
    windows = samples[:len(samples) // length * length].reshape(-1, length).T / 32768 / LOUDNESS
    found = numpy.linalg.lstsq(waves, windows, rcond=None)[0]
    spectrum = abs(numpy.fft.rfft(windows - waves @ found, axis=0)) / length
    bands = numpy.split(spectrum, [length * 4000 // rate]) if rate > 8000 else [spectrum]
    noise = [numpy.sqrt(4 * (band ** 2).sum(axis=0)) for band in bands]
    return numpy.vstack([numpy.hypot(found[0::2], found[1::2]), noise]).T


def names(codec):
    """Of the columns of figures()."""
    return [f"the {who} at {hz} Hz" for who, hz in tones(CODERS[codec].rate)] + [
        "noise below 4 kHz", "noise above 4 kHz"][:CODERS[codec].rate // 8000]


@functools.lru_cache(maxsize=None)
def expected(codec, sources):
    """What a listener of `codec` hears of `sources`, pairs of who and the codec they speak in: as
    figures() has it."""
    rate = CODERS[codec].rate
    voices = [_resample(decode(spoken(who, spoken_in), spoken_in), CODERS[spoken_in].rate, rate)
              for who, spoken_in in sources]
    length = min(map(len, voices), default=SECONDS * rate)
    heard = sum((v[:length].astype(int) for v in voices), numpy.zeros(length, int))
    if [spoken_in for _, spoken_in in sources] != [codec]:
        heard = decode(_encode(heard.clip(-32768, 32767), codec), codec)
    return figures(heard[int(SETTLED * rate):], codec)


def faults(samples, codec, sources):
    """What is wrong with what was heard, in words. The median of its windows is to be among those
    of the reference, or beyond by no more than they are apart; where one of them was resampled,
    by RESAMPLED more. Of noise there may be less."""
    wanted, heard = expected(codec, sources), numpy.median(figures(samples, codec), axis=0)
    apart = numpy.ptp(wanted, axis=0)
    if any(CODERS[spoken_in].rate != CODERS[codec].rate for _, spoken_in in sources):
        apart = apart + RESAMPLED
    low, high = wanted.min(axis=0) - apart, wanted.max(axis=0) + apart
    low[len(tones(CODERS[codec].rate)):] = 0
    return [f"{name}: {found:.4f}, not {least:.4f} to {most:.4f}"
            for name, found, least, most in zip(names(codec), heard, low, high)
            if not least <= found <= most]


def wrong_sources(sources, codecs):
    """The sets of voices that lack one of them, or have another one besides."""
    for voice_of in codecs.items():
        yield tuple(one for one in codecs.items() if (one in sources) != (one == voice_of))

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The demo's proof is only as good as its solver: known mixes in, known gains out."""

import numpy
import pytest

from capture import LINEAR, PCMU
from gains import FORBIDDEN, RATE, solve

SECONDS = 8
LAGS = {"agent": 0, "customer": 317, "supervisor": -1234}


def quantise(samples):
    """Through G.711 mu-law and back."""
    table = numpy.sort(LINEAR[PCMU])
    index = numpy.clip(numpy.searchsorted(table, samples), 1, len(table) - 1)
    lower = samples - table[index - 1] < table[index] - samples
    return numpy.where(lower, table[index - 1], table[index])


def voice(seed):
    """Something with the spectrum and the pauses of speech."""
    random = numpy.random.default_rng(seed)
    noise = numpy.convolve(random.standard_normal(RATE * (SECONDS + 4)),
                           numpy.hanning(9) / 4, "same")
    syllables = numpy.repeat(random.random((SECONDS + 4) * 4) ** 2, RATE // 4)
    return quantise(numpy.clip(4000 * noise * syllables, -32000, 32000))


VOICES = {who: voice(seed) for seed, who in enumerate(LAGS)}


def heard(gains, noise=0):
    start = RATE * 2
    total = sum(gain * VOICES[who][start + LAGS[who]:][:SECONDS * RATE]
                for who, gain in gains.items())
    return total + noise


def solved(mix, inside):
    # What the demo knows of the places is right to a tenth of a second.
    expected = {who: RATE * 2 + lag - 500 for who, lag in LAGS.items()}
    return solve(mix, VOICES, expected, {who: float(who in inside) for who in VOICES})


@pytest.mark.parametrize("gains", [
    {"agent": 1}, {"agent": 1, "customer": 1}, {"agent": 1, "customer": 1, "supervisor": 1},
    {"agent": 0.5, "customer": 1.25}, {"agent": 0.9, "customer": 1, "supervisor": 0.3}])
def test_known_gains_are_found(gains):
    found = solved(quantise(heard(gains)), gains)
    for who in VOICES:
        assert abs(found[who] - gains.get(who, 0)) < (0.005 if who in gains else 0.001)


@pytest.mark.parametrize("leak", [0.5, 0.05, 0.005, 0.002, 0])
def test_a_voice_that_should_not_be_there_is_found(leak):
    found = solved(heard({"agent": 1, "supervisor": leak}), {"agent"})
    assert abs(found["supervisor"] - leak) < 0.01 * leak + 1e-9
    assert (found["supervisor"] > FORBIDDEN) == (leak > 0)


@pytest.mark.parametrize("leak", [0.5, 0.05, 0.01, 0.005])
def test_it_is_found_through_the_coder_as_well(leak):
    # Which itself swallows what is smaller than its steps, where the other voice is loud.
    found = solved(quantise(heard({"agent": 1, "supervisor": leak})), {"agent"})
    assert 0.3 * leak < found["supervisor"] < 1.1 * leak
    assert found["supervisor"] > FORBIDDEN


def test_a_voice_that_is_missing_is_found():
    found = solved(quantise(heard({"agent": 1})), {"agent", "customer"})
    assert abs(found["customer"]) < 0.02


def short(gains, stumbles=False):
    """What of a piece of three seconds is said to be the supervisor's, who should not be there;
    perhaps with a moment in which the customer is 7 samples late."""
    mix = quantise(heard(gains))[:3 * RATE]
    if stumbles:
        moment = slice(RATE, RATE * 4 // 3)
        mix[moment] = quantise(heard({"agent": 1}) + numpy.roll(heard({"customer": 1}), 7))[moment]
    expected = {who: RATE * 2 + lag - 500 for who, lag in LAGS.items()}
    return solve(mix, VOICES, expected, {"agent": 1, "customer": 1, "supervisor": 0})


@pytest.mark.parametrize("stumbles", [False, True])
@pytest.mark.parametrize("leak", [0.5, 0.05, 0.01, 0.005, 0.003])
def test_a_leak_is_found_in_a_few_seconds_even_if_somebody_stumbles(leak, stumbles):
    found = short({"agent": 1, "customer": 1, "supervisor": leak}, stumbles)
    assert found["supervisor"] > FORBIDDEN, found


@pytest.mark.parametrize("stumbles", [False, True])
def test_nobody_is_made_of_rounding_and_stumbling(stumbles):
    found = short({"agent": 1, "customer": 1}, stumbles)
    assert found["supervisor"] < FORBIDDEN, found
    assert max(abs(found[who] - 1) for who in ("agent", "customer")) < 0.01, found


@pytest.mark.parametrize("leak", [0.5, 0.05, 0.01, 0.005, 0])
def test_a_leak_is_found_behind_filters_that_delay_by_half_a_sample(leak):
    gains = {"agent": 1, "customer": 1, "supervisor": leak}
    spectrum = numpy.fft.rfft(heard(gains))
    spectrum *= numpy.exp(-0.5j * numpy.linspace(0, numpy.pi, len(spectrum)))
    mix = quantise(numpy.fft.irfft(spectrum))[:3 * RATE]
    expected = {who: RATE * 2 + lag - 500 for who, lag in LAGS.items()}
    found = solve(mix, VOICES, expected, {"agent": 1, "customer": 1, "supervisor": 0}, True)
    assert (found["supervisor"] > FORBIDDEN) == (leak > 0), found
    assert max(abs(found[who] - 1) for who in ("agent", "customer")) < 0.01, found


@pytest.mark.parametrize("step", [20, 41, 160])
@pytest.mark.parametrize("leak", [0.01, 0.005, 0])
def test_a_mix_that_moves_is_no_leak_and_hides_none(step, leak):
    """The customer's voice from there on is some samples behind, as when clocks part."""
    gains = {"agent": 1, "customer": 1, "supervisor": leak}
    mix, moment = heard({"agent": 1, "supervisor": leak}), RATE * 22 // 5 + 777
    voice = heard({"customer": 1})
    mix += numpy.concatenate([voice[:moment], voice[moment - step:-step]])
    found = solved(quantise(mix), {"agent", "customer"})
    assert (found["supervisor"] > FORBIDDEN) == (leak > 0), found
    assert max(abs(found[who] - gains[who]) for who in ("agent", "customer")) < 0.02, found


def test_silence_is_nobody():
    found = solved(numpy.zeros(SECONDS * RATE), {"agent"})
    assert max(map(abs, found.values())) < 1e-9

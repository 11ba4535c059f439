# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Whom a listener hears is told from a level, in most tests here: no set of people may pass for
another one, whichever law each of them speaks in, and the listener hears in."""

import itertools

import pytest

from conversation import LOUDNESS, near
from rtp import DECODE, PCMA, PCMU, encode

LAWS = (PCMU, PCMA)
SETS = [people for count in range(len(LOUDNESS) + 1)
        for people in itertools.combinations(LOUDNESS, count)]


def heard(people, spoken_in, law):
    """The level of a sum of voices, rounded by each speaker's law and then by the listener's."""
    rounded = sum(DECODE[spoken_in[who]][encode(LOUDNESS[who], spoken_in[who])] for who in people)
    return DECODE[law][encode(rounded, law)]


@pytest.mark.parametrize("people", SETS, ids=lambda people: "+".join(people) or "nobody")
def test_a_level_is_that_of_one_set_of_people(people):
    for laws in itertools.product(LAWS, repeat=len(LOUDNESS)):
        for law in LAWS:
            level = heard(people, dict(zip(LOUDNESS, laws)), law)
            assert [those for those in SETS if near(level, *those)] == [people], (laws, law, level)

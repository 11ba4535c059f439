# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""That calls lose nothing while something is done to them, and that what is lost is counted by the
one name it has."""

import contextlib
import time

from frames import wrong_checksums
from rtp import steps

PARTIES = ("agent", "customer")
LOSSES = ("drop_", "tx_", "event_lost", "guard_dropped")


def losses(box):
    return {name: value for name, value in box.api.counters().items()
            if name.startswith(LOSSES) and name != "tx_packets"}


@contextlib.contextmanager
def nothing_else_moves(box, *allowed):
    """Of all that counts losses, these counters alone may have moved, and each has to. Yields what
    they have moved by."""
    before, moved = losses(box), {}
    yield moved
    for name, value in losses(box).items():
        if value != before[name]:
            moved[name] = value - before[name]
    assert set(moved) == set(allowed), moved


@contextlib.contextmanager
def nobody_loses(*talks):
    """Agent and customer of each hear every packet of the other one in a stream without a gap."""
    for talk in talks:
        talk.agent.hears(), talk.customer.hears()
    begin = {(talk.id, who): getattr(talk, who).sent for talk in talks
             for who in PARTIES}
    wrong = [wrong_checksums(talk.box.lab, who) for talk in talks for who in PARTIES]
    yield
    time.sleep(0.1)
    assert wrong == [wrong_checksums(talk.box.lab, who) for talk in talks for who in PARTIES]
    for talk in talks:
        for who, other in (("agent", talk.customer), ("customer", talk.agent)):
            listener, before = getattr(talk, who), begin[talk.id, other_name(who)]
            due = other.sent - before
            # A machine that is busy may take its time.
            wait_for(lambda: len(listener.packets) >= due - 2)
            # Without a gap, and nothing twice: one after the other.
            broken = steps(listener.hears())
            assert broken == [], (talk.id, who, broken)


def other_name(who):
    return "customer" if who == "agent" else "agent"


def wait_for(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)

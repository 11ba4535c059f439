# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Whether the machine was there: a virtual one's CPUs are given to others at times, and what was
measured meanwhile says nothing of the appliance. The kernel counts what was stolen."""

import os
import threading
from collections import deque

TICK_MS = 1000 // os.sysconf("SC_CLK_TCK")
AWAY_MS = 50  # stolen within a fifth of a second: no network that voices are sent over does that
SAMPLE = 0.05
SAMPLES = 4

notes = []  # what was done again, and why: told at the end


def stolen_ms():
    with open("/proc/stat", encoding="ascii") as stat:
        return int(stat.readline().split()[8]) * TICK_MS


class Steal:
    """A context: the most that was stolen of all CPUs within SAMPLES times SAMPLE."""

    def __enter__(self):
        self.most_ms = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _watch(self):
        window = deque([stolen_ms()], maxlen=SAMPLES + 1)
        while not self._over.wait(SAMPLE):
            window.append(stolen_ms())
            self.most_ms = max(self.most_ms, window[-1] - window[0])


def there(what, attempt, times=3):
    """The outcome of attempt(), which is made again, so many times at most, if the machine was not
    there for it: whatever it has come to, nobody has looked yet."""
    for left in reversed(range(times)):
        with Steal() as steal:
            outcome = attempt()
        if steal.most_ms < AWAY_MS or left == 0:
            return outcome
        notes.append(f"{what}: {steal.most_ms} ms of CPU were stolen within "
                     f"{SAMPLES * SAMPLE:.1f} s")
    raise AssertionError

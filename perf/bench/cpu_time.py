# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""CPU seconds that whoever is measured has cost, the kernel's share included.

On the one side stands a process that sleeps: its user and system time, in which the kernel counts
the softirqs that run while it does (all its packets leave in those). On the other side stands a
worker that polls without pause: the time of its rounds that had packets, by its own clock, which
holds their system calls and softirqs as well. To both is added what CPU 0 spent in softirqs: there
the kernel takes in what the generator sends, up to the socket of whoever is measured."""

import os
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
IDLE, IOWAIT, SOFTIRQ, STEAL = 3, 4, 6, 7  # columns of /proc/stat


def _cpu_ticks(cpu):
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{cpu} "):
            return [int(column) for column in line.split()[1:9]]
    raise RuntimeError(f"/proc/stat has no CPU {cpu}")


def softirq_seconds(cpu):
    return _cpu_ticks(cpu)[SOFTIRQ] / TICK


def used_seconds(cpu):
    """By anybody, or not to be had because the host gave it to others."""
    ticks = _cpu_ticks(cpu)
    return (sum(ticks) - ticks[IDLE] - ticks[IOWAIT]) / TICK


def process_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Meter:
    """Of a process that has CPU `own` and sleeps when there is nothing to do."""

    def __init__(self, pid, own, other):
        self.pid, self.own, self.other = pid, own, other

    def cost(self):
        """CPU seconds so far, by what they went to."""
        return {"the process": process_seconds(self.pid), "softirqs": softirq_seconds(self.other)}

    def strangers(self):
        """Seconds of its CPU that went to others: a figure taken meanwhile is none."""
        return used_seconds(self.own) - process_seconds(self.pid)

    def read(self):
        return time.monotonic(), self.cost(), self.strangers()


class WorkerMeter(Meter):
    """Of the data plane, whose only worker began at `started` of time.monotonic()."""

    def __init__(self, pid, own, other, api, started):
        super().__init__(pid, own, other)
        self.api, self.started = api, started

    def cost(self):
        from bridgetap.v1 import admin_pb2

        stats = self.api.admin.GetStats(admin_pb2.GetStatsRequest())
        lived = time.monotonic() - self.started
        return {"busy rounds": stats.workers[0].busy_permille / 1000 * lived,
                "softirqs": softirq_seconds(self.other)}


class KernelMeter(WorkerMeter):
    """Of the data plane while the kernel forwards for it: softirqs, and the main lcore, which looks
    after that. Its worker has no packets then; whether that is so is noted."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.relayed = self.by_worker = 0
        self._before = None

    def strangers(self):
        """Who has the worker's CPU meanwhile is no matter."""
        return 0.0

    def cost(self):
        return {"softirqs": softirq_seconds(self.other),
                "the main lcore": process_seconds(f"{self.pid}/task/{self.pid}")}

    def read(self):
        from bridgetap.v1 import admin_pb2

        stats = self.api.admin.GetStats(admin_pb2.GetStatsRequest())
        now = (sum(port.relayed for port in stats.ports),
               sum(worker.rx_packets for worker in stats.workers))
        if self._before is None:
            self._before = now
        else:
            self.relayed += now[0] - self._before[0]
            self.by_worker += now[1] - self._before[1]
            self._before = None
        return super().read()

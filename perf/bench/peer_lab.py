# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""One cable between whoever is measured and who sends to it:

    load 192.0.2.{10,20,30} --- eth0 ---- access0 [ appliance 192.0.2.1 ] rec0 --- recorder

The appliance, or a peer of it in its place, has CPU 1 and nothing else has; all else is on CPU 0.
"""

import json
import subprocess
import threading

from lab import APPLIANCE, BUILD, HOSTS, RECORDER, RECORDING, Lab, run

BLAST = BUILD / "bench/bridgetap-bench-blast"
SINK = BUILD / "bench/sink.bpf.o"
MEASURED_CPU, OTHER_CPU = 1, 0
PORTS_A_ROLE = 16  # of the generator; streams are told apart by the appliance's ports
FIRST_PORT = {"agent": 4000, "customer": 5000, "supervisor": 6000}


def endpoint(role, number):
    """Where this party of call `number` is."""
    return f"192.0.2.{HOSTS[role]}", FIRST_PORT[role] + 2 * (number % PORTS_A_ROLE)


class PeerLab(Lab):
    """A context manager."""

    def _build(self):
        for host in ("appliance", "load", "recorder"):
            self._add(host)
        self._link("load", "eth0", "appliance", "access0")
        self._link("appliance", "rec0", "recorder", "eth0")
        self._address("appliance", "access0", f"{APPLIANCE}/24")
        self._address("appliance", "rec0", f"{RECORDING}/24")
        self._address("recorder", "eth0", f"{RECORDER}/24")
        for number in HOSTS.values():
            self._address("load", "eth0", f"192.0.2.{number}/24")

    def _mac(self):
        links = json.loads(run("ip", "-n", self.namespace("appliance"), "-j", "link", "show",
                               "dev", "access0"))
        return links[0]["address"]

    def write_streams(self, streams):
        """A file for the generators: (local address, port), (remote address, port) each."""
        path = self.path / "streams"
        path.write_text("".join(f"{local[0]} {local[1]} {remote[0]} {remote[1]}\n"
                                for local, remote in streams))
        return path

    def blast(self, streams, active, meter, warm=0.5, seconds=2.0, frames=False):
        """Send `active` of these streams; what that came to, with what `meter` counted. Where an
        XDP program sends what comes back these are `frames`."""
        argv = ["ip", "netns", "exec", self.namespace("load"), "taskset", "-c", str(OTHER_CPU),
                BLAST, "--interface", "eth0", "--to", self._mac(), "--streams", streams,
                "--sink", SINK,
                "--active", str(active), "--warm", str(warm), "--seconds", str(seconds),
                *(["--frames"] if frames else [])]
        process = subprocess.Popen([str(a) for a in argv], stdout=subprocess.PIPE, text=True,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        timer = threading.Timer(warm + seconds + 10, process.kill)
        timer.start()
        taken, said = [], []
        try:
            for line in process.stdout:
                said.append(line)
                if line in ("begin\n", "end\n"):
                    taken.append(meter.read())
            process.wait()
        finally:
            timer.cancel()
            process.kill()
            process.wait()
        if process.returncode != 0 or len(taken) != 2 or not said[-1].startswith("counts "):
            raise RuntimeError(f"the generator failed: {' '.join(said).strip()}")
        (begin, before, others), (end, after, others_by_then) = taken
        return Outcome([int(n) for n in said[-1].split()[1:]], active, end - begin,
                       {name: after[name] - before[name] for name in after},
                       others_by_then - others)


class Outcome:
    """What came of one run of the generator."""

    def __init__(self, counts, active, seconds, cpu, strangers):
        self.sent, self.late, self.received, self.heard = counts
        self.active, self.seconds, self.cpu, self.strangers = active, seconds, cpu, strangers

    @property
    def disturbed(self):
        """Somebody else had the CPU for a while, or the generator did not get its own."""
        return self.strangers > 0.05 * self.seconds or self.late > 0.01 * self.sent

    @property
    def cpu_seconds(self):
        return sum(self.cpu.values())

    @property
    def rate(self):
        """Packets back a second."""
        return self.received / self.seconds

    @property
    def per_cpu_second(self):
        return self.received / self.cpu_seconds

    @property
    def lossless(self):
        """Nobody went without, and no more is missing, or has waited since before, than one packet
        of each stream, which may be on its way at either end."""
        return self.heard == self.active and abs(self.received - self.sent) <= self.active

    def __str__(self):
        spent = " and ".join(f"{seconds:.2f} s of {name}" for name, seconds in self.cpu.items())
        return (f"{self.received:,} packets back of {self.sent:,} on {self.active:,} streams in "
                f"{self.seconds:.2f} s for {spent}: {self.per_cpu_second:,.0f} a CPU-second"
                + (f"; strangers had {self.strangers:.2f} s of the CPU" if self.disturbed else ""))


def _take(lab, streams, active, meter, say, **options):
    """An outcome, taken once more where something came in between."""
    outcome = lab.blast(streams, active, meter, **options)
    say(str(outcome))
    if outcome.disturbed:
        outcome = lab.blast(streams, active, meter, **options)
        say(f"once more: {outcome}")
    return outcome


def best_of(lab, streams, steps, meter, say, again=2, **options):
    """Raise the number of streams by these steps until packets are lost. The outcome with the
    most packets a CPU-second of those without loss, and then as many of the same as `again`. The
    `options` are those of PeerLab.blast()."""
    good = []
    for active in steps:
        outcome = _take(lab, streams, active, meter, say, **options)
        if not outcome.lossless:
            break
        good.append(outcome)
    if not good:
        raise RuntimeError(f"packets are lost even with few streams: {outcome}")
    best = max(good, key=lambda one: one.per_cpu_second)
    return [best, *(_take(lab, streams, best.active, meter, say, **options)
                   for _ in range(again))]

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The media generator (perf/rtpgen) against the whole appliance: over shared memory (memif: no
kernel in between) and over a veth (AF_XDP: the kernel's share of the work counts)."""

import contextlib
import json
import os
import re
import subprocess
import time

import generator
from lab import RECORDER, RECORDING, Lab, run

LONGEST = 120  # seconds, of one run of the generator
WHERE = "worker on CPU 1, generator on CPU 0 with all else"
NOISE = ("libbpf:", "libxdp:")
STARTS = 3


def _memif(lab):
    """The appliance's settings, and the generator's command."""
    return generator.dataplane_settings(lab), generator.arguments(lab)


def _afxdp(lab):
    """Likewise over a veth: the recorder's of the lab, which has no bridge in between."""
    settings = {
        "ports": '( { name = "access"; devargs = "net_af_xdp0,iface=rec0";'
                 '    kernel_forwarding = false; } )',
        "realms": f'( {{ name = "access"; port = "access"; address = "{RECORDING}";'
                  ' rtp_ports = [ 1024, 65535 ]; } )',
    }
    # The address is the generator's, and not its kernel's any more.
    run("ip", "-n", lab.namespace("recorder"), "addr", "flush", "dev", "eth0")
    return settings, ["ip", "netns", "exec", lab.namespace("recorder"), generator.RTPGEN,
                      "--api", lab.api_socket, "--json", "--address", RECORDER,
                      "--device", "net_af_xdp0,iface=eth0"]


class PortBusy(RuntimeError):
    """The kernel takes back the socket of a run that has just ended when it has time to."""


CONNECT = {"memif": _memif, "afxdp": _afxdp}
PORTS = tuple(CONNECT)


class Rows:
    """What a run has printed."""

    def __init__(self, rows):
        self.rows = rows

    def __getitem__(self, name):
        if name not in self.rows:
            raise RuntimeError(f"the generator does not tell {name}")
        return self.rows[name]["value"]

    def note(self, name):
        return self.rows[name]["note"]

    @property
    def judged(self):
        """Packets of which was looked at who is heard: exactly who should be, less, somebody else;
        and less just after the generator was held up itself."""
        return [self[f"check_{verdict}"] for verdict in ("exact", "partial", "wrong", "excused")]

    @property
    def pause(self):
        return f"longest pause of the generator {self['generator_pause_us']:.0f} us"


class Appliance:
    """Both planes with media on one port, and what generates it."""

    def __init__(self, lab, port, controlplane_nice):
        settings, self.command = CONNECT[port](lab)
        self.dataplane = lab.start_dataplane(calls_max="20000", **settings)
        self.controlplane = lab.start_controlplane()
        os.setpriority(os.PRIO_PROCESS, self.controlplane.pid, controlplane_nice)

    def generate(self, *more):
        """One run of the generator: its rows, whatever it has heard. Its progress is shown."""
        for _ in range(STARTS):
            try:
                return self._generate(*more)
            except PortBusy:
                time.sleep(1)
        return self._generate(*more)

    def _generate(self, *more):
        process = subprocess.Popen([str(a) for a in (*self.command, *more)], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            output, said = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired as slow:
            raise RuntimeError(
                f"the generator did not come to an end within {LONGEST} s") from slow
        finally:
            process.kill()
            process.wait()
        lines = [line.strip() for line in said.splitlines() if not line.startswith(NOISE)]
        print("".join(f"    {line}\n" for line in lines), end="", flush=True)
        found = re.search(r"^\[.*^\]", output, re.M | re.S)
        if lines and lines[-1].endswith("does not start: Invalid argument"):
            raise PortBusy(lines[-1])
        if not self.dataplane.running():
            raise RuntimeError(f"the data plane has ended: see {self.dataplane.log}")
        if process.returncode not in (0, 3) or not found:
            raise RuntimeError("; ".join(lines[-2:]) or "the generator said nothing")
        return Rows({row["name"]: row for row in json.loads(found.group())})

    def stop(self):
        for process in (self.controlplane, self.dataplane):
            process.stop()


@contextlib.contextmanager
def appliance(work, port, controlplane_nice=0):
    """An appliance of its own, whose logs are in `work`. The generator has the CPU before its
    control plane, unless that is as nice."""
    work.mkdir(exist_ok=True)
    for old in work.glob("*"):
        old.unlink()
    with Lab(work) as lab:
        started = Appliance(lab, port, controlplane_nice)
        try:
            yield started
        finally:
            started.stop()

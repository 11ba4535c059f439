# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Shared memory (net_memif) into the data plane, or into DPDK's testpmd in its place. A generator
on CPU 0 sends as fast as the other side, on CPU 1, takes it."""

import subprocess
import time

from lab import APPLIANCE, BUILD
from peer_lab import MEASURED_CPU, OTHER_CPU

GENERATOR = BUILD / "bench/bridgetap-bench-memif"
LOAD_MAC, APPLIANCE_MAC = "02:00:5e:10:00:02", "02:00:5e:10:00:01"
EAL = ("--in-memory", "--no-pci", "--no-telemetry", "--log-level=error")


def device(lab, role):
    """The client lends its own memory, and the server copies into it and out of it: what a packet
    costs is then with whoever is measured, and the generator has time left."""
    return (f"net_memif0,role={role},socket-abstract=no,socket={lab.path}/memif.sock,"
            + (f"mac={LOAD_MAC},zero-copy=yes" if role == "client" else f"mac={APPLIANCE_MAC}"))


def forget(lab):
    """The socket of a server that was before."""
    (lab.path / "memif.sock").unlink(missing_ok=True)


def settings(lab):
    """Of a data plane whose access port is shared memory."""
    return {"ports": f'( {{ name = "access"; devargs = "{device(lab, "server")}"; }} )',
            "rate_limit": "0",  # few calls stand for many
            "realms": f'( {{ name = "access"; port = "access"; address = "{APPLIANCE}";'
                      f' rtp_ports = [ 20000, 65535 ]; next_hop_mac = "{LOAD_MAC}"; }} )'}


def start_testpmd(lab):
    """Swap the MAC addresses of everything and send it back. Returns once it does."""
    forget(lab)
    process = lab.spawn(
        "appliance", "testpmd", "dpdk-testpmd", *EAL, "-l", f"{OTHER_CPU},{MEASURED_CPU}",
        f"--main-lcore={OTHER_CPU}", "--vdev", device(lab, "server"), "--",
        "--forward-mode=macswap", "--auto-start", "--nb-cores=1", "--rxd=1024", "--txd=1024",
        "--burst=64", "--total-num-mbufs=32767", "--stats-period=1000")
    deadline = time.monotonic() + 10
    while not (lab.path / "memif.sock").exists():
        if not process.running() or time.monotonic() > deadline:
            raise RuntimeError(f"testpmd did not start: {process.output()[-300:]}")
        time.sleep(0.05)
    return process


class Best:
    """The best window of some runs: where the host places two virtual CPUs, near or far from each
    other, moves shared memory threefold within one run, and no median is of one place."""

    def __init__(self):
        self.least, self.most, self.full = float("inf"), 0, 0

    def add(self, generator):
        _, least, most, full = generator.result()
        if most == 0:
            raise RuntimeError("nothing came back")
        self.least = min(self.least, least)
        if most > self.most:
            self.most, self.full = most, full


class Generator:
    """Connects to the other side, which is up, and runs until it has measured."""

    def __init__(self, lab, streams, warm=0.3, seconds=1.0):
        (lab.path / "generator.log").unlink(missing_ok=True)  # of the run before
        self.process = lab.spawn(
            "load", "generator", GENERATOR, *EAL, "--single-file-segments", "-l",
            str(OTHER_CPU), "--vdev", device(lab, "client"), "--", streams, LOAD_MAC,
            APPLIANCE_MAC, warm, seconds)
        self.limit = warm + seconds + 20

    def result(self):
        """Packets back a second (median, least, most), and the share of bursts without room."""
        try:
            self.process.wait(self.limit)
        except subprocess.TimeoutExpired:
            self.process.stop()
        last = (self.process.output().splitlines() or [""])[-1]
        if not last.startswith("counts "):
            raise RuntimeError(f"the generator failed: {last}")
        return tuple(float(word) for word in last.split()[1:])

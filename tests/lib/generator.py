# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The media generator (perf/rtpgen) against an appliance in a lab, over shared memory: both sides
of a memif port are processes of ours, and no kernel is in between."""

import contextlib
import json
import os
import re
import subprocess
import time
from pathlib import Path

import lab as lab_module
from lab import BUILD, SANITIZER, run

APPLIANCE, RECORDING = "203.0.113.1", "198.51.100.1"
GENERATOR, RECORDER = "203.0.113.2", "198.51.100.2"
APPLIANCE6, GENERATOR6 = "2001:db8:1::1", "2001:db8:1::2"
MACS = {"appliance": "02:00:00:00:00:0a", "generator": "02:00:00:00:00:0b",
        "recording": "02:00:00:00:00:0c", "recorder": "02:00:00:00:00:0d"}
RTPGEN = BUILD / "bin/bridgetap-rtpgen"
NICE = -20  # media before whatever else wants the same CPUs


def favour(pid):
    """All threads of a process, before others on the same CPU."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, int(thread), NICE)


@contextlib.contextmanager
def favoured_session():
    """Where the scheduler has groups by session (sched_autogroup), it is the session that counts
    against other sessions, and a process only within its own. Where it has none, or this session
    has none of its own (the file is then absent or empty), there is nothing to set."""
    group = Path("/proc/self/autogroup")
    before = group.read_text().split() if group.exists() else []
    if not before:
        yield
        return
    with contextlib.suppress(OSError):
        group.write_text(str(NICE))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            group.write_text(before[-1])


def _memif(lab, number, name, role, mac):
    return (f"net_memif{number},role={role},socket={lab.path}/{name}.memif,socket-abstract=no,"
            f"mac={MACS[mac]}")


def dataplane_settings(lab, **more):
    """Settings of a data plane, yet to be started, whose two ports are shared memory."""
    for left in lab.path.glob("*.memif"):
        left.unlink()
    return {
        "rate_limit": "0",  # few calls stand for many
        "ports": f'( {{ name = "access";'
                 f' devargs = "{_memif(lab, 0, "access", "server", "appliance")}"; }},'
                 f' {{ name = "recorder";'
                 f' devargs = "{_memif(lab, 1, "recorder", "server", "recording")}"; }} )',
        "realms": f'( {{ name = "access"; port = "access"; address = "{APPLIANCE}";'
                  f' rtp_ports = [ 1024, 65535 ]; next_hop_mac = "{MACS["generator"]}"; }},'
                  f' {{ name = "recording"; port = "recorder"; address = "{RECORDING}";'
                  f' rtp_ports = [ 1024, 65535 ]; next_hop_mac = "{MACS["recorder"]}";'
                  ' recording = true; } )',
        **more,
    }


def arguments(lab, record=False):
    """The generator's, for that data plane."""
    found = [RTPGEN, "--api", lab.api_socket, "--json", "--address", GENERATOR,
             "--peer-mac", MACS["appliance"],
             "--device", _memif(lab, 0, "access", "client", "generator")]
    if record:
        found += ["--record", "--recording-address", RECORDER,
                  "--recording-device", _memif(lab, 1, "recorder", "client", "recorder")]
    return found


def cable_settings(lab, **more):
    """Settings of a data plane, yet to be started, with AF_XDP on a veth each for calls and for
    recordings; all of both is the generator's, which has the other ends in the recorder's
    namespace."""
    there = lab.namespace("recorder")
    if "rec1@" not in run("ip", "-n", lab.namespace("appliance"), "-o", "link"):
        lab.cable("rec1", "recorder", "eth1")
        run("ip", "-n", there, "addr", "flush", "dev", "eth0")  # ours, not its kernel's
        run("ip", "-n", lab.namespace("appliance"), "addr", "add", f"{APPLIANCE6}/64",
            "dev", "rec0", "nodad")
    mac = json.loads(run("ip", "-n", there, "-j", "link", "show", "eth1"))[0]["address"]
    return {
        "rate_limit": "0",
        "ports": '( { name = "access"; devargs = "net_af_xdp0,iface=rec0";'
                 '    kernel_forwarding = false; },'
                 '  { name = "recorder"; devargs = "net_af_xdp1,iface=rec1"; } )',
        "realms": f'( {{ name = "access"; port = "access"; address = "{lab_module.RECORDING}";'
                  '    rtp_ports = [ 1024, 65535 ]; },'
                  f'  {{ name = "access6"; port = "access"; address = "{APPLIANCE6}";'
                  '    rtp_ports = [ 1024, 65535 ]; },'
                  f'  {{ name = "recording"; port = "recorder"; address = "{APPLIANCE}";'
                  f'    rtp_ports = [ 1024, 65535 ]; next_hop_mac = "{mac}";'
                  '    recording = true; } )',
        **more,
    }


def cable_lost(lab):
    """Packets that the kernel could not give the generator, which was held up: its rings were
    full."""
    links = json.loads(run("ip", "-n", lab.namespace("recorder"), "-j", "-s", "link"))
    return sum(link["stats64"]["rx"]["dropped"] for link in links
               if link["ifname"] in ("eth0", "eth1"))


def port_arguments(lab, devargs):
    """The generator's, for that data plane, over a port of its own choice."""
    return ["ip", "netns", "exec", lab.namespace("recorder"),
            RTPGEN, "--api", lab.api_socket, "--json", "--address", lab_module.RECORDER,
            "--device", devargs]


def cable_arguments(lab):
    """Likewise, over AF_XDP, with recording."""
    return [*port_arguments(lab, "net_af_xdp0,iface=eth0"), "--record",
            "--recording-address", GENERATOR, "--recording-device", "net_af_xdp1,iface=eth1"]


SILENT_US = 80000  # sources that are held up for as long may count as silent


TIMEOUT = 120  # seconds: no run of a test takes half as long


class Running:
    """A run of the generator that is under way. A context manager."""

    def __init__(self, argv, favoured=True):
        self._deadline = time.monotonic() + TIMEOUT
        self._process = subprocess.Popen(
            [str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **SANITIZER},
            preexec_fn=(lambda: favour(os.getpid())) if favoured else None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def goes_on(self):
        assert time.monotonic() < self._deadline, "the generator does not come to its end"
        return self._process.poll() is None

    def result(self, timeout=TIMEOUT):
        output, said = self._process.communicate(timeout=timeout)
        return Result(self._process.returncode, output, said)


class Result:
    """What a run of the generator has come to."""

    def __init__(self, status, output, said):
        self.status, self.said = status, said
        found = re.search(r"^\[.*^\]", output, re.M | re.S)
        self.rows = {row["name"]: row for row in json.loads(found.group())} if found else {}

    def __getitem__(self, name):
        return self.rows[name]["value"]

    def __repr__(self):
        rows = "\n".join(f"{name}: {row['value']} {row['unit']} ({row['note']})"
                         for name, row in self.rows.items())
        return f"status {self.status}\n{self.said}\n{rows}"

    def pause_us(self):
        """The longest in which either side was held up."""
        return max([self["generator_pause_us"]] + [
            row["value"] for name, row in self.rows.items()
            if name.startswith("delay") and "_max" in name])

    def judged(self):
        """Packets that were listened to."""
        return sum(self[f"check_{verdict}"] for verdict in ("exact", "partial", "excused"))

    def assert_right(self, dropped=0, impaired=False):
        """Everybody heard whom they should, in streams that go on as one.

        Others use the machine, too, and either side may be held up. What comes of that is told by
        its cause: the packets that a full ring could not take have been counted by the appliance
        (`dropped`), those that lack somebody just after a pause by the generator, and a source
        takes a clock over only where another one was held up for so long that it counts as silent.
        A wrong voice or a broken stream has no such cause. With `impaired` the network
        loses and reorders packets."""
        assert self.status == 0, self
        assert self["check_wrong"] == self["discontinued"] == self["wrong_ssrc"] == 0, self
        assert self["check_checksum"] == 0, self
        assert self["duplicates"] == self["strays"] == 0, self
        assert self["lost"] <= dropped, (dropped, self)
        if not impaired:
            assert self["reordered"] == 0, self
            assert self["check_partial"] <= self["check_exact"] / 100, self
        assert self["resumed"] == 0 or self.pause_us() > SILENT_US, self
        # Enough of it was undisturbed.
        assert self["check_exact"] > self["check_excused"], self


def Run(argv, timeout=TIMEOUT):
    """A run of the generator, to its end."""
    with Running(argv) as running:
        return running.result(timeout)

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What the whole appliance carries, from packets in to packets out: `make bench-system`.

The media generator plays both sides of all calls, over shared memory (memif: no kernel in between)
and over a veth (AF_XDP: the kernel's share of the work counts). It looks for the highest rate
without loss, then takes delays, and hears who is heard, at half of that."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))

import generator  # noqa: E402
from lab import BUILD, RECORDER, RECORDING, Lab, Missing, run  # noqa: E402
from results import Results, print_machine, print_table  # noqa: E402

OUT = BUILD / "bench"

# Calls: as many as speak in real time at some millions of packets a second, or as few hundred
# thousand as the kernel carries.
CALLS = {"memif": 4_000, "afxdp": 1_000}
MIXES = ("forward", "barge")
SOURCES = {"forward": 2, "barge": 3}  # a call; each speaks eleven times a second at least
SEARCH_SECONDS, DELAY_SECONDS = 1, 5
LONGEST = 240  # seconds, of one run of the generator

WHERE = "worker on CPU 1, generator on CPU 0 with all else"
FIGURES = ("loss_free_{mix}_{port}_pps", "delay_{mix}_{port}_p50_us", "delay_{mix}_{port}_p999_us",
           "heard_{mix}_{port}_share")


def start(lab, **settings):
    """Both planes."""
    dataplane = lab.start_dataplane(calls_max="20000", **settings)
    generator.favour(dataplane.pid)
    controlplane = lab.start_controlplane()
    return dataplane, controlplane


def memif(lab):
    """The appliance's settings and the generator's arguments over shared memory."""
    return generator.dataplane_settings(lab), [str(a) for a in generator.arguments(lab)], []


def afxdp(lab):
    """Likewise over a veth: the recorder's of the lab, which has no bridge in between."""
    settings = {
        "ports": '( { name = "access"; devargs = "net_af_xdp0,iface=rec0"; } )',
        "realms": f'( {{ name = "access"; port = "access"; address = "{RECORDING}";'
                  ' rtp_ports = [ 1024, 65535 ]; } )',
    }
    # The address is the generator's, and not its kernel's any more.
    run("ip", "-n", lab.namespace("recorder"), "addr", "flush", "dev", "eth0")
    arguments = [str(generator.RTPGEN), "--api", lab.api_socket, "--json", "--address", RECORDER,
                 "--device", "net_af_xdp0,iface=eth0"]
    return settings, arguments, ["ip", "netns", "exec", lab.namespace("recorder")]


class Failed(Exception):
    """Why a figure cannot be taken."""


def generate(prefix, arguments, *more):
    """One run of the generator: its rows, whatever it has heard. Its progress is shown."""
    argv = [*prefix, *arguments, *map(str, more)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               preexec_fn=lambda: generator.favour(os.getpid()))
    try:
        output, said = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired as slow:
        raise Failed(f"the generator did not come to an end within {LONGEST} s") from slow
    finally:
        process.kill()
        process.wait()
    for line in said.splitlines():
        if not line.startswith(("libbpf:", "libxdp:")):
            print(f"    {line.strip()}", flush=True)
    found = re.search(r"^\[.*^\]", output, re.M | re.S)
    if process.returncode not in (0, 3) or not found:
        raise Failed(said.strip().splitlines()[-1] if said.strip() else "it said nothing")
    return {row["name"]: row for row in json.loads(found.group())}


def pause_of(rows):
    return f"longest pause of the generator {rows['generator_pause_us']['value']:.0f} us"


def limit_of(rows):
    """In words: who had no time left."""
    busy = rows["generator_busy"]["value"]
    who = "the generator" if busy > 90 else "the appliance, or what lies between"
    return f"limited by {who} (generator {busy:.0f} % busy, {pause_of(rows)})"


def measure_mix(results, port, mix, prefix, arguments):
    """All figures of one mix over one port."""
    calls = CALLS[port]
    common = ("--calls", calls, "--mix", f"{mix}:1")
    print(f"  {mix} over {port}: {calls} calls", flush=True)
    found = generate(prefix, arguments, *common, "--search", "--seconds", SEARCH_SECONDS,
                     "--check", 1)
    rate = found["loss_free_pps"]["value"]
    received = found["received_pps"]["value"]
    results.add(f"loss_free_{mix}_{port}_pps", f"{rate:.0f}", "1/s",
                f"packets in, {received:.0f} out; {calls} calls, {WHERE}; {limit_of(found)}")
    half = max(int(rate / 2), SOURCES[mix] * calls * 11)
    rows = generate(prefix, arguments, *common, "--rate", half, "--seconds",
                    DELAY_SECONDS, "--check", 100)
    for name, quantile in (("p50", "median"), ("p999", "99.9th percentile")):
        delay = rows[f"delay_{mix}_{name}_us"]["value"]
        results.add(f"delay_{mix}_{port}_{name}_us", f"{delay:.1f}", "us",
                    f"{quantile} from the generator's port to the generator's port, at {half}/s; "
                    f"{pause_of(rows)}, which counts in")
    judged = [rows[f"check_{verdict}"]["value"] for verdict in ("exact", "partial", "wrong")]
    results.add(f"heard_{mix}_{port}_share", f"{100 * judged[0] / max(sum(judged), 1):.3f}", "%",
                f"of {sum(judged):.0f} packets at {half}/s held exactly who should be "
                f"heard; {judged[1]:.0f} held less, {judged[2]:.0f} somebody else; "
                f"{rows['lost']['value']:.0f} lost")


def measure(lab, results):
    """All ports and mixes; sentences about what failed."""
    failed = []
    for port, connect in (("memif", memif), ("afxdp", afxdp)):
        settings, arguments, prefix = connect(lab)
        planes = start(lab, **settings)
        for mix in MIXES:
            try:
                measure_mix(results, port, mix, prefix, arguments)
            except Failed as why:
                failed.append(f"{mix} over {port}: {why}")
                print(f"  FAILED: {why}", flush=True)
                for figure in FIGURES:
                    name = figure.format(mix=mix, port=port)
                    if name not in results.names():
                        results.missing(name, why)
        for process in reversed(planes):
            process.stop()
    return failed


def main():
    print("Bridgetap benchmark: the whole appliance, packets in to packets out\n")
    print_machine()
    results = Results(OUT / "system.tsv", fresh=True)
    work = OUT / "system-work"
    for old in work.glob("*"):
        old.unlink()
    try:
        with generator.favoured_session(), Lab(work) as lab:
            failed = measure(lab, results)
    except Missing as missing:
        sys.exit(f"The benchmark cannot run here: {missing}")
    print()
    print_table(results)
    print(f"All rows are in {os.path.relpath(results.path)}; logs are in {os.path.relpath(work)}.")
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()

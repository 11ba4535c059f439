#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What the data plane's kernels and its worker cost, what the control plane does with 100,000 live
calls, and what peers do with the calls that the appliance has: `make bench`.

The kernels run by themselves, and so does the worker, on bursts made in memory. Then both planes
run as they would, the data plane over AF_XDP in a network namespace; a client in C loads the API
over the Unix socket and takes the time. No media flows until then. Last, it does: through the
appliance and through peers in turn, see peers.py."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))

from lab import BUILD, RECORDING, Lab, Missing, run  # noqa: E402
from peers import measure_peers  # noqa: E402
from results import Results, print_machine, print_table  # noqa: E402

OUT = BUILD / "bench"
CLIENT = OUT / "bridgetap-bench-control"
KERNELS = OUT / "bridgetap-bench-kernels"
WORKER = OUT / "bridgetap-bench-worker"
WORKER_HUGEPAGES = 500  # of 2 MiB, for 100,000 calls with everything

CALLS = 100_000
SUPERVISORS = 512
WATCHERS = 1000
REALMS = 8  # 32,256 RTP ports each: two a call, and some for monitors
RTP_PORTS = (1024, 65535)

# Name, connections, the longest it may take (seconds), and the figures it takes.
STEPS = (
    ("setup", 16, 60, ()),
    ("load", 1, 90, ("load_100k_calls_s", "end_100k_calls_s", "load_100k_calls_cpu")),
    ("list", 1, 40, ("list_filter_100k_ms", "list_filter_100k_p99_ms", "list_filter_100k_cpu",
                     "list_filter_agent_100k_ms", "list_filter_agent_100k_p99_ms",
                     "list_filter_agent_100k_cpu")),
    ("watch", 51, 70, ("watch_open_s", "watch_change_ms", "watch_change_p99_ms",
                       "watch_change_cpu", "watch_hand_ms", "watch_hand_p99_ms",
                       "watch_hand_cpu")),
    ("switch", 32, 50, ("switches_per_s", "switches_cpu", "switch_p50_ms", "switch_p99_ms",
                        "switch_half_cpu")),
)
WHOLE_SECONDS = 225


def realm_address(number):
    return f"198.18.0.{number}"


def realms():
    """The data plane's realms: access1 and so on, and the recorder's, which is not used here."""
    access = [f'{{ name = "access{n}"; port = "access"; address = "{realm_address(n)}";'
              f' rtp_ports = [ {RTP_PORTS[0]}, {RTP_PORTS[1]} ]; }}'
              for n in range(1, REALMS + 1)]
    recording = (f'{{ name = "recording"; port = "recorder"; address = "{RECORDING}";'
                 ' rtp_ports = [ 30000, 30399 ]; recording = true; }')
    return f"( {', '.join([*access, recording])} )"


def start_appliance(lab):
    """Both planes, connected."""
    for number in range(1, REALMS + 1):
        run("ip", "-n", lab.namespace("appliance"), "addr", "add",
            f"{realm_address(number)}/24", "dev", "access0")
    dataplane = lab.start_dataplane(realms=realms(), calls_max=str(CALLS), mbufs="8191")
    controlplane = lab.start_controlplane()
    deadline = time.monotonic() + 20
    while "data plane connected" not in controlplane.output():
        if time.monotonic() > deadline:
            raise RuntimeError("the two planes have not found each other")
        time.sleep(0.05)
    return dataplane, controlplane


class Step:
    """One run of the load client: its rows go to the results, its progress to the terminal."""

    def __init__(self, results, lab, dataplane, controlplane):
        self.results, self.socket = results, lab.api_socket
        self.pids = ["--pid", str(controlplane.pid), "--dataplane-pid", str(dataplane.pid)]
        self.error = ""

    def _take(self, line):
        if line.startswith("row\t"):
            self.results.add(*line.split("\t")[1:])
        elif line.startswith("error: "):
            self.error = line[len("error: "):]
        else:
            print(f"  {line}", flush=True)

    def run(self, name, connections, seconds):
        """Run the step; whether it came to its end. Why not is in `error`."""
        client = subprocess.Popen(
            [CLIENT, "--socket", self.socket, *self.pids, "--calls", str(CALLS),
             "--supervisors", str(SUPERVISORS), "--watchers", str(WATCHERS),
             "--realms", str(REALMS), "--connections", str(connections), name],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        timer = threading.Timer(seconds, client.kill)
        timer.start()
        try:
            for line in client.stdout:
                self._take(line.rstrip("\n"))
            if client.wait() < 0 and not self.error:
                self.error = f"it did not come to an end within {seconds:.0f} s"
        finally:
            timer.cancel()
            client.kill()
            client.wait()
        return client.returncode == 0


def measure_kernels(results):
    """Cycles per call of each kernel, of every set that this CPU can run."""
    done = subprocess.run([KERNELS], capture_output=True, text=True, timeout=60, check=True)
    for line in done.stdout.splitlines():
        if line.startswith("row\t"):
            results.add(*line.split("\t")[1:])
        else:
            print(f"  {line}", flush=True)


def measure_worker(results):
    """Cycles per packet through the real worker, with no driver."""
    pages = Path("/proc/sys/vm/nr_hugepages")
    before = pages.read_text()
    if int(before) < WORKER_HUGEPAGES:
        pages.write_text(str(WORKER_HUGEPAGES))
    done = subprocess.run(
        [WORKER, "--in-memory", "--no-pci", "--no-telemetry", "--log-level=error", "-l", "1,0",
         "--main-lcore", "1", "--", BUILD / "bpf/rec_guard.bpf.o"],
        capture_output=True, text=True, timeout=120)
    pages.write_text(before)
    for line in done.stdout.splitlines():
        results.add(*line.split("\t"))
    if done.returncode != 0:
        reason = (done.stderr.strip() or f"it ended with {done.returncode}").splitlines()[-1]
        for name in ("forward", "listen", "whisper", "barge"):
            results.missing(f"{name}_cycles_100k", reason)


def measure(lab, results):
    """All steps; the sentences about those that failed."""
    dataplane, controlplane = start_appliance(lab)
    deadline = time.monotonic() + WHOLE_SECONDS
    failed = {}
    for name, connections, seconds, figures in STEPS:
        step = Step(results, lab, dataplane, controlplane)
        left = deadline - time.monotonic()
        needed = next((other for other in ("setup", "load") if other in failed), None)
        if needed:
            step.error = f"{needed} failed: {failed[needed]}"
        elif left < 5:
            step.error = f"the whole run may take {WHOLE_SECONDS} s"
        elif step.run(name, connections, min(seconds, left)) and has_all(results, figures):
            continue
        if not controlplane.running():
            step.error += " (the control plane has ended: see its log)"
        failed[name] = step.error or "the load client did not print it"
        if not needed:
            print(f"  {name} FAILED: {failed[name]}", flush=True)
        for figure in figures:
            if figure not in results.names():
                results.missing(figure, failed[name])
    return failed


def has_all(results, figures):
    return set(figures) <= results.names()


def main():
    print("Bridgetap benchmark: kernels, worker, 100,000 live calls, and peers\n")
    print_machine()
    results = Results(OUT / "results.tsv", fresh=True)
    measure_kernels(results)
    measure_worker(results)
    work = OUT / "work"
    for old in work.glob("*"):
        old.unlink()
    try:
        with Lab(work) as lab:
            failed = measure(lab, results)
        complete = measure_peers(results, OUT / "peers")
    except Missing as missing:
        sys.exit(f"The benchmark cannot run here: {missing}")
    print()
    print_table(results)
    print(f"All rows are in {os.path.relpath(results.path)}; logs are in {os.path.relpath(work)}.")
    if failed or not complete:
        sys.exit(1)


if __name__ == "__main__":
    main()

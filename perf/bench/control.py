# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What the control plane does with 100,000 live calls.

Both planes run as they would, the data plane over AF_XDP in a network namespace; a client in C
loads the API over the Unix socket and takes the time. While it loads and ends them, two people of
another organisation talk through the same appliance."""

import contextlib
import re
import subprocess
import threading
import time
from pathlib import Path

from lab import BUILD, RECORDING, Lab, address_of, run

CLIENT = BUILD / "bench/bridgetap-bench-control"

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
                        "switch_cpu")),
)
MEMORY = ("dataplane_100k_calls_mib",)
TALK = ("load_100k_media_lost",)
TALK_PORTS = {"agent": 4000, "customer": 5000}
WHOLE_SECONDS = 225

TITLE = f"Control plane: {CALLS:,} live calls through the client API"
ROWS = (*(figure for *_, figures in STEPS for figure in figures), *TALK, *MEMORY)


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
    dataplane = lab.start_dataplane(realms=realms(), calls_max=str(CALLS + 1), mbufs="8191")
    controlplane = lab.start_controlplane()
    deadline = time.monotonic() + 20
    while "data plane connected" not in controlplane.output():
        if time.monotonic() > deadline:
            raise RuntimeError("the two planes have not found each other")
        time.sleep(0.05)
    return dataplane, controlplane


def memory_of(pid):
    """MiB, hugepages included."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(size) for size in re.findall(
        r"^(?:Rss|Shared_Hugetlb|Private_Hugetlb):\s+(\d+) kB", rollup, re.M)) / 1024


class Client:
    """The load client: its rows go to the results, its progress to the terminal."""

    def __init__(self, results, lab, dataplane, controlplane):
        self.results, self.socket, self.error = results, lab.api_socket, ""
        self.dataplane, self.controlplane = dataplane, controlplane

    def _take(self, line):
        if line.startswith("row\t"):
            self.results.add(*line.split("\t")[1:])
        elif line.startswith("error: "):
            self.error = line[len("error: "):]
        else:
            print(f"  {line}", flush=True)

    def run(self, name, connections, seconds):
        """Run the step to its end."""
        self.error = ""
        client = subprocess.Popen(
            [CLIENT, "--socket", self.socket, "--pid", str(self.controlplane.pid),
             "--dataplane-pid", str(self.dataplane.pid), "--calls", str(CALLS),
             "--supervisors", str(SUPERVISORS), "--watchers", str(WATCHERS),
             "--realms", str(REALMS), "--connections", str(connections), name],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        timer = threading.Timer(seconds, client.kill)
        timer.start()
        try:
            for line in client.stdout:
                self._take(line.rstrip("\n"))
            client.wait()
        finally:
            timer.cancel()
            client.kill()
            client.wait()
        if client.returncode != 0:
            raise RuntimeError(self._reason(seconds))

    def _reason(self, seconds):
        reason = self.error or f"it did not come to an end within {seconds:.0f} s"
        if not self.controlplane.running():
            reason += " (the control plane has ended: see its log)"
        return reason


@contextlib.contextmanager
def talk(lab, results):
    """A call of another organisation that goes on meanwhile, a packet every 20 ms each way. In the
    end nothing more is sent, what is on its way arrives, and what has not is counted."""
    from api import Api, media
    from bridgetap.v1 import calls_pb2
    from rtp import Party

    api = Api(lab.api_socket, organisation="talk")
    api.set_up()
    for host in TALK_PORTS:
        run("ip", "-n", lab.namespace(host), "route", "replace", "198.18.0.0/24", "dev", "eth0")
    call = api.calls.CreateCall(calls_pb2.CreateCallRequest(call=calls_pb2.CallDescription(
        id="talk", agent_user="ann",
        **{host: media(address_of(host), port) for host, port in TALK_PORTS.items()})))
    legs = {"agent": call.agent, "customer": call.customer}
    with contextlib.closing(api), contextlib.ExitStack() as stack:
        parties = [stack.enter_context(Party(
            lab, host, ("0.0.0.0", port),
            (legs[host].local.address, legs[host].local.port), 1000))
            for host, port in TALK_PORTS.items()]
        yield
        for party in parties:
            party.speaking.clear()
        time.sleep(0.5)
        sent = sum(party.sent for party in parties)
        heard = sum(len(party.packets) for party in parties)
        if heard == 0:
            raise RuntimeError(f"of {sent} packets none was heard")
        results.add(TALK[0], sent - heard, "packets",
                    f"of {sent:,} of another organisation's call, while {CALLS:,} calls were "
                    "loaded and ended, some times over")
        api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="talk"))


def measure_memory(results, dataplane, before):
    after = memory_of(dataplane.pid)
    results.add(MEMORY[0], after - before, "MiB",
                f"what the data plane grew by for {CALLS:,} two-party calls, with all that its "
                f"main lcore remembers of them: {before:.0f} MiB before, {after:.0f} after; "
                f"{(after - before) * (1 << 20) / CALLS:.0f} bytes a call; 500,000 would take "
                f"{(after - before) * 500_000 / CALLS:.0f} MiB")


def measure(results, out):
    with Lab(out / "control") as lab:
        for old in lab.path.glob("controlplane.db*"):
            old.unlink()
        dataplane, controlplane = start_appliance(lab)
        client = Client(results, lab, dataplane, controlplane)
        deadline, memory = time.monotonic() + WHOLE_SECONDS, memory_of(dataplane.pid)
        needed = None
        for name, connections, seconds, figures in STEPS:
            failures = len(results.failures)
            with results.attempt(name, *figures, *(TALK if name == "load" else ())):
                if needed:
                    raise RuntimeError(f"{needed} failed")
                with talk(lab, results) if name == "load" else contextlib.nullcontext():
                    client.run(name, connections, min(seconds, deadline - time.monotonic()))
            if name in ("setup", "load") and len(results.failures) > failures:
                needed = name
            if name == "load":
                with results.attempt("memory", *MEMORY):
                    measure_memory(results, dataplane, memory)

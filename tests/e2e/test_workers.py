# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Several workers: calls are spread over them, and packets find the worker that has the call, with
a NIC that steers them there (tests/e2e/nic.c plays it) and with one that does not.

The workers share a CPU here, so that there can be more of them than this machine has CPUs."""

import contextlib
import subprocess

import pytest

from api import BARGE, LISTEN, WHISPER, Api, media
from appliance import running_appliance
from bridgetap.v1 import calls_pb2
from conversation import Conversation
from dataplane_client import DataplaneClient, pb
from lab import APPLIANCE, BUILD, HOSTS, RECORDING, address_of, run
from test_bad_batches import call, leg

MACS = {"access": "02:00:00:00:00:0a", "recorder": "02:00:00:00:00:0c"}
MODES = (LISTEN, WHISPER, BARGE, None)
EVERYBODY = "ff:ff:ff:ff:ff:ff"  # the next hop: nobody here tells the appliance who has which


@pytest.fixture(scope="module")
def wired(lab):
    """A lab whose kernel leaves the appliance's addresses to the appliance."""
    for interface in ("access0", "rec0"):
        run("ip", "-n", lab.namespace("appliance"), "addr", "flush", "dev", interface)
    for host in HOSTS:
        run("ip", "-n", lab.namespace(host), "neigh", "replace", APPLIANCE, "dev", "eth0",
            "lladdr", MACS["access"], "nud", "permanent")
    run("ip", "-n", lab.namespace("recorder"), "neigh", "replace", RECORDING, "dev", "eth0",
        "lladdr", MACS["recorder"], "nud", "permanent")
    return lab


def settings(lab, workers):
    ports = ", ".join(
        f'{{ name = "{name}"; devargs = "net_memif{i},role=server,socket-abstract=no,mac={mac},'
        f'socket={lab.path}/{name}.memif"; }}' for i, (name, mac) in enumerate(MACS.items()))
    return {
        "ports": f"( {ports} )",
        "realms": f'( {{ name = "access"; port = "access"; address = "{APPLIANCE}";'
                  f' rtp_ports = [ 20000, 20399 ]; next_hop_mac = "{EVERYBODY}"; }},'
                  f' {{ name = "recording"; port = "recorder"; address = "{RECORDING}";'
                  f' rtp_ports = [ 30000, 30399 ]; next_hop_mac = "{EVERYBODY}";'
                  ' recording = true; } )',
        "share_cpus": "true",
        "workers": f"[ {', '.join(['1'] * workers)} ]",
    }


class Box:
    """An appliance of several workers behind a NIC of as many queues."""

    def __init__(self, lab):
        self.lab = lab
        self.nic = self.api = None
        self._planes = contextlib.ExitStack()

    def start(self, workers, steer=True):
        self.workers, self.steer = workers, steer
        self._clear()
        self.appliance = self._planes.enter_context(
            running_appliance(self.lab, dataplane=settings(self.lab, workers)))
        self._plug()
        self.api = Api(self.lab.api_socket)
        self.api.set_up()
        self.api.wait_until_connected()

    def restart_dataplane(self, workers):
        self.workers = workers
        self.appliance.dataplane.stop()
        self.nic.stop()
        self._clear()
        self.appliance.dataplane = self.lab.start_dataplane(**settings(self.lab, workers))
        self._plug()
        self.api.wait_until_connected()

    def stop(self):
        if self.api:
            self.api.close()
        # The driver unmaps what a peer that goes has shared, while workers may be reading there: so
        # the appliance goes first.
        try:
            self._planes.close()
        finally:
            if self.nic:
                self.nic.stop()

    def _clear(self):
        for left in self.lab.path.glob("*.memif"):
            left.unlink()

    def _plug(self):
        log = self.lab.path / "nic.log"
        log.unlink(missing_ok=True)
        self.nic = self.lab.spawn(
            "appliance", "nic", BUILD / "tests/bridgetap-nic", "--queues", self.workers,
            *([] if self.steer else ["--spread"]),
            f"access0={self.lab.path}/access.memif", f"rec0={self.lab.path}/recorder.memif")
        self.lab._wait_ready(self.nic, 0)

    def handed_over(self):
        return self.api.counters()["handed_over"]


@pytest.fixture
def box(wired):
    made = Box(wired)
    yield made
    made.stop()


@contextlib.contextmanager
def conversations(box, count):
    """As many calls, the first of them recorded, joined where a supervisor is left."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Conversation(box, f"call{n}", record=n == 0, shift=100 * n))
               for n in range(count)]


def everybody_hears_right(talks):
    """In every mode, on one call after the other, while nothing changes on the others."""
    for talk in talks:
        talk.join(LISTEN)
        for mode in MODES:
            if mode is None:
                talk.leave()
            elif mode != LISTEN:
                talk.switch(mode)
            talk.assert_heard(mode)


@pytest.mark.parametrize("workers", [2, 4])
def test_what_the_nic_steers_nobody_hands_over(box, workers):
    box.start(workers)
    with conversations(box, workers) as talks:
        everybody_hears_right(talks)
        stats = box.api.stats()
        assert [worker.calls for worker in stats.workers] == [1] * workers
        assert all(worker.rx_packets > 100 and worker.tx_packets > 100 for worker in stats.workers)
        assert [worker.handed_over for worker in stats.workers] == [0] * workers
        assert box.handed_over() == 0
        # The recorder's ports, too, and what is given later than the rest.
        talks[0].assert_never_recorded()
        for number, talk in enumerate(talks):
            talk.join(BARGE, user=("sue", "adam")[number % 2])
            talk.assert_heard(BARGE)
            talk.leave()
        assert box.handed_over() == 0
        said = subprocess.run([BUILD / "bin/bridgetapctl", "--socket", box.lab.api_socket, "stats"],
                              capture_output=True, text=True, check=True).stdout
        assert said.count("worker on CPU 1: 1 calls") == workers, said
        assert said.count("handed to others 0") == workers, said


@pytest.mark.parametrize("workers", [2, 4])
def test_what_arrives_anywhere_is_handed_over_and_heard_right(box, workers):
    box.start(workers, steer=False)
    with conversations(box, workers) as talks:
        everybody_hears_right(talks)
        stats = box.api.stats()
        assert [worker.calls for worker in stats.workers] == [1] * workers
        assert all(worker.handed_over > 100 for worker in stats.workers), stats.workers
        assert box.api.counters()["drop_handover_full"] == 0
        talks[0].assert_never_recorded()


def test_calls_go_on_when_the_data_plane_comes_back_with_other_workers(box):
    box.start(4)
    with conversations(box, 3) as talks:
        talks[0].join(WHISPER)
        talks[0].assert_heard(WHISPER)
        before = {listed.id: (listed.agent.local.port, listed.customer.local.port)
                  for listed in box.api.calls.ListCalls(calls_pb2.ListCallsRequest()).calls}
        for workers in (2, 3, 1, 4):
            box.restart_dataplane(workers)
            after = {listed.id: (listed.agent.local.port, listed.customer.local.port)
                     for listed in box.api.calls.ListCalls(calls_pb2.ListCallsRequest()).calls}
            assert after == before
            talks[0].assert_heard(WHISPER)
            for talk in talks[1:]:
                talk.assert_heard(None)
            assert sum(worker.calls for worker in box.api.stats().workers) == 3
        # With as many as there were when they began their packets arrive where they are.
        assert box.handed_over() == 0


def test_all_ports_of_a_realm_can_be_used(box):
    box.start(3)

    def create(number):
        return box.api.calls.CreateCall(calls_pb2.CreateCallRequest(call=calls_pb2.CallDescription(
            id=f"c{number}", agent=media(address_of("agent"), 4000),
            customer=media(address_of("customer"), 5000), agent_user="ann")))

    calls = [create(number) for number in range(100)]
    ports = [leg.local.port for made in calls for leg in (made.agent, made.customer)]
    assert sorted(ports) == list(range(20000, 20400, 2))
    with pytest.raises(Exception, match="all 200 ports of realm"):
        create(100)
    counts = [worker.calls for worker in box.api.stats().workers]
    assert sum(counts) == 100 and min(counts) > 25, counts


def test_a_call_is_placed_where_its_ports_arrive(wired):
    process = wired.start_dataplane(**settings(wired, 4))
    client = DataplaneClient(wired.dataplane_socket)
    try:
        workers = client.welcome.workers_of_ports
        assert len(workers) == 64 and set(workers) == set(range(4))

        def ports(worker):
            return [port for port in range(20000, 20400, 2)
                    if workers[port // 2 % len(workers)] == worker]

        def counts():
            return [worker.calls for worker in client.stats().workers]

        for number in range(3):
            for worker in (0, 2):
                first, second = ports(worker)[2 * number:2 * number + 2]
                client.put(call(f"c{worker}{number}", [
                    leg(1, port=first), leg(2, pb.ROLE_CUSTOMER, second, "customer", 5000)]))
        assert counts() == [3, 0, 3, 0]
        # Ports that do not agree say nothing: it goes where there are fewest.
        for number in range(4):
            client.put(call(f"mixed{number}", [
                leg(1, port=ports(0)[10 + number]),
                leg(2, pb.ROLE_CUSTOMER, ports(2)[10 + number], "customer", 5000)]))
        assert counts() == [3, 2, 3, 2]
    finally:
        client.close()
        assert process.stop() == 0

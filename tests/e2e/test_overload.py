# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""More than the worker carries: what it cannot take is lost at the port and counted, what it sends
is right, the control socket answers, and all is well when the load falls.

Every call is barged and recorded: five packets leave for three that come, so that the worker has
more to do than the generator, whatever the machine. Nothing here depends on how fast either is, but
that the one cannot keep up with the other."""

import time

import pytest

from api import BARGE, LISTEN, WHISPER, Api, media
from bridgetap.v1 import admin_pb2, calls_pb2, monitor_pb2
from generator import (GENERATOR, Run, Running, arguments, cable_arguments, cable_lost,
                       cable_settings, dataplane_settings, favour, favoured_session)
from lab import RECORDER

CALLS = 300
LOAD = ("--calls", CALLS, "--mix", "barge:1", "--check", 200)
# Packets a second: no core that mixes takes as many.
FAR_TOO_MANY = {"memif": 15_000_000, "cable": 1_000_000}
SENT = ("mixed", "forwarded", "transcoded", "rtcp_sent")
NOT_TAKEN = ("tx_full", "guard_dropped")


class Appliance:
    """Both planes, with the generator's arguments for a kind of port."""

    def __init__(self, lab, kind, **settings):
        for name in ("controlplane.db", "controlplane.db-wal", "controlplane.db-shm"):
            (lab.path / name).unlink(missing_ok=True)
        self.kind, self.lab = kind, lab
        make = dataplane_settings if kind == "memif" else cable_settings
        self.dataplane = lab.start_dataplane(**{**make(lab), **settings})
        favour(self.dataplane.pid)
        self.controlplane = lab.start_controlplane()
        self.api = Api(lab.api_socket)
        self.api.wait_until_connected()
        self.arguments = arguments(lab, record=True) if kind == "memif" else cable_arguments(lab)

    def stop(self):
        self.api.close()
        assert [self.controlplane.stop(), self.dataplane.stop()] == [0, 0]
        log = self.dataplane.output()
        assert "Sanitizer" not in log and "runtime error" not in log, log

    def stats(self):
        return self.api.admin.GetStats(admin_pb2.GetStatsRequest())

    def settled(self):
        """Counters and ports when nothing comes any more."""
        deadline = time.monotonic() + 10
        before, now = None, self.stats()
        while before is None or list(before.counters) != list(now.counters):
            assert time.monotonic() < deadline, now
            time.sleep(0.1)
            before, now = now, self.stats()
        return ({counter.name: counter.value for counter in now.counters},
                {port.name: port for port in now.ports})


    def dropped(self):
        """Packets that were lost where somebody counts them, of the appliance's and of what it has
        sent."""
        counters, ports = self.settled()
        return (counters["tx_full"] + counters["tx_no_mbuf"]
                + sum(port.rx_missed for port in ports.values())
                + (cable_lost(self.lab) if self.kind == "cable" else 0))


@pytest.fixture
def start(lab):
    started = []

    def make(kind, **settings):
        started.append(Appliance(lab, kind, **settings))
        return started[-1]

    with favoured_session():
        yield make
        for appliance in started:
            appliance.stop()


class Client:
    """A supervisor of another organisation, who works on while the appliance is overloaded."""

    def __init__(self, api, far):
        self.api, self.far, self.took = api, far, {}
        api.set_up()
        self._time("CreateCall", api.calls.CreateCall, calls_pb2.CreateCallRequest(
            call=calls_pb2.CallDescription(
                id="call", agent_user="ann", direction=calls_pb2.DIRECTION_INBOUND,
                agent=media(far, 1000), customer=media(far, 1002))))

    def _time(self, what, method, request):
        begin = time.monotonic()
        answer = method(request)
        self.took.setdefault(what, []).append(time.monotonic() - begin)
        return answer

    def work(self):
        """A round of all that a client does; every answer has to be the right one."""
        calls, monitor = self.api.calls, self.api.monitor
        found = self._time("ListCalls", calls.ListCalls, calls_pb2.ListCallsRequest())
        assert [call.id for call in found.calls] == ["call"]
        session = self._time("Join", monitor.Join, monitor_pb2.JoinRequest(
            call_id="call", mode=LISTEN, media=media(self.far, 1004)))
        for mode in (WHISPER, BARGE, LISTEN):
            answer = self._time("SwitchMode", monitor.SwitchMode, monitor_pb2.SwitchModeRequest(
                session_id=session.id, mode=mode))
            assert answer.mode == mode
        self._time("Leave", monitor.Leave, monitor_pb2.LeaveRequest(session_id=session.id))
        return self._time("GetStats", self.api.admin.GetStats, admin_pb2.GetStatsRequest())

    def __str__(self):
        return ", ".join(f"{what} {len(took)} times, at most {max(took) * 1e3:.0f} ms"
                         for what, took in self.took.items())


def add_up(counters, ports, kind):
    """In is out, and drops by name."""
    assert counters["rx_accepted"] == counters["rx_packets"], counters
    assert sum(counters[name] for name in SENT) == counters["tx_packets"] + sum(
        counters[name] for name in NOT_TAKEN), counters
    assert counters["guard_dropped"] == 0
    if kind == "memif":
        return  # whose driver forgets what it has counted when the other side goes
    for port in ports.values():
        assert port.steered and port.to_dataplane == port.rx_packets + port.rx_missed, port
    assert counters["rx_packets"] == sum(port.rx_packets for port in ports.values())


def normal_run(appliance):
    """Such a load as the appliance is made for, by other calls: all of it is heard right."""
    before = appliance.dropped()
    run = Run([*appliance.arguments, *LOAD[:-1], "all", "--seconds", 1])
    run.assert_right(dropped=appliance.dropped() - before)
    add_up(*appliance.settled(), appliance.kind)


@pytest.mark.parametrize("kind", ["memif", "cable"])
def test_an_overload_is_dropped_at_the_port_and_passes(start, kind, capsys):
    appliance = start(kind)
    client = Client(appliance.api, GENERATOR if kind == "memif" else RECORDER)
    idle = appliance.stats()
    rounds, seen = 0, []
    with Running([*appliance.arguments, *LOAD, "--overload", FAR_TOO_MANY[kind], "--seconds", 2],
                 favoured=False) as running:
        while running.goes_on():
            seen.append(client.work())
            rounds += 1
            time.sleep(0.05)
        run = running.result()
    counters, ports = appliance.settled()

    # It was too much, and it shows where: before the port, or in the port's own count.
    if kind == "memif":
        assert run["overload_refused"] > 0, run
    else:
        assert ports["access"].rx_missed > idle.ports[0].rx_missed, run
    add_up(counters, ports, kind)
    # What was sent was right. A stream that another clock takes over may lose the mark of that.
    assert run.status in (0, 3) and run["overload_wrong"] == run["check_wrong"] == 0, run
    assert run["overload_disorder"] <= counters["clock_changed"], run
    assert run["overload_exact"] > 0, run
    # The client worked on meanwhile; each answer came within its deadline, or it had raised.
    loads = {counter.value for stats in seen for counter in stats.counters
             if counter.name == "rx_packets"}
    assert rounds > 10 and len(loads) > 10, (rounds, loads)
    with capsys.disabled():
        missed = ports["access"].rx_missed - idle.ports[0].rx_missed
        print(f"\n  over {kind}: {run['overload_sent']:.0f} sent, {run['overload_refused']:.0f} "
              f"refused, {missed} missed; all heard right {run['recovery_ms']:.0f} ms after; "
              f"meanwhile {client}")
    normal_run(appliance)


def test_buffers_that_run_out_are_counted_and_come_back(start, lab):
    """Four AF_XDP ports hold 2,048 buffers each; 100 more do not do for a burst and its copies."""
    lab.cable("rec2", "recorder", "eth2")
    settings = cable_settings(lab)
    ports = settings["ports"].rstrip(" )") + (
        ', { name = "third"; devargs = "net_af_xdp2,iface=rec2"; },'
        ' { name = "fourth"; devargs = "net_af_xdp3,iface=access0"; } )')
    appliance = start("cable", ports=ports, mbufs=str(4 * 2048 + 100))
    assert appliance.stats().mbufs == 4 * 2048 + 100
    assert appliance.stats().mbufs_free <= 100
    run = Run([*appliance.arguments, *LOAD, "--overload", FAR_TOO_MANY["cable"], "--seconds", 2])
    counters, ports = appliance.settled()
    assert counters["tx_no_mbuf"] > 0, counters
    assert run["overload_wrong"] == run["check_wrong"] == 0, run
    assert run["overload_disorder"] <= counters["clock_changed"], run
    add_up(counters, ports, "cable")
    # Nothing is stuck, but for moments: with so few buffers a burst may have to wait for some.
    for _ in range(2):
        before, clocks = appliance.dropped(), appliance.settled()[0]["clock_changed"]
        run = Run([*appliance.arguments, "--calls", 1, "--mix", "barge:1", "--check", "all",
                   "--seconds", 1])
        assert run["check_exact"] > run["expected"] / 2 > 0, run
        assert run["check_wrong"] == run["wrong_ssrc"] == run["duplicates"] == 0, run
        assert run["lost"] <= appliance.dropped() - before, run
        counters, ports = appliance.settled()
        assert run["discontinued"] <= counters["clock_changed"] - clocks, run
        add_up(counters, ports, "cable")

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The media generator hears what is right, and what is wrong; its captures can be read and played.

Others may use the machine, too, and either process be held up: what comes of that is told by its
cause (Result.assert_right), and nothing else is excused."""

import subprocess
import types

import pytest

from api import Api
from bridgetap.v1 import admin_pb2
from generator import (GENERATOR6, MACS, Run, arguments, cable_arguments, cable_lost,
                       cable_settings, dataplane_settings, favour, favoured_session,
                       port_arguments)
from lab import BUILD

CALLS = 50
MIX = ("--mix", "forward:1,listen:1,whisper:1,barge:1")
PARTIES = 2 * CALLS + 37  # and a monitor on three calls of four, near enough


@pytest.fixture
def carried(lab):
    """An appliance whose ports are shared memory; a test may ask for another data plane."""
    box = types.SimpleNamespace(lab=lab)
    for name in ("controlplane.db", "controlplane.db-wal", "controlplane.db-shm"):
        (lab.path / name).unlink(missing_ok=True)

    def start(binary=None, settings=None):
        settings = settings or dataplane_settings(lab)
        box.dataplane = lab.start_dataplane(binary=binary, **settings)
        favour(box.dataplane.pid)
        box.controlplane = lab.start_controlplane()
        box.api = Api(lab.api_socket, organisation="rtpgen")
        box.api.wait_until_connected()

    box.start = start
    with favoured_session():
        yield box
    box.api.close()
    assert [box.controlplane.stop(), box.dataplane.stop()] == [0, 0]


MANY, MANY_REALMS = 20000, 3  # legs of which need more ports than an address has


def many_realms(lab):
    """As dataplane_settings(), with as many addresses as that takes and room for the calls."""
    settings = dataplane_settings(lab, calls_max=str(MANY))
    one = ('{{ name = "r{0}"; port = "access"; address = "192.0.2.{1}";'
           ' rtp_ports = [ 1024, 65535 ]; next_hop_mac = "{2}"; }}')
    realms = ", ".join(one.format(i, 101 + i, MACS["generator"]) for i in range(MANY_REALMS))
    return {**settings, "realms": f"( {realms} )",
            "ports": settings["ports"].split("},")[0] + "} )"}


def drops(carried):
    """Packets that a full ring or port has cost, the appliance or the generator."""
    stats = carried.api.admin.GetStats(admin_pb2.GetStatsRequest())
    return (carried.api.counters()["tx_full"] + sum(port.rx_missed for port in stats.ports)
            + cable_lost(carried.lab))


def generate(carried, *more, record=False, impaired=False):
    """A run in which everybody hears whom they should."""
    before = carried.api.counters()["tx_full"]
    run = Run(arguments(carried.lab, record) + ["--calls", CALLS, *more])
    run.assert_right(carried.api.counters()["tx_full"] - before, impaired)
    return run


def test_everybody_hears_whom_they_should_in_all_modes(carried):
    carried.start()
    run = generate(carried, *MIX, "--codec", "mixed", "--check", "all", "--seconds", 2,
                   record=True)
    # Everything was checked: each of the parties, and the recorder's two streams a call.
    assert run["expected"] >= PARTIES * 2 * 50, run
    assert run.judged() >= run["expected"] - run["lost"], run
    for mode in ("forward", "listen", "whisper", "barge", "monitor", "recording"):
        assert 0 < run[f"delay_{mode}_p50_us"] <= run[f"delay_{mode}_p99_us"], run
    # Its calls have ended with it.
    assert carried.api.counters()["guard_dropped"] == 0


def test_a_wrong_matrix_is_heard(carried):
    carried.start(BUILD / "tests/bridgetap-dataplane-broken-matrix")
    run = Run([*arguments(carried.lab), "--calls", CALLS, *MIX, "--check", "all", "--seconds", 1])
    assert run.status == 3, run
    assert run["check_wrong"] > 100 and run["check_exact"] > 100, run
    assert "in mode listen: the agent hears customer supervisor" in run.said, run


def test_switches_under_load_are_heard_whole(carried):
    carried.start()
    run = generate(carried, *MIX, "--check", "all", "--seconds", 2, "--switch-rate", 200,
                   "--sleep", record=True)
    assert run["switches"] > 100 and run["switches_refused"] == 0, run
    # A switch shows in the packets, and before it they are by the old mode.
    assert run["switch_first_packet_p99_ms"] >= run["switch_first_packet_p50_ms"] > 0, run
    assert run["switch_last_old_p99_ms"] < run["switch_first_packet_p99_ms"], run


def test_g722_is_forwarded_bit_for_bit(carried):
    """The marks are bytes, which are themselves only where nobody decodes them."""
    carried.start()
    run = generate(carried, "--codec", "g722", "--check", "all", "--seconds", 2)
    # Whoever sends 50 packets a second begins 99 at least within any two.
    assert run["expected"] >= 2 * CALLS * (2 * 50 - 1), run
    counters = carried.api.counters()
    assert counters["forwarded"] >= run["expected"]
    assert counters["mixed"] == counters["transcoded"] == 0


def test_what_the_network_does_is_measured(carried):
    carried.start()
    run = generate(carried, *MIX, "--check", "all", "--seconds", 2, "--loss", 0.05,
                   "--reorder", 0.05, impaired=True)
    # What was left out on purpose is no loss of the appliance's.
    assert 0.02 < run["reordered"] / run["expected"] < 0.08, run
    assert run["expected"] < PARTIES * 2 * 50, run


def test_a_capture_can_be_read_and_played(carried):
    carried.start()
    file = carried.lab.path / "calls.pcap"
    run = generate(carried, "--seconds", 1, "--pcap-out", file)
    # Of RTP, which is on even ports.
    read = subprocess.run(["tcpdump", "-nr", file, "udp[3] & 1 = 0"], capture_output=True,
                          text=True)
    assert read.returncode == 0
    assert len(read.stdout.splitlines()) == 2 * run["expected"] - run["lost"]
    assert "203.0.113.2.2000 > 203.0.113.1." in read.stdout

    played = generate(carried, "--check", "all", "--pcap-in", file)
    assert played["expected"] == run["expected"], played
    assert played["check_exact"] == played["expected"] - played["lost"], played


def test_calls_take_turns_to_talk(carried):
    """More calls than speak at a time; each has its turn, and is heard right in it."""
    carried.start()
    run = generate(carried, *MIX, "--check", "all", "--talking", CALLS // 5, "--seconds", 2.5,
                   record=True)
    # A fifth of all speaks at a time: sooner or later everybody has, as often as others.
    everybody = PARTIES + 2 * CALLS
    assert everybody * 2.5 * 50 / 5 * 0.9 < run["expected"] < everybody * 2.5 * 50 / 5 * 1.1, run


PORTS = {
    "AF_XDP": "net_af_xdp0,iface=eth0",
    "AF_PACKET": "net_af_packet0,iface=eth0",
    "pcap": "net_pcap0,rx_iface_in=eth0,tx_iface=eth0,phy_mac=1",
}


@pytest.mark.parametrize("port", PORTS)
def test_it_speaks_over_a_port_of_any_driver(carried, port):
    """Over shared memory all other tests do."""
    lab = carried.lab
    carried.start(settings=cable_settings(lab))
    before = drops(carried)
    run = Run([*port_arguments(lab, PORTS[port]), "--calls", 20, *MIX, "--check", "all",
               "--seconds", 1])
    run.assert_right(dropped=drops(carried) - before)
    assert run.judged() >= run["expected"] - run["lost"] > 0, run


def test_many_calls_are_live_at_once_and_all_are_heard(carried):
    """Each speaks for half a second, and is heard right."""
    carried.start(settings=many_realms(carried.lab))
    run = generate(carried, "--calls", MANY, "--mix", "forward:7,listen:1,whisper:1,barge:1",
                   "--talking", MANY // 5, "--seconds", 2.6, "--check", "all",
                   "--realm", ",".join(f"r{i}" for i in range(MANY_REALMS)))
    sources = MANY * 2.3
    assert run["expected"] > sources * 50 / 5 * 2.6 * 0.95, run
    # But for what is not judged while voices set in anew: a packet in eight of the mixed ones.
    assert run.judged() > (run["expected"] - run["lost"]) * 0.9, run


def test_calls_over_ipv6_are_heard_right(carried):
    """The recorder is reached over IPv4; neighbours find each other by their own protocols."""
    carried.start(settings=cable_settings(carried.lab))
    before = drops(carried)
    run = Run([*cable_arguments(carried.lab), "--address", GENERATOR6, "--realm", "access6",
               "--calls", 20, *MIX, "--codec", "mixed", "--check", "all", "--seconds", 1])
    run.assert_right(dropped=drops(carried) - before)
    assert run.judged() >= run["expected"] - run["lost"] > 0, run


def test_a_realm_of_the_other_family_is_refused_with_a_sentence(carried):
    carried.start(settings=cable_settings(carried.lab))
    run = Run([*port_arguments(carried.lab, PORTS["AF_XDP"]), "--address", GENERATOR6,
               "--realm", "access"])
    assert run.status == 1 and "LoadCallTable" in run.said and "access" in run.said, run


@pytest.mark.parametrize("more, sentence", [
    (["--calls", "500000"], "one core makes at most"),
    (["--calls", "1000", "--rate", "1000"], "each of 2000 sources would send only every 2000 ms"),
    (["--switch-rate", "10"], "there is no monitor to switch"),
    (["--mix", "barge:0"], "there are no calls"),
    (["--mix", "shout:1"], 'no mode "shout"'),
    (["--ptime", "25"], "10, 20, 30, 40, 50 or 60 ms"),
    (["--record"], "by a port of their own"),
    (["--codec", "opus"], "there are pcmu, pcma, mixed and g722"),
    (["--codec", "g722", "--mix", "forward:3,barge:1"], "does not show whose voices are in it"),
    (["--search", "--loss", "0.1"], "counts loss"),
    (["--rate", "max", "--pcap-out", "x"], "cannot keep up"),
    (["--address", "2001:db8::x"], "must be an IPv4 or IPv6 address"),
    (["--address", "0.0.0.0"], "must be an IPv4 or IPv6 address"),
    (["--ramp", "20", "--seconds", "10"], "longer than"),
    (["--device", "net_ring0"], "both ends are in one process"),
    (["--device", "net_null0"], "both ends are in one process"),
    (["--talking", "200"], "more than --calls 100"),
    (["--talking", "10", "--seconds", "2"], "at least --seconds 5"),
    (["--talking", "10", "--silence", "0.5"], "says who is silent"),
    (["--overload", "1000"], "counts as silent"),
    (["--overload", "1e6", "--search"], "a load of its own"),
])
def test_what_cannot_be_is_refused_with_a_sentence(more, sentence):
    run = Run([*arguments(types.SimpleNamespace(path="/nowhere", api_socket="/nowhere/api")),
               *more])
    assert run.status == 2 and sentence in run.said, run

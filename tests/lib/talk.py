# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Calls between phones that others wrote, taken through all modes side by side, and everything
that was captured of them."""

import re
import subprocess
import time
import wave
from pathlib import Path

import numpy

import api
import sip
from bridgetap.v1 import admin_pb2, calls_pb2, monitor_pb2
from lab import APPLIANCE, HOSTS, RECORDER, RECORDING, address_of
from phones import wait_for
from tshark import Analysis

RATE = 8000
SETTLE = 1.2    # seconds after a change, and before the next one, that are not measured: wideband
                # that was encoded may take one to go over into what is untouched
MEASURED = 3.2  # seconds of each phase that are
FLUSH = 1.5  # seconds until tcpdump has been given the last packets
SOUNDS = Path("/usr/share/asterisk/sounds")
VOICES = {"agent": SOUNDS / "en_US_f_Allison/demo-instruct.wav",
          "customer": SOUNDS / "fr_CA_f_June/demo-instruct.wav",
          "supervisor": SOUNDS / "ru_RU_f_IvrvoiceRU/demo-instruct.wav"}
PHASES = ("forward", "listen", "whisper", "barge", "left")
LISTENERS = ("agent", "customer", "supervisor", "recorder_agent", "recorder_customer")
RTP_PORTS = range(20000, 20200)  # of the lab's appliance


def audience(phase, listener):
    """Whom a listener hears: written out from the product's rules."""
    return {
        "agent": {"customer"} | ({"supervisor"} if phase in ("whisper", "barge") else set()),
        "customer": {"agent"} | ({"supervisor"} if phase == "barge" else set()),
        "supervisor": {"agent", "customer"} if phase in ("listen", "whisper", "barge") else set(),
        "recorder_agent": {"agent"},
        "recorder_customer": {"customer"},
    }[listener]


class Talk:
    """One call; `kinds` are (class of the phone, name of the codec) of agent, customer and
    supervisor, in this order."""

    def __init__(self, box, number, kinds):
        self.box, self.id = box, f"talk{number}"
        self.ann, self.sue = f"ann{number}", f"sue{number}"
        self.phones = {who: phone(box.lab, who, number, codec, VOICES[who])
                       for who, (phone, codec) in zip(VOICES, kinds)}
        self.record_ports = {"recorder_agent": 7000 + 10 * number,
                             "recorder_customer": 7004 + 10 * number}
        self.legs, self.session = {}, None

    def create(self):
        """The people, and the call; nobody speaks."""
        client = self.box.api
        client.put_user(self.ann, api.AGENT)
        client.put_user(self.sue, api.SUPERVISOR)
        client.log_in(self.ann, self.sue)
        made = client.calls.CreateCall(calls_pb2.CreateCallRequest(call=calls_pb2.CallDescription(
            id=self.id, agent_user=self.ann, agent=self.phones["agent"].media(),
            customer=self.phones["customer"].media(), recording=calls_pb2.RecordingTarget(
                agent=api.address(RECORDER, self.record_ports["recorder_agent"]),
                customer=api.address(RECORDER, self.record_ports["recorder_customer"])))))
        self.legs = {"agent": made.agent.local, "customer": made.customer.local}

    def connect(self, who):
        self.phones[who].connect(self.legs[who])

    def change(self, phase):
        """Begin a phase as its supervisor."""
        monitor = self.box.api.as_user(self.sue).monitor
        if phase == "listen":
            self.session = monitor.Join(monitor_pb2.JoinRequest(
                call_id=self.id, mode=api.LISTEN, media=self.phones["supervisor"].media()))
            self.legs["supervisor"] = self.session.leg.local
            self.connect("supervisor")
        elif phase == "left":
            monitor.Leave(monitor_pb2.LeaveRequest(session_id=self.session.id))
        else:
            monitor.SwitchMode(monitor_pb2.SwitchModeRequest(
                session_id=self.session.id, mode=getattr(api, phase.upper())))

    def heard_of(self, role):
        """How many packets of a role the appliance has had."""
        stats = self.box.api.admin.GetStats(admin_pb2.GetStatsRequest(call_id=self.id))
        return sum(leg.packets for leg in stats.legs if leg.role == role)

    def hears_at(self, listener):
        """(host of the lab, (address, port)) of a listener."""
        if listener in self.record_ports:
            return "recorder", (RECORDER, self.record_ports[listener])
        return listener, (address_of(listener), self.phones[listener].hears_at)

    def speaks_from(self, who):
        return address_of(who), self.phones[who].speaks_from


class Scene:
    """Talks that were played; by host of the lab, tshark's `analyses`; `spans` has the beginning
    and the end of what is measured of each phase; `counters` and `ports` are the appliance's."""

    def __init__(self, box, kinds):
        self.box, self.lab = box, box.lab
        self.talks = [Talk(box, number, kind) for number, kind in enumerate(kinds)]
        self.spans = {}

    def play(self, meanwhile):
        """All of it. meanwhile() is called while everybody talks in barge."""
        captures = [self._capture(host) for host in ("recorder", *HOSTS)]
        phones = [phone for talk in self.talks for phone in talk.phones.values()]
        for phone in phones:
            phone.start()
        for talk in self.talks:
            talk.create()
        for talk in self.talks:
            talk.connect("agent")
            talk.connect("customer")
        self._wait_for_voices("agent", "customer")
        for phase in PHASES:
            self._pass(phase, meanwhile if phase == "barge" else None)
        for phone in phones:
            phone.hang_up()
        for phone in phones:
            phone.end()
        for talk in self.talks:
            self.box.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id=talk.id))
        time.sleep(FLUSH)
        stats = self.box.api.stats()
        self.counters = {counter.name: counter.value for counter in stats.counters}
        self.ports = stats.ports
        for capture in captures:
            capture.stop()
            captured, filtered, dropped = map(int, re.findall(
                r"^(\d+) packets? (?:captured|received|dropped)", capture.output(), re.M))
            assert captured == filtered and not dropped, capture.output()
        self._analyse()

    def _capture(self, host):
        capture = self.lab.spawn(
            host, f"capture-{host}", "tcpdump", "-i", "eth0", "-n", "-B", "32768", "-s", "400",
            "--time-stamp-precision=nano", "-w", self.lab.path / f"{host}.pcap", "udp", cpus={0})
        wait_for(lambda: "listening on" in capture.output(), capture.output)
        return capture

    def _wait_for_voices(self, *roles):
        """Half a second of each."""
        wait_for(lambda: all(talk.heard_of(role) > 25 for talk in self.talks for role in roles),
                 lambda: {talk.id: {role: talk.heard_of(role) for role in roles}
                          for talk in self.talks})

    def _pass(self, phase, meanwhile):
        if phase != "forward":
            for talk in self.talks:
                talk.change(phase)
        if phase == "listen":
            self._wait_for_voices("monitor")
        time.sleep(SETTLE)
        begin = time.time()
        if meanwhile:
            meanwhile()
        time.sleep(max(0, begin + MEASURED - time.time()))
        self.spans[phase] = begin, time.time()
        time.sleep(SETTLE)

    def _analyse(self):
        locals_ = [leg.port for talk in self.talks for leg in talk.legs.values()]
        records = [port for talk in self.talks for port in talk.record_ports.values()]
        rtp = locals_ + records
        self.analyses = {host: Analysis(self.lab.path / f"{host}.pcap", rtp,
                                        [port + 1 for port in rtp])
                         for host in ("recorder", *HOSTS)}

    # --- what was heard, and said ---

    def heard(self, talk, listener):
        """The stream that a listener received."""
        host, where = talk.hears_at(listener)
        return self.analyses[host].of(destination=where)

    def spoken(self, talk, who):
        """The stream that somebody sent."""
        local = talk.legs[who]
        return self.analyses[who].of(source=talk.speaks_from(who),
                                     destination=(local.address, local.port))

    def row(self, talk, listener):
        """tshark's own row for the stream to a listener; there must be one."""
        host, where = talk.hears_at(listener)
        rows = [row for row in self.analyses[host].rows if row.destination == where]
        assert len(rows) == 1, f"to {talk.id} {listener}: {rows}"
        return rows[0]

    def lost_in_the_kernel(self):
        """Packets that never reached the appliance, and such of its own that reached nobody: by
        count, as the captures and the appliance's counters have them."""
        ours = (APPLIANCE, RECORDING)
        came = arrived = 0
        for analysis in self.analyses.values():
            for (source, destination), count in analysis.sent.items():
                came += count if destination[0] == APPLIANCE and destination[1] in RTP_PORTS else 0
                arrived += count if source[0] in ours else 0
        lost = came - self.counters["rx_packets"], self.counters["tx_packets"] - arrived
        assert min(lost) >= 0, f"more came than was sent: {lost}"
        return lost


def decode(stream):
    """A stream as linear samples at RATE, one packet after another."""
    if 9 not in stream.types:
        return stream.samples()
    assert set(stream.types) == {9}
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "g722", "-i", "pipe:", "-ar", str(RATE),
         "-f", "s16le", "pipe:"], input=b"".join(stream.payloads), capture_output=True, check=True)
    return numpy.frombuffer(done.stdout, "<i2").astype(float)


def read_sound(path):
    """What a phone wrote, WAV or bare samples, at RATE."""
    if path.suffix == ".raw":
        return numpy.frombuffer(path.read_bytes(), "<i2").astype(float)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2), path
        rate, data = file.getframerate(), file.readframes(file.getnframes())
    if rate != RATE:
        data = subprocess.run(
            ["ffmpeg", "-nostdin", "-loglevel", "error", "-i", path, "-ar", str(RATE), "-f",
             "s16le", "pipe:"], capture_output=True, check=True).stdout
    return numpy.frombuffer(data, "<i2").astype(float)


def lag(sound, reference):
    """By how many samples `sound` is behind `reference` of which it is a part."""
    size = 1 << int(numpy.ceil(numpy.log2(len(sound) + len(reference))))
    product = numpy.fft.irfft(numpy.fft.rfft(reference, size) *
                              numpy.conj(numpy.fft.rfft(sound, size)), size)
    best = int(product.argmax())
    return -(best - size if best > size // 2 else best)


def probe(scene):
    """svmap of sipvicious, a scanner for SIP, looks at every media port of the appliance."""
    process = scene.lab.spawn(
        sip.SBC, "svmap", "svmap", f"-p{RTP_PORTS[0]}-{RTP_PORTS[-1]}", "-t", "0.005", APPLIANCE,
        cpus={0})
    process.wait(20)
    return process.output()

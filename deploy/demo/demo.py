#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""A real call through the appliance, and the proof from the audio that each listener heard whom
they should: `make demo`.

Agent, customer, supervisor and recorder are network namespaces of their own; the programs that
speak and listen there are GStreamer and ffmpeg; the three voices are recorded people. Every change
of the mode is made by bridgetapctl over gRPC. What each of them received is written to a WAV file,
and from that the gain of each voice is solved for."""

import json
import os
import shutil
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))

import capture  # noqa: E402
import gains  # noqa: E402
import picture  # noqa: E402
from lab import BUILD, RECORDER, Lab, Missing, address_of  # noqa: E402

OUT = BUILD / "demo"
RATE = 8000
PHASE_SECONDS = 9
SETTLE_SECONDS = 0.7  # after a change, before a phase is measured; and before the next change
TOLERANCE = 0.02
SOUNDS = Path("/usr/share/asterisk/sounds")
VOICES = {
    "agent": (SOUNDS / "en_US_f_Allison/demo-instruct.wav", "Allison, in English"),
    "customer": (SOUNDS / "fr_CA_f_June/demo-instruct.wav", "June, in French"),
    "supervisor": (SOUNDS / "ru_RU_f_IvrvoiceRU/demo-instruct.wav", "a Russian lady"),
}
HEAR_PORT = {"agent": 4000, "customer": 5000, "supervisor": 6000}
SPEAK_PORT = {"agent": 4002, "customer": 5002, "supervisor": 6002}
CODEC = {"agent": "PCMU", "customer": "PCMU", "supervisor": "PCMA"}
RECORDER_PORT = {"recorder_agent": 7000, "recorder_customer": 7002}
LISTENERS = ("agent", "customer", "supervisor", "recorder_agent", "recorder_customer")

# Name, the bridgetapctl command that begins it, and one sentence.
PHASES = (
    ("two-party", None, "Agent and customer talk; nobody else is there."),
    ("listen", "join", "The supervisor listens. Nobody hears the supervisor."),
    ("whisper", "switch", "The supervisor speaks to the agent alone."),
    ("barge", "switch", "The supervisor speaks to both."),
    ("whisper again", "switch", "Back to the agent alone."),
    ("left", "leave", "The supervisor has left, and still talks into the line."),
)
MODE = {"listen": "listen", "whisper": "whisper", "barge": "barge", "whisper again": "whisper"}


def intended(phase, listener):
    """Whom a listener should hear, by voice: written out from the product's rules."""
    heard = {
        "agent": {"customer"} | ({"supervisor"} if MODE.get(phase) in ("whisper", "barge")
                                 else set()),
        "customer": {"agent"} | ({"supervisor"} if MODE.get(phase) == "barge" else set()),
        "supervisor": {"agent", "customer"} if phase in MODE else set(),
        "recorder_agent": {"agent"},
        "recorder_customer": {"customer"},
    }[listener]
    return {voice: 1.0 if voice in heard else 0.0 for voice in VOICES}


def say(text=""):
    print(text, flush=True)


def wait_until(condition, failure, seconds=20):
    """Wait until condition() holds; `failure` says what is wrong where it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(failure)
        time.sleep(0.05)


def wait_until_up(process, is_up):
    wait_until(lambda: not process.running() or is_up(), f"{process.name} does not come up")
    if not process.running():
        raise RuntimeError(f"{process.name} has ended: {process.output().strip()[-500:]}")


def has_port(process, port):
    """Whether somebody in the process's network has bound the UDP port: packets wait there."""
    tables = [Path(f"/proc/{process.pid}/net/{family}").read_text() for family in ("udp", "udp6")]
    return any(int(line.split()[1].split(":")[1], 16) == port
               for table in tables for line in table.splitlines()[1:])


class Call:
    """The appliance and everybody on the call."""

    def __init__(self, lab):
        self.lab = lab
        self.environment = {"BRIDGETAP_SOCKET": lab.api_socket, "BRIDGETAP_ORGANISATION": "acme"}
        self.listeners, self.captures = [], []

    def ctl(self, *arguments, user="sue"):
        """Run bridgetapctl as the supervisor, or, as "", for the organisation; its output."""
        done = subprocess.run([BUILD / "bin/bridgetapctl", *arguments], capture_output=True,
                              text=True, timeout=20,
                              env={**os.environ, **self.environment, "BRIDGETAP_USER": user})
        if done.returncode:
            raise RuntimeError(f"bridgetapctl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def call(self, method, **request):
        user = "sue" if method.startswith("Monitor.") else ""
        return json.loads(self.ctl("call", method, json.dumps(request), user=user) or "{}")

    def media(self, who):
        return {"remote": {"address": address_of(who), "port": HEAR_PORT[who]},
                "source": {"address": address_of(who), "port": SPEAK_PORT[who]},
                "codec": f"CODEC_{CODEC[who]}"}

    def start_appliance(self):
        self.lab.start_dataplane()
        self.lab.start_controlplane()
        wait_until(lambda: "data plane connected" in (
            self.lab.path / "controlplane.log").read_text(),
            "the two planes have not found each other")
        self.call("Directory.PutOrganisation", organisation={"id": "acme", "name": "Acme"})
        for user, name, role in (("ann", "Ann", "AGENT"), ("sue", "Sue", "SUPERVISOR")):
            self.call("Directory.PutUser",
                      user={"id": user, "name": name, "role": f"USER_ROLE_{role}"})
        self.call("Access.SetOrganisationSettings", settings={
            "consent_accepted": True, "supervisors_monitor_by_default": True})
        self.call("Directory.SetPresence", presence={
            "user_id": "sue", "dashboard": "LOGGED_IN", "desktop": "LOGGED_IN",
            "state": "ONLINE"})

    def spawn(self, host, name, *argv):
        # Away from the CPU of the data plane's worker, as on a real appliance.
        return self.lab.spawn(host, name, *argv, cpus={0})

    def hear(self, host, listener, port, codec):
        """GStreamer receives on a port and writes a WAV file."""
        kind = {"PCMU": ("0", "rtppcmudepay", "mulawdec"), "PCMA": ("8", "rtppcmadepay", "alawdec")}
        number, depay, decode = kind[codec]
        caps = (f"application/x-rtp,media=audio,clock-rate={RATE},encoding-name={codec},"
                f"payload={number}")
        self.listeners.append(self.spawn(
            host, f"hear-{listener}", "gst-launch-1.0", "-q", "-e", "udpsrc", f"port={port}",
            f"caps={caps}", "!", depay, "!", decode, "!", "wavenc", "!", "filesink",
            f"location={OUT / listener}.wav"))

    def hear_by_ffmpeg(self, host, listener, port):
        """The same by ffmpeg, from a session description."""
        description = self.lab.path / f"{listener}.sdp"
        description.write_text(f"v=0\no=- 0 0 IN IP4 0.0.0.0\ns={listener}\nc=IN IP4 0.0.0.0\n"
                               f"t=0 0\nm=audio {port} RTP/AVP 0\na=rtpmap:0 PCMU/{RATE}\n")
        self.listeners.append(self.spawn(
            host, f"hear-{listener}", "ffmpeg", "-y", "-nostdin", "-loglevel", "error",
            "-protocol_whitelist", "file,udp,rtp", "-i", description, "-c:a", "pcm_s16le",
            f"{OUT / listener}.wav"))

    def speak_by_gstreamer(self, who, local):
        """One packet every 20 ms, from SPEAK_PORT."""
        self.spawn(who, f"speak-{who}", "gst-launch-1.0", "-q", "filesrc",
                   f"location={VOICES[who][0]}", "!", "wavparse", "!", "audioconvert", "!",
                   "mulawenc", "!", "rtppcmupay", "min-ptime=20000000", "max-ptime=20000000", "!",
                   "udpsink", f"host={local['address']}", f"port={local['port']}",
                   f"bind-port={SPEAK_PORT[who]}")

    def speak_by_ffmpeg(self, who, local):
        encoder = {"PCMU": "pcm_mulaw", "PCMA": "pcm_alaw"}[CODEC[who]]
        self.spawn(who, f"speak-{who}", "ffmpeg", "-nostdin", "-loglevel", "error", "-i",
                   VOICES[who][0], "-af", "asetnsamples=n=160:p=0,arealtime", "-c:a", encoder,
                   "-f", "rtp", f"rtp://{local['address']}:{local['port']}"
                   f"?localrtpport={SPEAK_PORT[who]}")

    def capture(self, host):
        path = self.lab.path / f"{host}.pcap"
        process = self.spawn(host, f"capture-{host}", "tcpdump", "-i", "eth0", "-n", "-U",
                             "--time-stamp-precision=nano", "-w", path, "udp")
        self.captures.append(process)
        return path

    def begin(self):
        """Everybody listens, the captures run, then agent and customer speak."""
        self.files = {host: self.capture(host)
                      for host in ("agent", "customer", "supervisor", "recorder")}
        self.hear("agent", "agent", HEAR_PORT["agent"], "PCMU")
        self.hear_by_ffmpeg("customer", "customer", HEAR_PORT["customer"])
        self.hear("supervisor", "supervisor", HEAR_PORT["supervisor"], "PCMA")
        for listener, port in RECORDER_PORT.items():
            self.hear("recorder", listener, port, "PCMU")
        # What came before one of them is up would be missing at the beginning of what it writes.
        for process in self.captures:
            wait_until_up(process, lambda p=process: "listening on" in p.output())
        for process, port in zip(self.listeners, {**HEAR_PORT, **RECORDER_PORT}.values()):
            wait_until_up(process, lambda p=process, n=port: has_port(p, n))
        made = self.call("Calls.CreateCall", call={
            "id": "demo", "agent_user": "ann", "contact_number": "+33 1 23 45 67 89",
            "agent": self.media("agent"), "customer": self.media("customer"),
            "recording": {"agent": {"address": RECORDER, "port": 7000},
                          "customer": {"address": RECORDER, "port": 7002}}})
        self.speak_by_gstreamer("agent", made["agent"]["local"])
        self.speak_by_ffmpeg("customer", made["customer"]["local"])

    def change(self, phase, command):
        """What bridgetapctl does at the beginning of a phase, in words."""
        if command == "join":
            # With a source of its own, so by the method and not by the short command.
            session = self.call("Monitor.Join", call_id="demo", mode="MODE_LISTEN",
                                media=self.media("supervisor"))
            self.speak_by_ffmpeg("supervisor", session["leg"]["local"])
            return "bridgetapctl call Monitor.Join"
        if command:
            arguments = (command, "demo") + ((MODE[phase],) if phase in MODE else ())
            self.ctl(*arguments)
            return f"bridgetapctl {' '.join(arguments)}"
        return ""

    def end(self):
        for process in self.listeners:
            # They complete their files when they are interrupted, as by Ctrl-C.
            process.interrupt()
        for process in self.listeners:
            process.wait(10)
        self.call("Calls.DeleteCall", call_id="demo")
        for process in self.captures:
            process.stop()


def play(lab):
    """The whole scene; (name, begin, end) of each phase, and the captures."""
    call = Call(lab)
    call.start_appliance()
    call.begin()
    time.sleep(1)
    phases = []
    for number, (name, command, sentence) in enumerate(PHASES, 1):
        done = call.change(name, command)
        begin = time.time()
        say(f"  {number} of {len(PHASES)}  {name:14} {sentence}{'   $ ' + done if done else ''}")
        time.sleep(PHASE_SECONDS)
        phases.append((name, begin, time.time()))
    say()
    stats = call.ctl("stats", "demo", user="")
    call.end()
    return phases, {host: capture.read(path) for host, path in call.files.items()}, stats


def streams_of(captures):
    """What each one said, and what each one received, as streams from the captures."""
    spoken = {who: pick(captures[who], lambda key, w=who: key[0] == address_of(w) and
                        key[1] == SPEAK_PORT[w]) for who in VOICES}
    heard = {who: pick(captures[who], lambda key, w=who: key[2] == HEAR_PORT[w]) for who in VOICES}
    for listener, port in RECORDER_PORT.items():
        heard[listener] = pick(captures["recorder"], lambda key, p=port: key[2] == p)
    return spoken, heard


def pick(streams, wanted):
    found = [stream for key, stream in streams.items() if wanted(key)]
    return max(found, key=len) if found else capture.Stream()


def read_wav(path):
    if not path.exists() or path.stat().st_size <= 44:
        return numpy.zeros(0)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE), path
        return numpy.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)


def measure(phases, spoken, heard):
    """Rows of (phase, listener, voice, intended, measured) from the WAV files."""
    voices = {who: stream.samples() for who, stream in spoken.items()}
    rows = []
    for name, begin, end in phases:
        first, last = begin + SETTLE_SECONDS, end - SETTLE_SECONDS
        for listener in LISTENERS:
            stream, sound = heard[listener], read_wav(OUT / f"{listener}.wav")
            wanted = intended(name, listener)
            piece = sound[stream.position(first):stream.position(last)]
            if len(piece) < RATE:
                found = dict.fromkeys(VOICES, 0.0)
            else:
                expected = {who: spoken[who].position(first) for who in VOICES}
                found = gains.solve(piece, voices, expected, wanted)
            rows += [(name, listener, who, wanted[who], found[who]) for who in VOICES]
    return rows


def wrong(row):
    _, _, _, wanted, found = row
    return abs(found - wanted) > TOLERANCE if wanted else found > gains.FORBIDDEN


def print_matrix(rows):
    """The measured matrix beside the intended one, phase by phase."""
    titles = {"recorder_agent": "recorder, 1st stream", "recorder_customer": "recorder, 2nd stream"}
    for name, _, sentence in PHASES:
        say(f"{name}: {sentence}")
        say(f"  {'':22}{'hears agent':>18}{'hears customer':>18}{'hears supervisor':>18}")
        for listener in LISTENERS:
            cells = [row for row in rows if row[0] == name and row[1] == listener]
            text = "".join(f"{row[4]:9.3f} (want {row[3]:.0f})" + ("!" if wrong(row) else " ")
                           for row in cells)
            good = not any(map(wrong, cells))
            say(f"  {titles.get(listener, listener):22}{text}  {'ok' if good else 'WRONG'}")
        say()


def write_table(path, header, rows):
    path.write_text("\n".join("\t".join(map(str, row)) for row in [header, *rows]) + "\n")


CLOCKED_BY = {"agent": "customer", "customer": "agent", "supervisor": "customer",
              "recorder_agent": "agent", "recorder_customer": "customer"}


def stream_rows(spoken, heard):
    rows = []
    for listener in LISTENERS:
        found = heard[listener].breaks()
        delays = heard[listener].delays_from(spoken[CLOCKED_BY[listener]])
        quantiles = numpy.quantile(delays, [0.5, 0.999]) if len(delays) else (0, 0)
        rows.append((listener, found["ssrc_count"], found["lost"], found["sequence_steps"],
                     found["timestamp_steps"], *(f"{value:.0f}" for value in quantiles)))
    return rows


def draw(phases, heard, rows):
    listeners = []
    for listener in LISTENERS:
        stream = heard[listener]
        voices = [{row[2] for row in rows if row[:2] == (name, listener) and row[4] > 0.5}
                  for name, _, _ in phases]
        title = {"recorder_agent": "recorder, the agent's stream",
                 "recorder_customer": "recorder, the customer's stream"}.get(listener, listener)
        listeners.append((title, stream.times[0] if len(stream) else phases[0][1],
                          read_wav(OUT / f"{listener}.wav"), voices))
    picture.draw(OUT / "matrix.png", listeners, phases, phases[0][1] - 1, phases[-1][2] + 0.5)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("*.*"):
        old.unlink()
    shutil.rmtree(OUT / "work", ignore_errors=True)  # settings of the last run, among others
    say("Bridgetap demo: one real call, three voices, one recording port")
    say()
    for who, (_, voice) in VOICES.items():
        say(f"  {who:11} {voice}")
    say("  recorder    receives the agent and the customer as two streams; never the supervisor")
    say()
    say(f"It takes about {len(PHASES) * PHASE_SECONDS + 10} seconds:")
    try:
        with Lab(OUT / "work") as lab:
            phases, captures, stats = play(lab)
    except Missing as missing:
        sys.exit(f"The demo cannot run here: {missing}")
    except RuntimeError as error:
        sys.exit(f"The demo has failed: {error}. The programs' logs are in {OUT}/work.")
    spoken, heard = streams_of(captures)
    rows = measure(phases, spoken, heard)
    streams = stream_rows(spoken, heard)
    write_table(OUT / "report.tsv",
                ("phase", "listener", "source", "intended_gain", "measured_gain"),
                [(*row[:3], f"{row[3]:.1f}", f"{row[4]:.6f}") for row in rows])
    write_table(OUT / "streams.tsv",
                ("listener", "ssrc_count", "lost", "sequence_steps", "timestamp_steps",
                 "added_delay_us_median", "added_delay_us_p999"), streams)
    draw(phases, heard, rows)

    say("How loud each voice was in what each listener received, solved from the WAV files: 1 is")
    say("as loud as it was spoken, 0 is not there.")
    say()
    print_matrix(rows)
    say("The RTP streams, from the first packet of the call to the last. Delay is from one network")
    say("card to the other, through the appliance; on a small shared machine it is mostly waiting.")
    say(f"  {'':20}{'SSRCs':>7}{'lost':>6}{'jumps in':>10}{'jumps in':>10}{'delay, µs':>11}")
    say(f"  {'':20}{'':>7}{'':>6}{'sequence':>10}{'time':>10}{'median':>11}{'99.9 %':>9}")
    for row in streams:
        say(f"  {row[0]:20}{row[1]:>7}{row[2]:>6}{row[3]:>10}{row[4]:>10}{row[5]:>11}{row[6]:>9}")
    say()
    say("The data plane's own count:")
    say("".join(f"  {line}\n" for line in stats.splitlines()))

    bad_gains = [row for row in rows if wrong(row)]
    bad_streams = [row for row in streams if row[1] != 1 or any(row[2:5])]
    for row in bad_gains:
        say(f"WRONG: in \"{row[0]}\" {row[1]} hears {row[2]} at {row[4]:.4f}, not {row[3]:.0f}")
    for row in bad_streams:
        say(f"WRONG: the stream to {row[0]} broke")
    say(f"Listen for yourself: {OUT}/*.wav; look at {OUT}/matrix.png; read {OUT}/report.tsv")
    if bad_gains or bad_streams:
        sys.exit(1)
    say(f"All {len(rows)} gains in {len(PHASES)} phases are as intended, and no stream broke.")


if __name__ == "__main__":
    main()

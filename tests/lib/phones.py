# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Phones that others wrote: baresip, sipp, GStreamer and ffmpeg, each as somebody on a call of the
lab, who says what is in a WAV file and listens until the call is over."""

import collections
import string
import subprocess
import time

import sip
from api import media
from bridgetap.v1 import common_pb2
from lab import ROOT, address_of

# How a codec is called by whom; `rate` of its audio, and `clock` of its timestamps, in Hz.
Codec = collections.namedtuple("Codec", "name payload_type clock rate encoder raw gst")
CODECS = {codec.name: codec for codec in (
    Codec("PCMU", 0, 8000, 8000, "pcm_mulaw", "mulaw", ("mulaw", "pcmu")),
    Codec("PCMA", 8, 8000, 8000, "pcm_alaw", "alaw", ("alaw", "pcma")),
    Codec("G722", 9, 8000, 16000, "g722", "g722", None))}

# From CPU 0, away from the worker of the data plane, as on a real appliance.
CPUS = {0}


class Phone:
    """One phone of a call. `number` tells it from those of other calls in the same lab."""

    codecs = ("PCMU", "PCMA", "G722")

    def __init__(self, lab, who, number, codec, voice):
        self.lab, self.who, self.codec, self.voice = lab, who, CODECS[codec], voice
        self.name = f"{type(self).__name__.lower()}-{codec}-{who}-{number}"
        self.address = address_of(who)
        self.hears_at = self.speaks_from = 4000 + 10 * number
        self.sip_port = 5060 + 10 * number  # of baresip the next one, too, for TLS
        self.path = lab.path / self.name
        self.path.mkdir()

    def media(self):
        """Where it will be, as signalling has it."""
        elsewhere = {}
        if self.speaks_from != self.hears_at:
            elsewhere["source"] = common_pb2.MediaAddress(address=self.address,
                                                          port=self.speaks_from)
        return media(self.address, self.hears_at, common_pb2.Codec.Value(
            f"CODEC_{self.codec.name}"), **elsewhere)

    def start(self):
        """Be ready for a call."""

    def connect(self, local):
        """Speak to, and hear from, an address of the appliance's."""
        raise NotImplementedError

    def hang_up(self):
        """End the call."""
        raise NotImplementedError

    def end(self):
        """After that the program ends, too, and has nothing to complain of."""
        raise NotImplementedError

    def recording(self):
        """The file of what it heard: WAV, or bare samples at 8,000 Hz, which are there whatever
        ends the program; None of a phone that writes none."""
        return None

    def spawn(self, name, *argv, **options):
        return self.lab.spawn(self.who, f"{self.name}-{name}", *argv, cpus=CPUS, **options)

    def raw_voice(self):
        """A file with the voice as the codec's bytes."""
        path = self.path / f"voice.{self.codec.raw}"
        subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-i", self.voice, "-ar",
                        str(self.codec.rate), "-c:a", self.codec.encoder, "-f", self.codec.raw,
                        path], check=True)
        return path


class SipPhone(Phone):
    """One that is called by SIP: what it answers is what signalling has said of it."""

    def connect(self, local):
        self._dialog = sip.Dialog(self.lab, self.address, self.sip_port)
        try:
            answer = self._dialog.place(sip.offer(local.address, local.port, self.codec))
        except sip.Refused as refused:
            raise AssertionError(f"{refused}\n{self._process.output()}") from refused
        assert answer == (self.address, self.hears_at, self.codec.payload_type), \
            f"{self.name} answers that it is at {answer}"

    def hang_up(self):
        self._dialog.hang_up()


class Baresip(SipPhone):
    """It has no player that writes files, but writes down what its decoder makes; aubridge plays
    into the void at the pace of a sound card."""

    def start(self):
        voice = self.voice
        if self.codec.rate != 8000:
            voice = self.path / "voice.wav"
            subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-i", self.voice, "-ar",
                            str(self.codec.rate), voice], check=True)
        modules = ("g711", "g722", "sndfile", "aufile", "aubridge")
        (self.path / "config").write_text(
            f"poll_method epoll\nsip_listen {self.address}:{self.sip_port}\n"
            f"net_interface eth0\nrtp_ports {self.hears_at}-{self.hears_at + 1}\n"
            f"audio_source aufile,{voice}\naudio_player aubridge,void\n"
            f"audio_alert aubridge,alert\nsnd_path {self.path}\n"
            "module_path /usr/lib/baresip/modules\n" +
            "".join(f"module {module}.so\n" for module in modules) + "module_tmp account.so\n")
        (self.path / "accounts").write_text(
            f"<sip:phone@{self.address}>;regint=0;answermode=auto;"
            f"audio_codecs={self.codec.name.lower()}\n")
        (self.path / "contacts").write_text("")
        self._process = self.spawn("ua", "baresip", "-f", self.path)

    def end(self):
        code = self._process.stop()
        assert code == 0, f"{self.name} ended with {code}:\n{self._process.output()}"

    def recording(self):
        return next(self.path.glob("dump-*-dec.wav"))


class Sipp(SipPhone):
    """It speaks from a file, and listens to nothing of what it gets."""

    def start(self):
        template = string.Template((ROOT / "tests/interop/sipp/phone.xml").read_text())
        scenario = self.path / "phone.xml"
        scenario.write_text(template.substitute(
            voice=self.raw_voice(), payload_type=self.codec.payload_type,
            encoding=self.codec.name, clock=self.codec.clock))
        self._process = self.spawn(
            "uas", "sipp", "-sf", scenario, "-m", "1", "-nostdin", "-i", self.address,
            "-p", str(self.sip_port), "-mi", self.address, "-mp", str(self.hears_at))

    def end(self):
        code = self._process.wait(10)
        assert code == 0, f"{self.name} ended with {code}:\n{self._process.output()}"


class Apart(Phone):
    """One of two programs, which speaks from another port than it hears at. `fine` are the exit
    codes of one that was interrupted."""

    fine = (0,)

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.speaks_from = self.hears_at + 4

    def recording(self):
        return self.path / "heard.raw"

    def hang_up(self):
        """As by Ctrl-C."""
        for process in (self._ear, self._mouth):
            process.interrupt()

    def end(self):
        for process in (self._ear, self._mouth):
            code = process.wait(10)
            assert code in self.fine, f"{process.name} ended with {code}:\n{process.output()}"


class Gstreamer(Apart):
    """Each of the two is an RTP session with RTCP. One that does both waits for what it is to hear
    before it speaks. Its plug-ins have no G.722 of their own."""

    codecs = ("PCMU", "PCMA")

    def start(self):
        law, payload = self.codec.gst
        caps = (f"application/x-rtp,media=audio,clock-rate={self.codec.clock},"
                f"encoding-name={self.codec.name},payload={self.codec.payload_type}")
        self._ear = self.spawn(
            "hear", "gst-launch-1.0", "-q", "rtpbin", "name=session", "latency=60",
            *f"udpsrc port={self.hears_at} caps={caps} ! session.recv_rtp_sink_0 "
            f"udpsrc port={self.hears_at + 1} caps=application/x-rtcp ! "
            f"session.recv_rtcp_sink_0 session. ! rtp{payload}depay ! {law}dec ! filesink "
            f"buffer-mode=unbuffered location={self.recording()}".split())

    def connect(self, local):
        law, payload = self.codec.gst
        self._mouth = self.spawn(
            "speak", "gst-launch-1.0", "-q", "rtpbin", "name=session",
            *f"filesrc location={self.voice} ! wavparse ! audioconvert ! {law}enc ! "
            f"rtp{payload}pay min-ptime=20000000 max-ptime=20000000 ! session.send_rtp_sink_0 "
            f"session.send_rtp_src_0 ! udpsink host={local.address} port={local.port} "
            f"bind-port={self.speaks_from} session.send_rtcp_src_0 ! udpsink sync=false "
            f"async=false host={local.address} port={local.port + 1} "
            f"bind-port={self.speaks_from + 1}".split())


class Ffmpeg(Apart):
    """Its RTP goes one way. It ends by itself where RTCP says that the other side has left."""

    fine = (0, 255)

    def connect(self, local):
        description = self.path / "hear.sdp"
        description.write_text(
            "v=0\no=- 0 0 IN IP4 0.0.0.0\ns=call\nc=IN IP4 0.0.0.0\nt=0 0\n"
            f"m=audio {self.hears_at} RTP/AVP {self.codec.payload_type}\n"
            f"a=rtpmap:{self.codec.payload_type} {self.codec.name}/{self.codec.clock}\n")
        self._ear = self.spawn(
            "hear", "ffmpeg", "-y", "-nostdin", "-loglevel", "error", "-protocol_whitelist",
            "file,udp,rtp", "-i", description, "-ar", "8000", "-f", "s16le", "-flush_packets", "1",
            self.recording())
        samples = self.codec.rate // 50
        self._mouth = self.spawn(
            "speak", "ffmpeg", "-nostdin", "-loglevel", "error", "-i", self.voice,
            "-ar", str(self.codec.rate), "-af",
            f"aresample={self.codec.rate},asetnsamples=n={samples}:p=0,arealtime",
            "-c:a", self.codec.encoder, "-f", "rtp",
            f"rtp://{local.address}:{local.port}?localrtpport={self.speaks_from}")

    def end(self):
        # One that waits for packets asks to be interrupted twice.
        if self._ear.running():
            self._ear.interrupt()
        super().end()


PHONES = (Baresip, Sipp, Gstreamer, Ffmpeg)


def wait_for(condition, what, seconds=15):
    """Wait until condition() holds; else what() says what is there instead."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds} seconds: {what()}"
        time.sleep(0.05)

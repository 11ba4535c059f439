# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Janus with its AudioBridge and nothing else, and rooms of three plain-RTP participants in it.
It is asked in JSON over a Unix socket."""

import json
import socket
import time

from lab import APPLIANCE
from peer_lab import MEASURED_CPU, endpoint

LIBRARY = "/usr/lib/x86_64-linux-gnu/janus"
ROLES = ("agent", "customer", "supervisor")

CORE = """general: {{
    configs_folder = "{folder}"
    plugins_folder = "{library}/plugins"
    transports_folder = "{library}/transports"
    events_folder = "{folder}"
    loggers_folder = "{folder}"
    debug_level = 3
    session_timeout = 0
}}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
"""
STARTS = 5  # at most
BRIDGE = 'general: {{ local_ip = "{address}"\n rtp_port_range = "10000-60000" }}\n'
UNIX = 'general: {{ enabled = true\n json = "compact"\n path = "{path}" }}\nadmin: {{ }}\n'


class Janus:
    def __init__(self, lab):
        folder = lab.path / "janus"
        folder.mkdir(exist_ok=True)
        self.path = str(folder / "api.sock")
        others = ("duktape", "echotest", "lua", "nosip", "recordplay", "sip", "streaming",
                  "textroom", "videocall", "videoroom", "voicemail")
        transports = ("http", "mqtt", "nanomsg", "rabbitmq", "websockets")
        for name, text in (("janus", CORE), ("janus.plugin.audiobridge", BRIDGE),
                           ("janus.transport.pfunix", UNIX)):
            (folder / f"{name}.jcfg").write_text(text.format(
                folder=folder, library=LIBRARY, address=APPLIANCE, path=self.path,
                plugins=",".join(f"libjanus_{other}.so" for other in others),
                transports=",".join(f"libjanus_{other}.so" for other in transports)))
        # Debian's 1.1.2 says in one start of a dozen that it has no transport, and ends.
        for left in reversed(range(STARTS)):
            self.process = lab.spawn("appliance", "janus", "janus", "--configs-folder", folder,
                                     "--disable-colors", cpus={MEASURED_CPU})
            if self._connect():
                break
            if left == 0 or self.process.running():
                raise RuntimeError(f"Janus is not up: {self.process.output()[-500:]}")
        self._number = 0
        self.session = self._ask(janus="create")["data"]["id"]

    def _connect(self):
        """Whether it is up; otherwise it has ended, or has not come up in a long time."""
        deadline = time.monotonic() + 15
        while True:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                self._socket.connect(self.path)
                self._socket.settimeout(5)
                return True
            except OSError:
                self._socket.close()
                if not self.process.running() or time.monotonic() > deadline:
                    return False
                time.sleep(0.1)

    def _ask(self, **request):
        """The answer; of requests that are only acknowledged, the event that follows."""
        self._number += 1
        transaction = str(self._number)
        self._socket.send(json.dumps({"transaction": transaction, **request}).encode())
        while True:
            answer = json.loads(self._socket.recv(65536))
            if answer.get("transaction") != transaction or answer["janus"] == "ack":
                continue
            if answer["janus"] not in ("success", "event"):
                raise RuntimeError(f"Janus refuses: {answer}")
            return answer

    def _bridge(self, handle, **body):
        answer = self._ask(janus="message", session_id=self.session, handle_id=handle, body=body)
        data = answer["plugindata"]["data"]
        if "error" in data:
            raise RuntimeError(f"AudioBridge refuses: {data}")
        return data

    def _attach(self):
        return self._ask(janus="attach", session_id=self.session,
                         plugin="janus.plugin.audiobridge")["data"]["id"]

    def add_rooms(self, count):
        """Streams of rooms in which three people speak."""
        owner, streams = self._attach(), []
        for number in range(count):
            self._bridge(owner, request="create", room=number + 1, sampling_rate=8000,
                         allow_rtp_participants=True, audiolevel_ext=False)
            for role in ROLES:
                local = endpoint(role, number)
                joined = self._bridge(
                    self._attach(), request="join", room=number + 1, display=role, codec="pcmu",
                    rtp={"ip": local[0], "port": local[1], "payload_type": 0})
                streams.append((local, (APPLIANCE, joined["rtp"]["port"])))
        return streams

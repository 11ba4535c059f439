# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""rtpengine in userspace, and calls through it by its ng protocol: a cookie and a bencoded
dictionary in a UDP datagram each way."""

import re
import resource
import socket
import time

from lab import APPLIANCE
from peer_lab import MEASURED_CPU, endpoint

NG_PORT = 2223
PORTS = (10000, 60000)
FILES = 32768  # four sockets a call


def bencode(value):
    if isinstance(value, dict):
        return b"d" + b"".join(bencode(k) + bencode(value[k]) for k in sorted(value)) + b"e"
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    if isinstance(value, int):
        return b"i%de" % value
    text = value.encode()
    return b"%d:%s" % (len(text), text)


def bdecode(data, at=0):
    """The value at `at`, and where it ends."""
    kind = data[at:at + 1]
    if kind in (b"d", b"l"):
        at, items = at + 1, []
        while data[at:at + 1] != b"e":
            item, at = bdecode(data, at)
            items.append(item)
        return (dict(zip(items[::2], items[1::2])) if kind == b"d" else items), at + 1
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end].decode(errors="replace"), end


def sdp(address, port):
    return (f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=sendrecv\r\n")


class Rtpengine:
    def __init__(self, lab):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))
        try:
            self.process = lab.spawn(
                "appliance", "rtpengine", "rtpengine", "--config-file=none", "--foreground",
                "--table=-1", f"--interface={APPLIANCE}", f"--listen-ng=127.0.0.1:{NG_PORT}",
                f"--port-min={PORTS[0]}", f"--port-max={PORTS[1]}", "--num-threads=1",
                "--log-stderr", "--log-level=3", "--delete-delay=0", cpus={MEASURED_CPU})
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        self._socket = lab.socket("appliance")
        self._socket.settimeout(0.5)
        self._cookie = 0

    def command(self, name, **arguments):
        """Ask, again where no answer comes; rtpengine knows a repetition by its cookie."""
        self._cookie += 1
        cookie = b"c%d" % self._cookie
        request = {key.replace("_", "-"): value for key, value in arguments.items()}
        for _ in range(10):
            try:
                self._socket.sendto(cookie + b" " + bencode({"command": name, **request}),
                                    ("127.0.0.1", NG_PORT))
                while True:
                    data = self._socket.recv(65536)
                    if data.startswith(cookie + b" "):
                        return bdecode(data, len(cookie) + 1)[0]
            except (TimeoutError, ConnectionRefusedError, socket.timeout):
                if not self.process.running():
                    break
                time.sleep(0.05)
        raise RuntimeError(f"rtpengine does not answer:\n{self.process.output()[-500:]}")

    def _negotiate(self, command, role, number, **more):
        answer = self.command(command, call_id=f"call{number}", from_tag="agent",
                              sdp=sdp(*endpoint(role, number)), replace=["origin"],
                              ICE="remove", **more)
        found = re.search(r"m=audio (\d+) ", answer.get("sdp", ""))
        if answer.get("result") != "ok" or not found:
            raise RuntimeError(f"rtpengine refuses a call: {answer}")
        return APPLIANCE, int(found.group(1))

    def add_calls(self, count):
        """Streams of calls between an agent and a customer."""
        self.command("ping")
        streams = []
        for number in range(count):
            for_customer = self._negotiate("offer", "agent", number)
            for_agent = self._negotiate("answer", "customer", number, to_tag="customer")
            streams += [(endpoint("agent", number), for_agent),
                        (endpoint("customer", number), for_customer)]
        return streams

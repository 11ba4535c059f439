# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""As much of SIP (RFC 3261) and SDP (RFC 4566) as it takes to be the SBC beside the appliance: it
calls a phone, offers it the appliance's address, learns what the phone answers, and hangs up."""

import random
import re
import time

PATIENCE = 10  # seconds until a phone should have answered
AGAIN = 0.5    # seconds until a request is sent once more (RFC 3261, T1)
SBC = "stranger"  # the host of the lab that signals: none of those that talk


class Refused(Exception):
    """The phone gave no answer that a call could be made of."""


def offer(address, port, codec):
    """An SDP offer of one codec, at an address of the appliance's."""
    return (f"v=0\r\no=sbc 1 1 IN IP4 {address}\r\ns=call\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP {codec.payload_type}\r\n"
            f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock}\r\n"
            "a=ptime:20\r\na=sendrecv\r\n")


class Dialog:
    """A call placed with the phone that listens for SIP at `address`, `port`."""

    def __init__(self, lab, address, port):
        self._socket = lab.socket(SBC)
        self._socket.connect((address, port))
        self._socket.settimeout(AGAIN)
        self._host, self._port = self._socket.getsockname()
        self._uri = f"sip:phone@{address}:{port}"
        self._from = f"<sip:sbc@{self._host}:{self._port}>;tag={random.getrandbits(32):08x}"
        self._to = f"<{self._uri}>"
        self._id = f"{random.getrandbits(64):016x}@{self._host}"
        self._sequence = 0

    def place(self, description):
        """INVITE with an offer; (address, port, payload type) of the answer, acknowledged."""
        self._sequence += 1
        status, headers, body = self._ask("INVITE", description)
        self._to = headers["to"]
        self._send("ACK", "")
        if status != 200:
            raise Refused(f"{self._uri} answered {status} to INVITE")
        media = re.search(r"^m=audio (\d+) \S+ (\d+)", body, re.M)
        where = re.search(r"^c=IN IP4 (\S+)", body, re.M)
        if not media or not where:
            raise Refused(f"{self._uri} answered with this description:\n{body}")
        return where.group(1), int(media.group(1)), int(media.group(2))

    def hang_up(self):
        """BYE; the phone has agreed to it."""
        self._sequence += 1
        status = self._ask("BYE", "")[0]
        self._socket.close()
        if status != 200:
            raise Refused(f"{self._uri} answered {status} to BYE")

    def _send(self, method, body):
        branch = f"z9hG4bK{self._sequence:x}{'ack' if method == 'ACK' else ''}{self._id[:12]}"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self._socket.send(
            f"{method} {self._uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self._host}:{self._port};branch={branch}\r\n"
            f"Max-Forwards: 70\r\nFrom: {self._from}\r\nTo: {self._to}\r\n"
            f"Call-ID: {self._id}\r\nCSeq: {self._sequence} {method}\r\n"
            f"Contact: <sip:sbc@{self._host}:{self._port}>\r\n{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode())

    def _ask(self, method, body):
        """Send a request until its final response is there: (status, headers, body)."""
        deadline = time.monotonic() + PATIENCE
        rung = False
        while time.monotonic() < deadline:
            if not rung:
                self._send(method, body)
            try:
                text = self._socket.recv(65536).decode(errors="replace")
            except (TimeoutError, ConnectionRefusedError):
                time.sleep(0.05)  # a refusal comes at once, while the phone starts
                continue
            head, _, content = text.partition("\r\n\r\n")
            first, *lines = head.split("\r\n")
            headers = {name.strip().lower(): value.strip()
                       for name, _, value in (line.partition(":") for line in lines)}
            if not first.startswith("SIP/2.0 ") or \
                    headers.get("cseq") != f"{self._sequence} {method}":
                continue
            status = int(first.split()[1])
            if status >= 200:
                return status, headers, content
            rung = True
        raise Refused(f"{self._uri} has not answered {method} within {PATIENCE} seconds")

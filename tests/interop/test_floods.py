# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Clients that flood the control plane with HTTP/2 frames, written byte by byte: each is cut off,
and others notice nothing."""

import contextlib
import socket
import struct
import threading
import time

import pytest

from api import media
from bridgetap.v1 import calls_pb2
from lab import BUILD

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 3, 4, 6, 7, 8, 9)
END_STREAM, END_HEADERS = 1, 4
CANCEL, REFUSED_STREAM = 8, 7
SANITIZED = "sanitize" in str(BUILD)


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def literal(name, value, first=0):
    """A header without Huffman coding; `first` 0x40 puts it into the dynamic table (RFC 7541)."""
    assert len(name) < 127
    if len(value) < 127:
        length = bytes([len(value)])
    else:
        rest = len(value) - 127
        length = bytes([127])
        while rest > 127:
            length += bytes([rest & 127 | 128])
            rest >>= 7
        length += bytes([rest])
    return bytes([first, len(name)]) + name + length + value


def request_of(path, *metadata):
    return b"".join(literal(name, value) for name, value in (
        (b":method", b"POST"), (b":scheme", b"http"), (b":path", path),
        (b"content-type", b"application/grpc"), (b"te", b"trailers"), *metadata))


REQUEST = request_of(b"/grpc.health.v1.Health/Watch")


class Flooder:
    """A connection of raw frames. A context manager."""

    def __init__(self, appliance):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(appliance.lab.api_socket)
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS))
        self._bytes = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *frames):
        """False where the other side has hung up."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(b"".join(frames))
            return True
        return False

    def frames(self):
        """(kind, flags, stream, payload) of all that comes, until the other side hangs up."""
        while True:
            while len(self._bytes) >= 9:
                length = int.from_bytes(self._bytes[:3], "big")
                if len(self._bytes) < 9 + length:
                    break
                kind, flags, stream = struct.unpack("!BBI", self._bytes[3:9])
                payload = self._bytes[9:9 + length]
                self._bytes = self._bytes[9 + length:]
                yield kind, flags, stream, payload
            try:
                received = self.socket.recv(65536)
            except ConnectionResetError:
                return
            if not received:
                return
            self._bytes += received

    def flood(self, batches):
        """Send without reading, until all is sent or the other side hangs up; true if it has."""
        return not all(self.send(batch) for batch in batches)


@contextlib.contextmanager
def undisturbed(appliance):
    """Somebody else works meanwhile: creates and deletes calls, and watches them."""
    stop, slowest, errors = threading.Event(), [0], []
    stream = appliance.api.calls.WatchCalls(calls_pb2.WatchCallsRequest(), timeout=120)
    description = calls_pb2.CallDescription(id="other")
    for leg, host, port in ((description.agent, "192.0.2.10", 4000),
                            (description.customer, "192.0.2.20", 5000)):
        leg.remote.address, leg.remote.port = host, port

    def work():
        try:
            while not stop.is_set():
                started = time.monotonic()
                appliance.api.calls.CreateCall(calls_pb2.CreateCallRequest(call=description))
                while not any(call.id == "other" for call in next(stream).calls):
                    pass
                appliance.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="other"))
                slowest[0] = max(slowest[0], time.monotonic() - started)
        except Exception as error:  # the thread's; told below
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        time.sleep(0.2)
        stop.set()
        thread.join()
        stream.cancel()
    assert not errors, errors
    assert 0 < slowest[0] < 2


def rapid_resets():
    """CVE-2023-44487."""
    for stream in range(1, 100001, 200):
        yield b"".join(frame(HEADERS, END_HEADERS, number, REQUEST) +
                       frame(RST_STREAM, 0, number, struct.pack("!I", CANCEL))
                       for number in range(stream, stream + 200, 2))


def pings():
    """Each of which asks for an answer, that nobody reads."""
    for _ in range(3000):
        yield frame(PING, 0, 0, b"whatever") * 100


def settings():
    for _ in range(3000):
        yield frame(SETTINGS) * 100


def settings_with_many_entries():
    for _ in range(3000):
        yield frame(SETTINGS, 0, 0, struct.pack("!HI", 3, 100) * 2000)


def headers_without_end():
    """CVE-2024-27983 and its kin: a request whose headers go on and on."""
    yield frame(HEADERS, 0, 1, REQUEST)
    for _ in range(3000):
        yield frame(CONTINUATION, 0, 1, literal(b"x-filler", b"y" * 16000))


def streams_without_end():
    """More calls at once than are allowed, and nobody reads that they are refused."""
    for stream in range(1, 1000001, 200):
        yield b"".join(frame(HEADERS, END_HEADERS, number, REQUEST)
                       for number in range(stream, stream + 200, 2))


def windows_that_overflow():
    for _ in range(3000):
        yield frame(WINDOW_UPDATE, 0, 0, struct.pack("!I", 0x7fffffff))


FLOODS = (rapid_resets, pings, settings, settings_with_many_entries, headers_without_end,
          streams_without_end, windows_that_overflow)


@pytest.mark.parametrize("flood", FLOODS, ids=lambda flood: flood.__name__)
def test_a_flood_is_cut_off_and_nobody_else_notices(appliance, flood):
    before = resident_bytes(appliance.controlplane)
    with undisturbed(appliance), Flooder(appliance) as flooder:
        assert flooder.flood(flood()), "all of it was taken"
        last = None
        for last in flooder.frames():
            pass
        # It could be told why, unless its own buffer was full.
        assert last is not None
    if not SANITIZED:
        assert resident_bytes(appliance.controlplane) - before < 20 << 20


def resident_bytes(process):
    """What a program has in memory."""
    with open(f"/proc/{process.pid}/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_answers_that_nobody_reads_do_not_pile_up(appliance):
    """Of two thousand lists of 45 calls with all the tags they may have: 250 MB."""
    appliance.api.calls.LoadCallTable(iter([calls_pb2.LoadCallTableRequest(calls=[
        calls_pb2.CallDescription(
            id=f"c{n}", agent=media("192.0.2.10", 6000 + 2 * n),
            customer=media("192.0.2.20", 6000 + 2 * n), tags=["t" * 64] * 16,
            groups=["g" * 64] * 16) for n in range(45)])]))
    before = resident_bytes(appliance.controlplane)
    headers = request_of(b"/bridgetap.v1.Calls/ListCalls", (b"bridgetap-organisation", b"acme"))
    page = calls_pb2.ListCallsRequest(page_size=1000).SerializeToString()
    with undisturbed(appliance), Flooder(appliance) as flooder:
        assert flooder.send(frame(SETTINGS, 0, 0, struct.pack("!HI", 4, 0)), *(
            frame(HEADERS, END_HEADERS, number, headers) +
            frame(DATA, END_STREAM, number, struct.pack("!BI", 0, len(page)) + page)
            for number in range(1, 4001, 2)))
        time.sleep(1)
        if not SANITIZED:
            assert resident_bytes(appliance.controlplane) - before < 40 << 20
        # Once it reads, all of them come.
        assert flooder.send(frame(WINDOW_UPDATE, 0, 0, struct.pack("!I", 1 << 30)),
                            frame(SETTINGS, 0, 0, struct.pack("!HI", 4, 1 << 30)))
        ended = set()
        for kind, flags, stream, _ in flooder.frames():
            if kind == HEADERS and flags & END_STREAM:
                ended.add(stream)
            if len(ended) == 2000:
                break
        assert len(ended) == 2000


def test_headers_that_unpack_to_very_many_are_refused(appliance):
    """A long header once, then one byte each for as many more of it: 300 MB in 80 kB."""
    long = literal(b"x-filler", b"y" * 3900, 0x40)
    again = b"\xbe" * 16000  # the newest entry of the dynamic table
    with undisturbed(appliance), Flooder(appliance) as flooder:
        assert flooder.send(frame(HEADERS, END_STREAM, 1, REQUEST + long),
                            *[frame(CONTINUATION, 0, 1, again)] * 4,
                            frame(CONTINUATION, END_HEADERS, 1, again))
        started = time.monotonic()
        for kind, flags, stream, _ in flooder.frames():
            if kind == GOAWAY or stream == 1:
                break
        assert kind == GOAWAY or (kind == HEADERS and flags & END_STREAM)
        assert time.monotonic() - started < 1


def test_calls_beyond_the_limit_are_refused_and_the_others_go_on(appliance):
    """Of a client that reads what it is told."""
    with undisturbed(appliance), Flooder(appliance) as flooder:
        assert flooder.send(*(frame(HEADERS, END_HEADERS, number, REQUEST)
                              for number in range(1, 5001, 2)))
        assert flooder.send(frame(DATA, END_STREAM, 1, b"\0\0\0\0\0"))
        refused, answered = [], False
        for kind, flags, stream, payload in flooder.frames():
            if kind == RST_STREAM and struct.unpack("!I", payload)[0] == REFUSED_STREAM:
                refused.append(stream)
            answered |= kind == DATA and stream == 1
            if answered and len(refused) == 2500 - 2048:
                break
        assert min(refused) == 2 * 2048 + 1

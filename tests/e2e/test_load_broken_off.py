# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Calls.LoadCallTable that does not come to its end: whatever breaks it off, nothing of it is done
and everybody else goes on."""

import queue
import threading

import pytest

from api import Api, media
from bridgetap.v1 import calls_pb2
from lab import address_of

MERGE, REPLACE = calls_pb2.LoadCallTableRequest.MERGE, calls_pb2.LoadCallTableRequest.REPLACE


def described(call_id):
    return calls_pb2.CallDescription(id=call_id, agent=media(address_of("agent"), 4000),
                                     customer=media(address_of("customer"), 5000))


def table(*ids, operation=MERGE):
    return calls_pb2.LoadCallTableRequest(
        operation=operation, calls=map(described, ids)).SerializeToString()


class Upload:
    """LoadCallTable with a connection of its own, whose first message has been sent and whose
    stream stays open. Messages are bytes. A context manager."""

    def __init__(self, api, first, timeout=20):
        self.api = Api(api.socket, api.organisation, api.user)
        self._waiting = queue.Queue()
        self._asked = threading.Event()
        self._waiting.put(first)
        method = self.api.channel.stream_unary(
            "/bridgetap.v1.Calls/LoadCallTable", request_serializer=lambda data: data,
            response_deserializer=calls_pb2.LoadCallTableResponse.FromString)
        self.call = method.future(self._messages(), metadata=self.api.metadata(), timeout=timeout)

    def _messages(self):
        yield self._waiting.get()
        while True:
            self._asked.set()  # grpcio asks for the next one when it has sent the last
            message = self._waiting.get()
            if message is None:
                return
            yield message

    def __enter__(self):
        assert self._asked.wait(10)
        listed(self.api)  # the same connection: the message has been taken before
        return self

    def __exit__(self, *_):
        self._waiting.put(None)
        self.api.close()

    def send(self, message):
        self._waiting.put(message)

    def end(self):
        """Half-close; returns the answer."""
        self._waiting.put(None)
        return self.call.result(20)

    def code(self):
        """The status that the server, or grpcio itself, has ended it with."""
        return self.call.code().name


def listed(api):
    return sorted(call.id for call in api.calls.ListCalls(calls_pb2.ListCallsRequest()).calls)


def cancel(upload):
    upload.call.cancel()
    return "CANCELLED"


def hang_up(upload):
    upload.api.close()
    return "CANCELLED"


def send_rubbish(upload):
    upload.send(b"\xff\xff\xff")
    return "INVALID_ARGUMENT"


def send_too_many(upload):
    """Empty descriptions, as many in a message as one may unpack to."""
    for _ in range(16):
        upload.send(b"\x12\x00" * (1 << 16))
    return "RESOURCE_EXHAUSTED"


def send_too_large(upload):
    upload.send(b"x" * ((4 << 20) + 1))
    return "RESOURCE_EXHAUSTED"


@pytest.mark.parametrize("break_off", [cancel, hang_up, send_rubbish, send_too_many,
                                       send_too_large])
def test_a_table_that_is_broken_off_is_forgotten(appliance, break_off):
    api = appliance.api
    api.calls.CreateCall(calls_pb2.CreateCallRequest(call=described("there")))
    with Upload(api, table("new", operation=REPLACE)) as upload:
        code = break_off(upload)
        assert upload.code() == code
    assert listed(api) == ["there"]
    assert api.wait_until_connected().calls == 1


def test_a_table_whose_time_is_up_is_forgotten(appliance):
    with Upload(appliance.api, table("new"), timeout=0.5) as upload:
        assert upload.code() == "DEADLINE_EXCEEDED"
    assert listed(appliance.api) == []
    appliance.api.wait_until_connected()


def test_a_control_plane_stops_while_tables_are_sent(appliance):
    """The fixture looks at how it has stopped."""
    with Upload(appliance.api, table("new")):
        assert appliance.controlplane.stop() == 0


def test_a_table_that_is_not_broken_off_is_applied(appliance):
    with Upload(appliance.api, table("one")) as upload:
        upload.send(table("two"))
        upload.send(table("three"))
        assert upload.end().created == 3
    assert listed(appliance.api) == ["one", "three", "two"]

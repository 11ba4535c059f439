# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Calls.LoadCallTable that does not come to its end, or comes to it when much has changed: nothing
of it is done, and everybody else goes on."""

import queue
import threading

import grpc
import pytest

from api import AGENT, Api, media
from bridgetap.v1 import calls_pb2, directory_pb2
from bridgetap.v1.calls_pb2_grpc import CallsStub
from lab import address_of, held

MERGE, REPLACE = calls_pb2.LoadCallTableRequest.MERGE, calls_pb2.LoadCallTableRequest.REPLACE


def described(call_id):
    return calls_pb2.CallDescription(id=call_id, agent=media(address_of("agent"), 4000),
                                     customer=media(address_of("customer"), 5000))


def table(*ids, operation=MERGE):
    return calls_pb2.LoadCallTableRequest(
        operation=operation, calls=map(described, ids)).SerializeToString()


def varint(value):
    return bytes([value & 127 | 128]) + varint(value >> 7) if value > 127 else bytes([value])


class Upload:
    """LoadCallTable with a connection of its own, whose first message has been sent and whose
    stream stays open. Messages are bytes. A context manager."""

    def __init__(self, api, first, timeout=20, user=""):
        self.api = Api(api.socket, api.organisation)
        self._waiting = queue.Queue()
        self._asked = threading.Event()
        self._waiting.put(first)
        method = self.api.channel.stream_unary(
            "/bridgetap.v1.Calls/LoadCallTable", request_serializer=lambda data: data,
            response_deserializer=calls_pb2.LoadCallTableResponse.FromString)
        self.call = method.future(self._messages(), metadata=self.api.metadata(user),
                                  timeout=timeout)

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

    def send_end(self):
        """Half-close."""
        self._waiting.put(None)

    def end(self):
        """The same; returns the answer."""
        self.send_end()
        return self.call.result(20)

    def refused_at_the_end(self):
        """The same; returns the status and the sentence."""
        with pytest.raises(grpc.RpcError) as error:
            self.end()
        return error.value.code().name, error.value.details()

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
    """More than a connection may have kept: 256 MiB."""
    message = table(*(f"c{n}" for n in range(20000)))
    for _ in range(40):
        upload.send(message)
    return "RESOURCE_EXHAUSTED"


def send_a_bad_call(upload):
    """With so many tags, all empty, that it takes twelve times more than what was sent."""
    call = described("bad").SerializeToString() + b"\x42\x00" * 500000
    upload.send(b"\x12" + varint(len(call)) + call)
    return "INVALID_ARGUMENT"


def send_too_large(upload):
    upload.send(b"x" * ((4 << 20) + 1))
    return "RESOURCE_EXHAUSTED"


@pytest.mark.parametrize("break_off", [cancel, hang_up, send_rubbish, send_too_many,
                                       send_too_large, send_a_bad_call])
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


def delete_organisation(api):
    api.directory.DeleteOrganisation(
        directory_pb2.DeleteOrganisationRequest(organisation_id=api.organisation))


@pytest.mark.parametrize("operation", [MERGE, REPLACE])
@pytest.mark.parametrize("ids", [(), ("new",)])
def test_an_organisation_may_be_deleted_before_the_table_has_ended(appliance, operation, ids):
    with Upload(appliance.api, table(*ids, operation=operation)) as upload:
        delete_organisation(appliance.api)
        code, sentence = upload.refused_at_the_end()
        assert code == "NOT_FOUND" and "no organisation" in sentence
    appliance.api.put_organisation()
    assert listed(appliance.api) == []


def test_an_organisation_may_be_deleted_while_the_table_is_being_applied(appliance):
    api = appliance.api
    with Upload(api, table("new", operation=REPLACE)) as upload:
        with held(appliance.dataplane):
            upload.send_end()
            while listed(api) != ["new"]:
                pass
            deleted = CallsStub(api.channel).DeleteCall.future(
                calls_pb2.DeleteCallRequest(call_id="new"), metadata=api.metadata())
            while listed(api):
                pass
            delete_organisation(api)
        assert upload.call.result(20).created == 1
        deleted.result(20)
    api.put_organisation()
    assert api.wait_until_connected().calls == 0


def test_who_has_lost_the_right_before_the_table_has_ended_loads_nothing(appliance):
    with Upload(appliance.api, table("new"), user="adam") as upload:
        appliance.api.put_user("adam", AGENT)
        code, _ = upload.refused_at_the_end()
        assert code == "PERMISSION_DENIED"
    assert listed(appliance.api) == []

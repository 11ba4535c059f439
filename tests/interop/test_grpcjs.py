# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""A stock JavaScript client, @grpc/grpc-js, with nothing but the .proto files: it shares no code
with grpcio, neither in HTTP/2 nor in protobuf."""

import json
import os
import subprocess
from pathlib import Path

from api import media
from bridgetap.v1 import calls_pb2
from google.protobuf import json_format
from lab import BUILD, ROOT, address_of

CLIENT = Path(__file__).parent / "grpcjs/client.js"


def run(appliance, scenario, argument=None, user=""):
    """What the client has seen in a scenario."""
    argv = ["node", CLIENT, appliance.lab.api_socket, ROOT / "proto", scenario]
    if argument is not None:
        argv.append(json.dumps(argument))
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, env={
        **os.environ, "NODE_PATH": str(BUILD / "grpcjs/node_modules"),
        "BRIDGETAP_ORGANISATION": appliance.api.organisation, "BRIDGETAP_USER": user})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def described(call_id, number=0):
    """A CallDescription as JavaScript has it."""
    message = calls_pb2.CallDescription(
        id=call_id, contact_number="Ольга", agent=media(address_of("agent"), 4000 + 2 * number),
        customer=media(address_of("customer"), 5000 + 2 * number))
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def test_a_unary_call_is_answered(appliance):
    appliance.api.calls.CreateCall(calls_pb2.CreateCallRequest(
        call=json_format.ParseDict(described("c1"), calls_pb2.CallDescription())))
    seen = run(appliance, "unary")
    assert [call["id"] for call in seen["response"]["calls"]] == ["c1"]
    assert seen["response"]["calls"][0]["contact_number"] == "Ольга"
    assert seen["response"]["total"] == 1


def test_a_refusal_comes_with_its_reasons(appliance):
    appliance.api.calls.CreateCall(calls_pb2.CreateCallRequest(
        call=json_format.ParseDict(described("c1"), calls_pb2.CallDescription())))
    error = run(appliance, "join", {
        "call_id": "c1", "mode": "MODE_LISTEN",
        "media": {"remote": {"address": address_of("supervisor"), "port": 6000}}},
        user="ann")["error"]
    assert error["code"] == "PERMISSION_DENIED"
    assert "NOT_PERMITTED" in [reason["code"] for reason in error["reasons"]]
    assert all(reason["sentence"] for reason in error["reasons"])
    assert error["sentence"]


def test_a_missing_call_is_not_found(appliance):
    error = run(appliance, "join", {"call_id": "nope", "mode": "MODE_LISTEN"},
                user="adam")["error"]
    assert error["code"] == "NOT_FOUND"
    assert '"nope"' in error["sentence"]


def test_a_deadline_ends_a_stream(appliance):
    seen = run(appliance, "deadline")
    assert seen["code"] == "DEADLINE_EXCEEDED"
    assert 400 <= seen["ms"] < 5000


def test_a_stream_can_be_cancelled_and_the_connection_goes_on(appliance):
    seen = run(appliance, "cancel")
    assert seen["status"]["code"] == "CANCELLED"
    assert seen["after"]["response"]["calls"] == []


def test_a_table_is_loaded_message_by_message(appliance):
    seen = run(appliance, "load", [
        {"operation": "MERGE", "calls": [described("c1", 1), described("c2", 2)]},
        {"calls": []},
        {"calls": [described("c3", 3)]}])
    assert seen["response"]["created"] == 3
    listed = appliance.api.calls.ListCalls(calls_pb2.ListCallsRequest())
    assert [call.id for call in listed.calls] == ["c1", "c2", "c3"]


def test_a_call_is_watched_from_beginning_to_end(appliance):
    seen = run(appliance, "call", described("c1"))
    assert seen["status"]["code"] == "CANCELLED"
    created = seen["created"]["response"]
    assert created["id"] == "c1"
    assert created["agent"]["local"]["port"] != created["customer"]["local"]["port"]
    assert "response" in seen["deleted"]
    shown = [change for change in seen["changes"] if change["calls"]]
    assert shown[0]["calls"][0]["agent"]["local"] == created["agent"]["local"]
    assert seen["changes"].index(shown[0]) > 0
    # The last change says that it is over: by its id, in the list of those that have gone.
    assert seen["changes"][-1]["calls"] == [] and "c1" in json.dumps(seen["changes"][-1])


def test_questions_and_answers_alternate_on_one_stream(appliance):
    seen = run(appliance, "reflect", [
        {"host": "here", "list_services": "*"},
        {"file_containing_symbol": "bridgetap.v1.Calls"},
        {"file_by_filename": "no/such.proto"}])
    assert seen["status"]["code"] == "OK"
    services, file, error = seen["answers"]
    assert services["valid_host"] == "here"
    assert "bridgetap.v1.Calls" in [
        service["name"] for service in services["list_services_response"]["service"]]
    assert len(file["file_descriptor_response"]["file_descriptor_proto"]) >= 2
    assert error["error_response"]["error_code"] == 5

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""gRPC server reflection: a client that has no .proto files of ours finds everything out."""

import time

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from bridgetap.v1 import calls_pb2
from lab import BUILD
from reflection.v1 import reflection_pb2, reflection_pb2_grpc
from reflection.v1alpha import reflection_pb2 as alpha_pb2
from reflection.v1alpha import reflection_pb2_grpc as alpha_pb2_grpc

VERSIONS = {"v1": (reflection_pb2, reflection_pb2_grpc),
            "v1alpha": (alpha_pb2, alpha_pb2_grpc)}


class Reflection:
    """Asks one version of the service, each question on a stream of its own."""

    def __init__(self, appliance, version):
        self.messages, stubs = VERSIONS[version]
        self.stub = stubs.ServerReflectionStub(appliance.api.channel)

    def ask(self, **question):
        request = self.messages.ServerReflectionRequest(host="h", **question)
        answer, = self.stub.ServerReflectionInfo(iter([request]), timeout=10)
        assert answer.valid_host == "h" and answer.original_request == request
        return answer

    def files(self, **question):
        packed = self.ask(**question).file_descriptor_response.file_descriptor_proto
        return [descriptor_pb2.FileDescriptorProto.FromString(file) for file in packed]

    def error(self, **question):
        answer = self.ask(**question)
        assert answer.WhichOneof("message_response") == "error_response", answer
        assert answer.error_response.error_message
        return answer.error_response.error_code

    def services(self):
        return [service.name for service in self.ask(list_services="*")
                .list_services_response.service]


@pytest.fixture(params=VERSIONS)
def reflection(request, appliance):
    return Reflection(appliance, request.param)


def test_a_client_without_proto_files_makes_a_call(appliance, reflection):
    """As grpcurl does: services, files, methods, messages."""
    pool = descriptor_pool.DescriptorPool()
    for file in reversed(reflection.files(file_containing_symbol="bridgetap.v1.Calls")):
        pool.Add(file)
    method = pool.FindServiceByName("bridgetap.v1.Calls").FindMethodByName("CreateCall")
    factory = message_factory.MessageFactory(pool)
    request = factory.GetPrototype(method.input_type)()
    request.call.id = "found"
    for leg, host, port in ((request.call.agent, "192.0.2.10", 4000),
                            (request.call.customer, "192.0.2.20", 5000)):
        leg.remote.address, leg.remote.port = host, port
    create = appliance.api.channel.unary_unary(
        "/bridgetap.v1.Calls/CreateCall", request_serializer=lambda m: m.SerializeToString(),
        response_deserializer=factory.GetPrototype(method.output_type).FromString)
    response = create(request, metadata=appliance.api.metadata(), timeout=10)
    assert response.id == "found" and response.agent.local.port != 0
    assert [call.id for call in appliance.api.calls.ListCalls(
        calls_pb2.ListCallsRequest()).calls] == ["found"]


def test_all_services_are_listed_and_each_has_its_file(reflection):
    services = reflection.services()
    assert {"bridgetap.v1.Calls", "bridgetap.v1.Monitor", "bridgetap.v1.Directory",
            "bridgetap.v1.Admin", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection"} <= set(services)
    assert len(services) == len(set(services))
    for service in services:
        file = reflection.files(file_containing_symbol=service)[0]
        assert service in [f"{file.package}.{s.name}" for s in file.service]


def test_files_are_what_protoc_makes_of_them(reflection):
    file, *imported = reflection.files(file_by_filename="bridgetap/v1/calls.proto")
    assert "bridgetap/v1/common.proto" in [other.name for other in imported]
    expected = descriptor_pb2.FileDescriptorProto()
    calls_pb2.DESCRIPTOR.CopyToProto(expected)
    pool = descriptor_pool.DescriptorPool()  # which makes both of one form
    for other in reversed(imported):
        pool.Add(other)
    pool.Add(file)
    built = descriptor_pb2.FileDescriptorProto()
    pool.FindFileByName(file.name).CopyToProto(built)
    for proto in (built, expected):
        for message in proto.message_type:
            for field in message.field:
                field.ClearField("json_name")
    assert built == expected


@pytest.mark.parametrize("symbol, file", [
    ("bridgetap.v1.Calls", "bridgetap/v1/calls.proto"),
    ("bridgetap.v1.Calls.CreateCall", "bridgetap/v1/calls.proto"),
    ("bridgetap.v1.CreateCallRequest", "bridgetap/v1/calls.proto"),
    ("bridgetap.v1.Mode", "bridgetap/v1/common.proto"),
    ("bridgetap.v1.LoadCallTableRequest.Operation", "bridgetap/v1/calls.proto"),
    ("grpc.health.v1.HealthCheckResponse.ServingStatus", "health/v1/health.proto"),
])
def test_every_kind_of_symbol_is_found(reflection, symbol, file):
    assert reflection.files(file_containing_symbol=symbol)[0].name == file


@pytest.mark.parametrize("question", [
    {"file_by_filename": ""},
    {"file_by_filename": "bridgetap/v1/nope.proto"},
    {"file_by_filename": "/etc/passwd"},
    {"file_containing_symbol": ""},
    {"file_containing_symbol": "bridgetap.v1"},
    {"file_containing_symbol": "bridgetap.v1.Calls.Dance"},
    {"file_containing_symbol": "x" * 1000000},
    {"file_containing_symbol": "." * 1000000},
    {"all_extension_numbers_of_type": "bridgetap.v1.Calls"},
], ids=lambda question: f"{list(question)[0]} {list(question.values())[0][:30]}")
def test_what_is_not_there_is_not_found(reflection, question):
    assert reflection.error(**question) == 5


def test_messages_have_no_extensions(reflection):
    answer = reflection.ask(all_extension_numbers_of_type="bridgetap.v1.Call")
    numbers = answer.all_extension_numbers_response
    assert numbers.base_type_name == "bridgetap.v1.Call" and not numbers.extension_number
    extension = reflection.messages.ExtensionRequest(
        containing_type="bridgetap.v1.Call", extension_number=100)
    assert reflection.error(file_containing_extension=extension) == 5


def test_a_question_for_nothing_is_an_invalid_argument(reflection):
    assert reflection.error() == 3


def test_the_protocol_between_the_planes_is_nobodys_business(reflection):
    assert not [name for name in reflection.services() if "plane" in name]
    assert reflection.error(
        file_by_filename="bridgetap/dataplane/v1/dataplane.proto") == 5
    assert reflection.error(
        file_by_filename="bridgetap/controlplane/v1/context.proto") == 5


def resident_bytes(process):
    """What a program has in memory."""
    with open(f"/proc/{process.pid}/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_who_does_not_read_the_answers_cannot_make_them_pile_up(appliance):
    questions = 5000
    reflection = Reflection(appliance, "v1")
    request = reflection.messages.ServerReflectionRequest(
        host="h" * 1000, file_containing_symbol="bridgetap.v1.Calls")
    before = resident_bytes(appliance.controlplane)
    stream = reflection.stub.ServerReflectionInfo(iter([request] * questions), timeout=60)
    next(stream)
    time.sleep(1)
    # The answers are 40 MB.
    if "sanitize" not in str(BUILD):
        assert resident_bytes(appliance.controlplane) - before < 10 << 20
    appliance.api.wait_until_connected()
    assert sum(1 for _ in stream) == questions - 1

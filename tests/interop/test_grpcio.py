# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""A stock grpcio client, with nothing but the stubs that protoc makes from proto/: a whole call,
streams in both directions, and everything a client may do wrong."""

import importlib.util
import time
from concurrent import futures

import grpc
import pytest

from api import BARGE, LISTEN, WHISPER, Api, address, media
from bridgetap.v1 import (access_pb2, access_pb2_grpc, admin_pb2, calls_pb2, calls_pb2_grpc,
                          common_pb2, directory_pb2, directory_pb2_grpc, monitor_pb2,
                          monitor_pb2_grpc)
from conversation import LOUDNESS, near
from lab import BUILD, address_of
from rtp import Party


def described(call_id, number=0, **more):
    return calls_pb2.CallDescription(
        id=call_id, agent=media(address_of("agent"), 4000 + 2 * number),
        customer=media(address_of("customer"), 5000 + 2 * number), **more)


def code_of(error):
    return error.value.code()


def test_a_whole_call(appliance):
    """Written out with the stubs alone, as a newcomer would."""
    channel = grpc.insecure_channel(f"unix:{appliance.lab.api_socket}")
    directory = directory_pb2_grpc.DirectoryStub(channel)
    access = access_pb2_grpc.AccessStub(channel)
    calls = calls_pb2_grpc.CallsStub(channel)
    monitor = monitor_pb2_grpc.MonitorStub(channel)
    operator = (("bridgetap-organisation", "fresh"),)
    supervisor = operator + (("bridgetap-user", "olga"),)

    directory.PutOrganisation(directory_pb2.PutOrganisationRequest(
        organisation=directory_pb2.Organisation(id="fresh", name="Fresh Ltd")))
    directory.PutUser(directory_pb2.PutUserRequest(user=directory_pb2.User(
        id="olga", name="Ольга", role=directory_pb2.USER_ROLE_SUPERVISOR)), metadata=operator)
    access.SetOrganisationSettings(access_pb2.SetOrganisationSettingsRequest(
        settings=access_pb2.OrganisationSettings(
            consent_accepted=True, supervisors_monitor_by_default=True)), metadata=operator)
    directory.SetPresence(directory_pb2.SetPresenceRequest(presence=directory_pb2.Presence(
        user_id="olga", dashboard=directory_pb2.LOGGED_IN, desktop=directory_pb2.LOGGED_IN,
        state=directory_pb2.ONLINE)), metadata=operator)
    call = calls.CreateCall(calls_pb2.CreateCallRequest(
        call=described("", contact_number="+7 495 000")), metadata=operator)
    assert call.id

    def local(leg):
        return leg.local.address, leg.local.port
    with Party(appliance.lab, "agent", ("0.0.0.0", 4000), local(call.agent),
               LOUDNESS["agent"]) as agent, \
            Party(appliance.lab, "customer", ("0.0.0.0", 5000), local(call.customer),
                  LOUDNESS["customer"]):
        session = monitor.Join(monitor_pb2.JoinRequest(
            call_id=call.id, mode=LISTEN, media=media(address_of("supervisor"), 6000)),
            metadata=supervisor)
        assert session.user_name == "Ольга"
        with Party(appliance.lab, "supervisor", ("0.0.0.0", 6000), local(session.leg),
                   LOUDNESS["supervisor"]):
            assert near(agent.level(), "customer")
            switched = monitor.SwitchMode(monitor_pb2.SwitchModeRequest(
                session_id=session.id, mode=WHISPER), metadata=supervisor)
            assert switched.mode == WHISPER
            assert near(agent.level(), "customer", "supervisor")
            shown = calls.GetCall(calls_pb2.GetCallRequest(call_id=call.id), metadata=operator)
            assert [m.user for m in shown.monitors] == ["olga"]
            monitor.Leave(monitor_pb2.LeaveRequest(session_id=session.id), metadata=supervisor)
            assert near(agent.level(), "customer")
    calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id=call.id), metadata=operator)
    with pytest.raises(grpc.RpcError) as error:
        calls.GetCall(calls_pb2.GetCallRequest(call_id=call.id), metadata=operator)
    assert code_of(error) == grpc.StatusCode.NOT_FOUND
    channel.close()


# --- streams ---

def load(api, *messages):
    return api.calls.LoadCallTable(iter(messages))


def table(operation, *descriptions):
    return calls_pb2.LoadCallTableRequest(operation=operation, calls=descriptions)


MERGE, REPLACE = calls_pb2.LoadCallTableRequest.MERGE, calls_pb2.LoadCallTableRequest.REPLACE


def listed(api, **request):
    return api.calls.ListCalls(calls_pb2.ListCallsRequest(page_size=1000, **request)).calls


def test_a_table_is_merged_and_replaced(appliance):
    api = appliance.api
    done = load(api, table(MERGE, *[described(f"c{n}", n) for n in range(20)]))
    assert (done.created, done.updated, done.ended) == (20, 0, 0)
    ports = {call.id: call.agent.local.port for call in listed(api)}
    # In several messages; some of the calls are there already.
    done = load(api, table(MERGE, *[described(f"c{n}", n + 50) for n in range(10)]),
                table(MERGE, *[described(f"d{n}", n) for n in range(5)]))
    assert (done.created, done.updated, done.ended) == (5, 10, 0)
    assert len(listed(api)) == 25
    for call in listed(api):
        if call.id in ports:
            assert call.agent.local.port == ports[call.id]
    moved = {call.id: call.agent.media.remote.port for call in listed(api)}
    assert moved["c0"] == 4100 and moved["c19"] == 4038
    done = load(api, table(REPLACE, *[described(f"c{n}", n) for n in range(5)]))
    assert (done.created, done.updated, done.ended) == (0, 5, 20)
    assert sorted(call.id for call in listed(api)) == [f"c{n}" for n in range(5)]
    done = load(api, table(REPLACE))
    assert (done.created, done.updated, done.ended) == (0, 0, 5)
    assert api.wait_until_connected().calls == 0


@pytest.mark.parametrize("wrong, code, sentence", [
    ([described("x"), described("x")], "INVALID_ARGUMENT", "twice"),
    ([described("")], "INVALID_ARGUMENT", "call.id is missing"),
    ([calls_pb2.CallDescription(id="x")], "INVALID_ARGUMENT", "call.agent is missing"),
    ([described("x", agent_user="u" * 65)], "INVALID_ARGUMENT", "call.agent_user"),
    ([described(f"x{n}", n) for n in range(60)], "RESOURCE_EXHAUSTED", "ports"),
    ([calls_pb2.CallDescription(id="x", agent=media("192.0.2.1", 4000),
                                customer=media("192.0.2.20", 5000))],
     "INVALID_ARGUMENT", "appliance itself"),
    ([calls_pb2.CallDescription(id="x", agent=media("2001:db9::9", 4000),
                                customer=media("192.0.2.20", 5000))],
     "FAILED_PRECONDITION", "no route"),
])
def test_a_table_with_a_mistake_is_refused_whole(appliance, wrong, code, sentence):
    api = appliance.api
    load(api, table(MERGE, *[described(f"c{n}", n) for n in range(5)]))
    before = sorted(listed(api), key=lambda call: call.id)
    with pytest.raises(grpc.RpcError) as error:
        load(api, table(REPLACE, described("c0", 70), described("new", 80)), table(REPLACE, *wrong))
    assert code_of(error).name == code, error.value.details()
    assert sentence in error.value.details()
    assert sorted(listed(api), key=lambda call: call.id) == before
    time.sleep(0.1)
    assert api.wait_until_connected().calls == 5


def test_watchers_get_a_snapshot_and_then_every_change(appliance):
    api = appliance.api
    load(api, table(MERGE, *[described(f"c{n}", n) for n in range(40)]))
    stream = api.calls.WatchCalls(calls_pb2.WatchCallsRequest(), timeout=60)
    seen = {}

    def follow(until):
        while not until():
            change = next(stream)
            if change.restart:
                seen.clear()
            seen.update({call.id: call for call in change.calls})
            for call_id in change.gone:
                seen.pop(call_id, None)

    follow(lambda: len(seen) == 40)
    api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="c7"))
    follow(lambda: len(seen) == 39)
    session = api.monitor.Join(monitor_pb2.JoinRequest(
        call_id="c8", mode=LISTEN, media=media(address_of("supervisor"), 6000)))
    follow(lambda: seen["c8"].monitors)
    for mode in (WHISPER, BARGE):
        api.monitor.SwitchMode(monitor_pb2.SwitchModeRequest(session_id=session.id, mode=mode))
        follow(lambda: seen["c8"].monitors[0].mode == mode)
    load(api, table(REPLACE, described("only")))
    follow(lambda: list(seen) == ["only"])
    stream.cancel()


def test_a_watcher_that_does_not_read_slows_nobody_and_sees_the_last_state(appliance):
    api = appliance.api
    load(api, table(MERGE, *[described(f"c{n}", n, tags=["x" * 60] * 10) for n in range(40)]))
    idle = Api(appliance.lab.api_socket)
    stream = idle.calls.WatchCalls(calls_pb2.WatchCallsRequest(), timeout=60)
    session = api.monitor.Join(monitor_pb2.JoinRequest(
        call_id="c8", mode=LISTEN, media=media(address_of("supervisor"), 6000)))
    started = time.monotonic()
    for n in range(3000):
        api.monitor.SwitchMode(monitor_pb2.SwitchModeRequest(
            session_id=session.id, mode=(LISTEN, WHISPER, BARGE)[n % 3]))
    api.monitor.SwitchMode(monitor_pb2.SwitchModeRequest(session_id=session.id, mode=WHISPER))
    assert time.monotonic() - started < 30
    load(api, table(REPLACE, described("c8", 8)))
    last, count = None, 0
    for change in stream:
        count += 1
        for call in change.calls:
            if call.id == "c8":
                last = call
        if "c39" in change.gone or (change.restart and change.current and count > 1):
            break
    assert last.monitors[0].mode == WHISPER
    stream.cancel()
    idle.close()


def test_pages_are_stable_while_calls_come_and_go(appliance):
    api = appliance.api
    load(api, table(MERGE, *[described(f"c{n:02}", n) for n in range(30)]))
    first = api.calls.ListCalls(calls_pb2.ListCallsRequest(page_size=10))
    assert [call.id for call in first.calls] == [f"c{n:02}" for n in range(10)]
    assert first.total == 30
    api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="c03"))
    api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="c10"))
    load(api, table(MERGE, described("late", 40)))
    second = api.calls.ListCalls(calls_pb2.ListCallsRequest(
        page_size=10, page_token=first.next_page_token))
    assert [call.id for call in second.calls] == [f"c{n:02}" for n in range(11, 21)]
    third = api.calls.ListCalls(calls_pb2.ListCallsRequest(
        page_size=100, page_token=second.next_page_token))
    assert [call.id for call in third.calls] == [f"c{n:02}" for n in range(21, 30)] + ["late"]
    assert third.next_page_token == ""
    with pytest.raises(grpc.RpcError) as error:
        api.calls.ListCalls(calls_pb2.ListCallsRequest(page_token="nonsense!"))
    assert code_of(error) == grpc.StatusCode.INVALID_ARGUMENT


# --- what a server owes ---

def test_deadlines_are_kept(appliance):
    with pytest.raises(grpc.RpcError) as error:
        # A stream that would never end by itself.
        for _ in appliance.api.calls.WatchCalls(calls_pb2.WatchCallsRequest(), timeout=0.3):
            pass
    assert code_of(error) == grpc.StatusCode.DEADLINE_EXCEEDED
    appliance.dataplane.kill()
    started = time.monotonic()
    with pytest.raises(grpc.RpcError) as error:
        appliance.api.calls.CreateCall(
            calls_pb2.CreateCallRequest(call=described("slow")), timeout=0.5)
    assert code_of(error) == grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - started < 2
    appliance.dataplane = appliance.lab.start_dataplane()
    appliance.api.wait_until_connected()


def health_messages():
    path = BUILD / "python/health/v1/health_pb2.py"
    spec = importlib.util.spec_from_file_location("health_pb2", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_health_service_answers_as_specified(appliance):
    health = health_messages()
    check = appliance.api.channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health.HealthCheckRequest.SerializeToString,
        response_deserializer=health.HealthCheckResponse.FromString)
    watch = appliance.api.channel.unary_stream(
        "/grpc.health.v1.Health/Watch",
        request_serializer=health.HealthCheckRequest.SerializeToString,
        response_deserializer=health.HealthCheckResponse.FromString)
    for service in ("", "bridgetap.v1.Calls", "bridgetap.v1.Monitor"):
        request = health.HealthCheckRequest(service=service)
        assert check(request).status == health.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as error:
        check(health.HealthCheckRequest(service="nope"))
    assert code_of(error) == grpc.StatusCode.NOT_FOUND
    stream = watch(health.HealthCheckRequest(service="nope"))
    assert next(stream).status == health.HealthCheckResponse.SERVICE_UNKNOWN
    stream.cancel()


def raw(api, path, data, **options):
    """A unary call with bytes of our own."""
    method = api.channel.unary_unary(path, request_serializer=lambda d: d,
                                     response_deserializer=lambda d: d)
    return method(data, timeout=10, metadata=api.metadata(), **options)


@pytest.mark.parametrize("path, data, code", [
    ("/bridgetap.v1.Calls/Dance", b"", "UNIMPLEMENTED"),
    ("/bridgetap.v1.Nothing/GetCall", b"", "UNIMPLEMENTED"),
    ("/nonsense", b"", "UNIMPLEMENTED"),
    ("/bridgetap.v1.Calls/GetCall", b"\xff\xff\xff", "INVALID_ARGUMENT"),
    ("/bridgetap.v1.Calls/GetCall", b"\x0a\x02\xc3\x28", "INVALID_ARGUMENT"),
    ("/bridgetap.v1.Calls/GetCall", b"\x0a\x03a\x00b", "INVALID_ARGUMENT"),
    ("/bridgetap.v1.Calls/GetCall", b"\x0a\x01a" + b"\x12\x00" * 1000, "NOT_FOUND"),
    ("/bridgetap.v1.Calls/GetCall", b"\x0a" + b"\x80" * 20, "INVALID_ARGUMENT"),
    ("/bridgetap.v1.Calls/GetCall", b"x" * (4 * 1024 * 1024 + 1), "RESOURCE_EXHAUSTED"),
    # Two MiB of empty calls, which would unpack to a hundred times that.
    ("/bridgetap.v1.Calls/CreateCall", b"\x0a\x00" * (1 << 20), "INVALID_ARGUMENT"),
], ids=["no such method", "no such service", "no path", "no protobuf", "bad UTF-8", "a NUL",
        "unknown fields", "a varint without end", "oversized", "many fields"])
def test_bad_requests_are_refused_with_a_code_and_a_sentence(appliance, path, data, code):
    with pytest.raises(grpc.RpcError) as error:
        raw(appliance.api, path, data)
    assert code_of(error).name == code, error.value.details()
    assert len(error.value.details()) > 10
    appliance.api.wait_until_connected()


def test_compression_is_refused_by_name(appliance):
    with pytest.raises(grpc.RpcError) as error:
        raw(appliance.api, "/bridgetap.v1.Calls/ListCalls", b"\x12\x80\x01" + b"a" * 128,
            compression=grpc.Compression.Gzip)
    assert code_of(error) == grpc.StatusCode.UNIMPLEMENTED


def test_too_much_metadata_is_refused(appliance):
    method = appliance.api.channel.unary_unary("/bridgetap.v1.Calls/ListCalls")
    with pytest.raises(grpc.RpcError) as error:
        method(b"", timeout=10, metadata=(("x-filler", "y" * 9000),))
    assert code_of(error) == grpc.StatusCode.RESOURCE_EXHAUSTED
    appliance.api.wait_until_connected()


@pytest.mark.parametrize("wrong, field", [
    (calls_pb2.CallDescription(), "call.agent is missing"),
    (described("a b"), "call.id has a space"),
    (described("x" * 129), "call.id has 129 bytes"),
    (described("c", contact_number="x" * 65), "call.contact_number"),
    (described("c", groups=["g"] * 17), "call.groups has 17 entries"),
    (described("c", tags=["t" * 65]), "call.tags"),
    (described("c", tags=["bell\a"]), "control character"),
    (calls_pb2.CallDescription(agent=media("not an address", 1)), "call.agent.remote.address"),
    (calls_pb2.CallDescription(agent=media("192.0.2.10", 0)), "call.agent.remote.port"),
    (calls_pb2.CallDescription(agent=media("192.0.2.10", 70000)), "call.agent.remote.port"),
    (calls_pb2.CallDescription(agent=media("192.0.2.10", 4000, codec=99)), "call.agent.codec"),
    (calls_pb2.CallDescription(agent=media("192.0.2.10", 4000, payload_type=128)), "payload_type"),
    (calls_pb2.CallDescription(agent=media("192.0.2.10", 4000, realm="nowhere"),
                               customer=media("192.0.2.20", 5000)), "call.agent.realm"),
    (calls_pb2.CallDescription(agent=common_pb2.MediaDescription(),
                               customer=media("192.0.2.20", 5000)), "call.agent.remote is missing"),
    *((calls_pb2.CallDescription(agent=media(host, 4000), customer=media("192.0.2.20", 5000)),
       "call.agent.remote is no unicast address")
      for host in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1",
                   "::ffff:192.0.2.10")),
    *((calls_pb2.CallDescription(agent=media(host, 4000), customer=media("192.0.2.20", 5000)),
       "call.agent.remote is an address of the appliance itself")
      for host in ("192.0.2.1", "198.51.100.1", "2001:db8::1")),
    (calls_pb2.CallDescription(agent=media("192.0.2.10", 4000, source=address("224.0.0.1", 4000)),
                               customer=media("192.0.2.20", 5000)),
     "call.agent.source is no unicast address"),
    (calls_pb2.CallDescription(
        agent=media("192.0.2.10", 4000, payload_type=13, comfort_noise=True),
        customer=media("192.0.2.20", 5000)), "call.agent.payload_type 13 is that of comfort noise"),
    (calls_pb2.CallDescription(
        agent=media("192.0.2.10", 4000, codec=common_pb2.CODEC_PCMA,
                    telephone_event_payload_type=8), customer=media("192.0.2.20", 5000)),
     "call.agent.telephone_event_payload_type cannot be 8"),
    (described("c", recording=calls_pb2.RecordingTarget()), "recording: give both"),
    (described("c", direction=7), "call.direction"),
])
def test_a_bad_field_is_named(appliance, wrong, field):
    with pytest.raises(grpc.RpcError) as error:
        appliance.api.calls.CreateCall(calls_pb2.CreateCallRequest(call=wrong))
    assert code_of(error) == grpc.StatusCode.INVALID_ARGUMENT
    assert field in error.value.details()
    assert not listed(appliance.api)


def test_states_that_do_not_fit_are_told(appliance):
    api = appliance.api
    api.calls.CreateCall(calls_pb2.CreateCallRequest(call=described("c")))

    def fails(code, method, request):
        with pytest.raises(grpc.RpcError) as error:
            method(request)
        assert code_of(error).name == code, error.value.details()
    fails("ALREADY_EXISTS", api.calls.CreateCall, calls_pb2.CreateCallRequest(call=described("c")))
    fails("FAILED_PRECONDITION", api.calls.PauseRecording,
          calls_pb2.PauseRecordingRequest(call_id="c"))
    fails("FAILED_PRECONDITION", api.calls.StopRecording,
          calls_pb2.StopRecordingRequest(call_id="c"))
    fails("NOT_FOUND", api.calls.DeleteCall, calls_pb2.DeleteCallRequest(call_id="d"))
    fails("NOT_FOUND", api.monitor.Leave, monitor_pb2.LeaveRequest(session_id="d"))
    fails("NOT_FOUND", api.directory.DeleteUser, directory_pb2.DeleteUserRequest(user_id="d"))
    fails("INVALID_ARGUMENT", api.directory.PutUser, directory_pb2.PutUserRequest())
    fails("INVALID_ARGUMENT", api.directory.PutUser, directory_pb2.PutUserRequest(
        user=directory_pb2.User(id="x", role=9)))


def test_organisations_do_not_see_each_other(appliance):
    other = Api(appliance.lab.api_socket, organisation="rival")
    other.set_up()
    for api in (appliance.api, other):
        api.calls.CreateCall(calls_pb2.CreateCallRequest(call=described(
            "same", 0 if api is other else 1, contact_number=api.organisation)))
    assert [call.contact_number for call in listed(other)] == ["rival"]
    assert [call.contact_number for call in listed(appliance.api)] == ["acme"]
    session = appliance.api.monitor.Join(monitor_pb2.JoinRequest(
        call_id="same", mode=LISTEN, media=media(address_of("supervisor"), 6000)))
    with pytest.raises(grpc.RpcError) as error:
        other.monitor.Leave(monitor_pb2.LeaveRequest(session_id=session.id))
    assert code_of(error) == grpc.StatusCode.NOT_FOUND
    other.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="same"))
    assert len(listed(appliance.api)) == 1
    other.close()


def test_many_clients_at_once(appliance):
    def work(number):
        api = Api(appliance.lab.api_socket)
        for turn in range(20):
            call_id = f"c{number}-{turn}"
            api.calls.CreateCall(calls_pb2.CreateCallRequest(call=described(call_id, number)))
            api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id=call_id))
        api.close()
    with futures.ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(20)))
    assert not listed(appliance.api)
    assert appliance.api.wait_until_connected().calls == 0


def test_clients_that_vanish_leave_nothing_behind(appliance):
    """Connections cut in the middle of everything; then the server is as it was."""
    import socket
    for length in (0, 1, 10, 24, 30, 60):
        client = socket.socket(socket.AF_UNIX)
        client.connect(appliance.lab.api_socket)
        client.sendall((b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0" + b"\xff" * 40)
                       [:length])
        client.close()
    for _ in range(20):
        api = Api(appliance.lab.api_socket)
        stream = api.calls.WatchCalls(calls_pb2.WatchCallsRequest(), timeout=60)
        next(stream)
        api.close()
    for _ in range(5):
        api = Api(appliance.lab.api_socket)
        future = calls_pb2_grpc.CallsStub(api.channel).CreateCall.future(
            calls_pb2.CreateCallRequest(call=described("")), metadata=api.metadata())
        future.cancel()
        api.close()
    assert appliance.api.admin.GetStats(admin_pb2.GetStatsRequest()) is not None


def test_what_streams_is_what_the_protos_say(appliance):
    """protobuf-c's descriptors do not tell; what our programs take it from must equal the files."""
    import subprocess
    from bridgetap.v1 import access_pb2 as x, admin_pb2 as a, calls_pb2 as c
    from bridgetap.v1 import directory_pb2 as d, monitor_pb2 as m
    printed = subprocess.run([BUILD / "bin/bridgetapctl", "methods"], capture_output=True,
                             text=True, check=True).stdout.splitlines()
    expected = set()
    for module in (x, a, c, d, m, health_messages()):
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                line = f"{service.full_name}.{method.name}"
                proto = method.containing_service.file
                raw_method = next(
                    x for s in _file_proto(proto).service if s.name == service.name
                    for x in s.method if x.name == method.name)
                if raw_method.client_streaming:
                    line += "  (takes a stream)"
                if raw_method.server_streaming:
                    line += "  (gives a stream)"
                expected.add(line)
    assert set(printed) == expected


def _file_proto(descriptor):
    from google.protobuf import descriptor_pb2
    proto = descriptor_pb2.FileDescriptorProto()
    descriptor.CopyToProto(proto)
    return proto

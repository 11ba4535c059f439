# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What the data plane's control socket refuses: with a code and a sentence, and nothing changed."""

import socket
import time

import pytest

from dataplane_client import DataplaneClient, endpoint, pb
from lab import RECORDER, address_of


def leg(number, role=pb.ROLE_AGENT, port=20000, host="agent", remote_port=4000, **more):
    fields = {"id": number, "role": role, "realm": "access", "local_port": port, "codec": 1,
              "ssrc": 1000 + number, "remote": endpoint(address_of(host), remote_port)}
    return pb.Leg(**{**fields, **more})


def call(call_id="good", legs=None, **more):
    legs = legs or [leg(1), leg(2, pb.ROLE_CUSTOMER, 20002, "customer", 5000)]
    return pb.Call(id=call_id, legs=legs, **more)


def monitor(number, port, **more):
    return leg(number, pb.ROLE_MONITOR, port, "supervisor", 6000, **{"mode": 1, **more})


def recorder(number=9, **more):
    return leg(number, pb.ROLE_RECORDER, **{
        "realm": "recording", "port": 30000, "remote": endpoint(RECORDER, 7000),
        "records": [pb.ROLE_AGENT], **more})


TWO = [leg(1), leg(2, pb.ROLE_CUSTOMER, 20002, "customer", 5000)]

BAD = {
    "no id": (pb.Call(legs=TWO), "INVALID"),
    "an id of 129 bytes": (call("x" * 129), "INVALID"),
    "no legs": (pb.Call(id="a"), "INVALID"),
    "eleven legs": (call("a", [leg(i, port=20000 + 2 * i) for i in range(11)]), "INVALID"),
    "no role": (call("a", [leg(1, role=0)]), "INVALID"),
    "an unknown role": (call("a", [leg(1, role=5)]), "INVALID"),
    "a negative role": (call("a", [leg(1, role=-1)]), "INVALID"),
    "two agents": (call("a", [leg(1), leg(2, port=20002)]), "INVALID"),
    "two legs of one id": (call("a", [leg(1), leg(1, pb.ROLE_CUSTOMER, 20002)]), "INVALID"),
    "two legs of one port": (call("a", [leg(1), leg(2, pb.ROLE_CUSTOMER)]), "INVALID"),
    "an unknown realm": (call("a", [leg(1, realm="nowhere")]), "INVALID"),
    "a media leg in the recording realm": (
        call("a", [leg(1, realm="recording", port=30000)]), "INVALID"),
    "a recorder in a media realm": (
        call("a", TWO + [recorder(realm="access", port=20010)]), "INVALID"),
    "a recorder that holds the monitor": (
        call("a", TWO + [recorder(records=[pb.ROLE_MONITOR])]), "INVALID"),
    "three recorders": (call("a", TWO + [recorder(9 + i, port=30000 + 2 * i) for i in range(3)]),
                        "INVALID"),
    "an odd port": (call("a", [leg(1, port=20001)]), "INVALID"),
    "a port below the range": (call("a", [leg(1, port=19998)]), "INVALID"),
    "a port above the range": (call("a", [leg(1, port=20200)]), "INVALID"),
    "a port beyond all ports": (call("a", [leg(1, port=1 << 20)]), "INVALID"),
    "no codec": (call("a", [leg(1, codec=0)]), "INVALID"),
    "an unknown codec": (call("a", [leg(1, codec=99)]), "INVALID"),
    "payload type 128": (call("a", [leg(1, payload_type=128)]), "INVALID"),
    "an address of 3 bytes": (
        call("a", [leg(1, remote=pb.Endpoint(address=b"abc", port=4000))]), "INVALID"),
    "a multicast remote": (call("a", [leg(1, remote=endpoint("224.0.0.1", 4000))]), "INVALID"),
    "a loopback remote": (call("a", [leg(1, remote=endpoint("127.0.0.1", 4000))]), "INVALID"),
    "remote port 0": (call("a", [leg(1, remote_port=0)]), "INVALID"),
    "a remote of the other family": (
        call("a", [leg(1, remote=endpoint("2001:db8::10", 4000))]), "INVALID"),
    "the appliance itself as remote": (
        call("a", [leg(1, remote=endpoint("192.0.2.1", 20002))]), "INVALID"),
    "a mode of 0": (call("a", TWO + [monitor(3, 20004, mode=0)]), "INVALID"),
    "a mode of 4": (call("a", TWO + [monitor(3, 20004, mode=4)]), "INVALID"),
    "a second monitor": (call("a", TWO + [monitor(3, 20004), monitor(4, 20006)]), "CALL_FULL"),
    "a context of 4,097 bytes": (call("a", context=b"x" * 4097), "INVALID"),
    "a port of another call": (call("a"), "CONFLICT"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_call_is_refused_and_nothing_changed(dataplane, what):
    dataplane.put(call())
    before = dataplane.snapshot()
    bad, code = BAD[what]
    if code != "CONFLICT":
        for bad_leg in bad.legs:  # not in the way of the good call's ports
            if bad_leg.local_port in (20000, 20002):
                bad_leg.local_port += 100
    result = dataplane.batch(pb.Operation(put_call=call("first", [leg(1, port=20050)])),
                             pb.Operation(put_call=bad))
    assert pb.ErrorCode.Name(result.code) == f"ERROR_CODE_{code}", result.message
    assert result.operation == 1
    assert result.message
    # All or nothing: the good operation in front of it was not applied either.
    assert dataplane.snapshot() == before
    dataplane.put(call("after", [leg(1, port=20050)]))


def test_generations_must_follow_each_other(dataplane):
    dataplane.put(call())
    for generation in (1, 3, 0, 2**64 - 1):
        result = dataplane.batch(pb.Operation(remove_call="good"), generation=generation)
        assert result.code == pb.ERROR_CODE_CONFLICT
    assert [c.id for c in dataplane.snapshot()] == ["good"]
    assert dataplane.remove("good").code == pb.ERROR_CODE_OK
    assert dataplane.snapshot() == []


def test_an_operation_of_no_kind_is_refused(dataplane):
    assert dataplane.batch(pb.Operation()).code == pb.ERROR_CODE_INVALID


def test_removing_what_is_not_there_is_no_error(dataplane):
    assert dataplane.remove("nobody").code == pb.ERROR_CODE_OK


def test_too_many_calls_are_refused(lab):
    process = lab.start_dataplane(calls_max="2")
    client = DataplaneClient(lab.dataplane_socket)
    try:
        for number in range(2):
            client.put(call(f"c{number}", [leg(1, port=20000 + 2 * number)]))
        result = client.batch(pb.Operation(put_call=call("c2", [leg(1, port=20010)])))
        assert result.code == pb.ERROR_CODE_EXHAUSTED
        client.put(call("c1", [leg(1, port=20020)]))  # a change of one that is there
    finally:
        client.close()
        process.stop()


@pytest.mark.parametrize("data", [
    b"\xff" * 100, b"\x12\x05abc", b"\x12\xff\xff\xff\xff\x0f", b"\x00" * 10,
    pb.ToDataplane(batch=pb.Batch(generation=1)).SerializeToString()[:-1],
    b"\x1a\x04\x0a\x02\xc3\x28",  # a SnapshotRequest whose text is not UTF-8
], ids=["all ones", "cut short", "a length of 4 GiB", "zeros", "a truncated batch", "bad UTF-8"])
def test_what_is_no_message_ends_the_connection_and_nothing_else(lab, dataplane, data):
    dataplane.put(call())
    dataplane.send_bytes(data)
    with pytest.raises(ConnectionError):
        dataplane.snapshot()
    other = DataplaneClient(lab.dataplane_socket)
    assert [c.id for c in other.snapshot()] == ["good"]
    assert other.welcome.generation == 1
    other.close()


def test_an_oversized_message_ends_the_connection_and_nothing_else(lab, dataplane):
    dataplane.send_bytes(b"\x12" * (128 * 1024 + 1))
    with pytest.raises(ConnectionError):
        dataplane.snapshot()
    other = DataplaneClient(lab.dataplane_socket)
    assert other.snapshot() == []
    other.close()


def test_a_message_that_unpacks_to_too_much_is_refused(lab, dataplane):
    # 64 Ki empty operations: 128 KiB of wire, many times that of memory.
    bomb = pb.ToDataplane(batch=pb.Batch(generation=1))
    bomb.batch.operations.extend([pb.Operation()] * 60000)
    dataplane.send_bytes(bomb.SerializeToString())
    with pytest.raises(ConnectionError):
        dataplane.snapshot()
    other = DataplaneClient(lab.dataplane_socket)
    assert other.welcome.generation == 0
    other.close()


def test_a_second_control_plane_is_turned_away(lab, dataplane):
    with pytest.raises((ConnectionError, OSError)):
        DataplaneClient(lab.dataplane_socket)
    assert dataplane.snapshot() == []


def test_a_change_of_many_calls_is_one_batch(dataplane):
    def many(first):
        return [pb.Operation(put_call=call(f"c{n}", [leg(1, port=20000 + 2 * n,
                                                         remote_port=first + n)]))
                for n in range(100)]
    assert dataplane.batch(*many(4000)).code == pb.ERROR_CODE_OK
    assert dataplane.batch(*many(6000)).code == pb.ERROR_CODE_OK
    calls = dataplane.snapshot()
    assert sorted(c.legs[0].remote.port for c in calls) == list(range(6000, 6100))
    # In one batch one call's port may pass to another one.
    result = dataplane.batch(pb.Operation(remove_call="c0"),
                             pb.Operation(put_call=call("heir", [leg(1, port=20000)])))
    assert result.code == pb.ERROR_CODE_OK
    assert len(dataplane.snapshot()) == 100


def test_who_does_not_greet_gives_up_the_seat(dataplane, lab):
    dataplane.close()
    began, seated = time.monotonic(), 0
    while seated < 1:  # until it has noticed that the client has gone
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as silent:
            silent.settimeout(10)
            silent.connect(lab.dataplane_socket)
            sat_down = time.monotonic()
            assert silent.recv(1) == b""
            seated = time.monotonic() - sat_down
        assert time.monotonic() - began < 20
    assert 4 < seated < 8
    DataplaneClient(lab.dataplane_socket).close()

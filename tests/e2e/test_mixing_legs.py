# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What is mixed takes its PCM rings from a pool made at start; one that is empty is a refusal."""

import subprocess

import pytest

from api import BARGE, LISTEN, WHISPER
from appliance import set_up_appliance
from bridgetap.v1 import calls_pb2
from conversation import Conversation
from dataplane_client import DataplaneClient, pb
from lab import BUILD
from office import refused
from rtp import steps
from test_bad_batches import call, leg, monitor

# A call that is whispered or barged into keeps two voices for mixing, one listened to one.
LEGS = {LISTEN: 1, WHISPER: 2, BARGE: 2}


@pytest.fixture
def narrow(lab):
    """An appliance for two mixing legs at a time, and a client that is set up."""
    with set_up_appliance(lab, dataplane={"mixing_legs_max": "2"}) as box:
        yield box


def used(box):
    stats = box.api.stats()
    return stats.mixing_legs, stats.mixing_legs_max


def test_a_join_beyond_the_pool_is_refused_and_disturbs_nobody(narrow):
    with Conversation(narrow) as talk, \
            Conversation(narrow, "second", record=False, shift=100) as other:
        talk.join(LISTEN, user="sue")
        assert used(narrow) == (1, 2)
        with refused(status="RESOURCE_EXHAUSTED") as error:
            other.join(BARGE, user="adam")
        assert "1 of 2 mixing legs are in use and this would take 2 more" in error.value.details()
        # Nobody has joined, and nobody has noticed.
        assert used(narrow) == (1, 2)
        listed = narrow.api.calls.GetCall(calls_pb2.GetCallRequest(call_id="second"))
        assert not listed.monitors
        other.assert_heard(None)
        talk.assert_heard(LISTEN)
        for party in (talk.agent, talk.customer, other.agent, other.customer):
            assert steps(party.hears()) == []
        # Nor may the one who is there take more than there is when another has the rest.
        other.join(LISTEN, user="adam")
        assert used(narrow) == (2, 2)
        with refused(status="RESOURCE_EXHAUSTED"):
            talk.switch(BARGE)
        talk.assert_heard(LISTEN)
        # What is given back can be had.
        other.leave()
        talk.switch(BARGE)
        assert used(narrow) == (2, 2)
        talk.assert_heard(BARGE)
        # A change that needs no more is never refused, in a full pool either.
        talk.switch(WHISPER)
        talk.assert_heard(WHISPER)
        talk.leave()
        assert used(narrow) == (0, 2)


def test_the_operator_sees_how_many_are_in_use(narrow):
    with Conversation(narrow) as talk:
        talk.join(WHISPER)
        said = subprocess.run([BUILD / "bin/bridgetapctl", "--socket", narrow.lab.api_socket,
                               "stats"], capture_output=True, text=True, check=True).stdout
        assert "1 calls, 0 of them forwarded in the kernel, 2 of 2 mixing legs" in said


def barged(number, mode=3):
    port = 20000 + 6 * number
    return call(f"c{number}", [leg(1, port=port), leg(2, pb.ROLE_CUSTOMER, port + 2, "customer"),
                               monitor(3, port + 4, mode=mode)])


@pytest.fixture
def full(lab):
    """A data plane on which as many calls are mixed as can be."""
    calls = 30
    process = lab.start_dataplane(mixing_legs_max=str(2 * calls))
    client = DataplaneClient(lab.dataplane_socket)
    assert client.batch(*(pb.Operation(put_call=barged(n)) for n in range(calls))).code == 0
    assert client.stats().mixing_legs == client.stats().mixing_legs_max == 2 * calls
    client.calls = calls
    yield client
    client.close()
    assert process.stop() == 0


def test_all_calls_of_a_full_pool_can_be_changed_in_one_batch(full):
    for mode in (2, 3, 1, 3, 2) * 10:
        result = full.batch(*(pb.Operation(put_call=barged(n, mode)) for n in range(full.calls)))
        assert result.code == pb.ERROR_CODE_OK, result.message
        assert full.stats().mixing_legs == full.calls * LEGS[mode]


def test_batches_that_follow_each_other_closely_wait_for_the_rings_of_those_before(full):
    count = 20
    for number in range(count):
        full.send(batch=pb.Batch(generation=full.generation + 1 + number, operations=[
            pb.Operation(put_call=barged(n, 2 + number % 2)) for n in range(full.calls)]))
    results = [full.receive("batch_result") for _ in range(count)]
    assert [result.code for result in results] == [pb.ERROR_CODE_OK] * count, results
    full.generation += count
    assert full.stats().mixing_legs == 2 * full.calls


def test_a_batch_that_fails_gives_back_what_it_took(full):
    before = sorted(full.snapshot(), key=lambda c: c.id)
    for _ in range(10):
        result = full.batch(*(pb.Operation(put_call=barged(n, 2)) for n in range(full.calls + 1)))
        assert result.code == pb.ERROR_CODE_EXHAUSTED and result.operation == full.calls
        assert "mixing_legs_max" in result.message
    assert sorted(full.snapshot(), key=lambda c: c.id) == before
    assert full.stats().mixing_legs == 2 * full.calls
    # A place that one call gives up in a batch is the next one's.
    result = full.batch(pb.Operation(remove_call="c0"), pb.Operation(put_call=barged(full.calls)))
    assert result.code == pb.ERROR_CODE_OK, result.message


def test_one_call_put_again_and_again_in_a_batch_takes_no_more_than_the_spare_rings(full):
    spare = 2 * full.calls
    again = pb.Operation(put_call=barged(0, 2))
    assert full.batch(*[again] * (spare // 2)).code == pb.ERROR_CODE_OK
    result = full.batch(*[again] * (spare // 2 + 1))
    assert result.code == pb.ERROR_CODE_EXHAUSTED and "spare PCM rings" in result.message
    assert full.batch(*[again] * (spare // 2)).code == pb.ERROR_CODE_OK


def test_a_pool_that_memory_does_not_hold_is_told_at_the_start(lab):
    with pytest.raises(RuntimeError) as error:
        lab.start_dataplane("huge", mixing_legs_max="4000000")
    assert "cannot reserve the PCM rings of 4000000 mixing legs (7829 MiB)" in str(error.value)
    assert 'lower "mixing_legs_max"' in str(error.value)

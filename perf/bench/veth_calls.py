# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Calls of the appliance for the comparison with peers: two parties, or three that hear each
other."""

import concurrent.futures
import time

import api as client
from bridgetap.v1 import calls_pb2, monitor_pb2
from peer_lab import endpoint

CHUNK = 500
JOINS_AT_A_TIME = 16


def connect(lab):
    """A client whose organisation is set up, once the two planes have found each other."""
    api = client.Api(lab.api_socket, timeout=30)
    api.set_up()
    api.wait_until_connected()
    return api


def _described(number):
    return calls_pb2.CallDescription(
        id=f"call{number}", agent_user="ann", agent=client.media(*endpoint("agent", number)),
        customer=client.media(*endpoint("customer", number)))


def _listed(api):
    token, calls = "", {}
    while True:
        page = api.calls.ListCalls(calls_pb2.ListCallsRequest(page_size=1000, page_token=token))
        calls.update((int(call.id[len("call"):]), call) for call in page.calls)
        token = page.next_page_token
        if not token:
            return calls


def _streams(call, number):
    return [(endpoint("agent", number), (call.agent.local.address, call.agent.local.port)),
            (endpoint("customer", number),
             (call.customer.local.address, call.customer.local.port))]


def add_calls(api, count):
    """Streams of calls between an agent and a customer."""
    numbers = range(count)
    api.calls.LoadCallTable(
        calls_pb2.LoadCallTableRequest(calls=map(_described, numbers[first:first + CHUNK]))
        for first in range(0, count, CHUNK))
    calls = _listed(api)
    return [stream for number in numbers for stream in _streams(calls[number], number)]


def _barge(api, number):
    user = f"sue{number}"
    api.put_user(user, client.SUPERVISOR)
    api.log_in(user)
    session = api.as_user(user).monitor.Join(monitor_pb2.JoinRequest(
        call_id=f"call{number}", mode=client.BARGE,
        media=client.media(*endpoint("supervisor", number))))
    return endpoint("supervisor", number), (session.leg.local.address, session.leg.local.port)


def barge_calls(api, streams, count, seconds):
    """Let a supervisor barge into each of the first `count` calls, as far as that is done within
    `seconds`; streams of the calls with three parties, those of the parties among `streams`."""
    three, deadline = [], time.monotonic() + seconds
    with concurrent.futures.ThreadPoolExecutor(JOINS_AT_A_TIME) as pool:
        for first in range(0, count, JOINS_AT_A_TIME):
            if time.monotonic() > deadline:
                break
            some = range(first, min(first + JOINS_AT_A_TIME, count))
            for number, third in zip(some, pool.map(lambda n: _barge(api, n), some)):
                three += [*streams[2 * number:2 * number + 2], third]
    return three

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""A client that runs as another Unix user: as_peer.py BUILD SOCKET UID GID GROUPS, with attempts
on its input, one a line: organisation, user and deed. It prints the status code of each, or what it
found."""

import os
import sys
import threading
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), f"{sys.argv[1]}/python"]

import grpc  # noqa: E402

import api as lib  # noqa: E402
from bridgetap.v1 import (admin_pb2, calls_pb2, directory_pb2, monitor_pb2)  # noqa: E402


def put_user(api):
    api.put_user("new", lib.AGENT)


def verify_audit(api):
    for _ in api.admin.VerifyAudit(admin_pb2.VerifyAuditRequest()):
        pass


def load_nothing(api):
    """A stream that no message is ever sent on."""
    never = threading.Event()
    try:
        api.calls.LoadCallTable(iter(never.wait, True))
    finally:
        never.set()


def end_call(api):
    """Returns for how many legs there were statistics, in the answer and in the event."""
    watched = api.calls.WatchMediaEvents(calls_pb2.WatchMediaEventsRequest())
    next(watched)
    answer = api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="call"))
    event = next(m for m in watched if m.kind == calls_pb2.MEDIA_ENDED)
    return f"{len(answer.legs)}+{len(event.legs)}"


DEEDS = {
    "list": lambda api: api.calls.ListCalls(calls_pb2.ListCallsRequest()),
    "watch": lambda api: next(api.monitor.WatchNotices(monitor_pb2.WatchNoticesRequest())),
    "presence": lambda api: api.directory.GetPresence(
        directory_pb2.GetPresenceRequest(user_id="sue")),
    "put user": put_user,
    "audit": lambda api: api.admin.ListAudit(admin_pb2.ListAuditRequest()),
    "put organisation": lambda api: api.put_organisation(),
    "switch": lambda api: api.admin.SetMonitoring(
        admin_pb2.SetMonitoringRequest(organisation_id=api.organisation, off=False)),
    "verify": verify_audit,
    "end call": end_call,
    "load nothing": load_nothing,
}


def outcome(socket, organisation, user, deed):
    api = lib.Api(socket, organisation).as_user(user)
    try:
        found = DEEDS[deed](api)
        return found if isinstance(found, str) else "OK"
    except grpc.RpcError as error:
        return error.code().name


def main():
    _, _, socket, uid, gid, groups = sys.argv
    # Who the peer is, is settled when it connects.
    os.setgroups([int(group) for group in groups.split(",") if group])
    os.setgid(int(gid))
    os.setuid(int(uid))
    for line in sys.stdin:
        print(outcome(socket, *line.rstrip("\n").split("\t")), flush=True)


main()

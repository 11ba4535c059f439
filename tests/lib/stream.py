# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Server streams that are read by a thread, so that a test can wait for what should come, and can
see that nothing else does."""

import threading
import time

import grpc

from bridgetap.v1 import access_pb2, calls_pb2, monitor_pb2

PATIENCE = 5  # seconds until what should come is missing


class Stream:
    """A context manager; `messages` has all that came so far."""

    def __init__(self, call):
        self._call = call
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self.messages = []
        self.error = None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._call.cancel()
        self._thread.join()

    def _read(self):
        try:
            for message in self._call:
                with self._changed:
                    self.messages.append(message)
                    self.take(message)
                    self._changed.notify_all()
        except grpc.RpcError as error:
            with self._changed:
                self.error = error
                self._changed.notify_all()

    def take(self, message):
        """For whoever makes something of the messages; called in the thread."""

    def wait(self, condition, what="what should come"):
        """Wait until condition() is true, and return what it returns."""
        deadline = time.monotonic() + PATIENCE
        with self._changed:
            while not (found := condition()):
                left = deadline - time.monotonic()
                assert left > 0, f"{what} is missing; there came {self.messages}"
                self._changed.wait(left)
        return found

    def wait_for_end(self):
        """Wait until the server has ended the stream; returns the error."""
        return self.wait(lambda: self.error, "the end")


class Notices(Stream):
    """Monitor.WatchNotices of a user. Entered once the situation is there."""

    def __init__(self, api, user):
        super().__init__(api.as_user(user).monitor.WatchNotices(
            monitor_pb2.WatchNoticesRequest(), timeout=60))
        self._next = 0

    def __enter__(self):
        super().__enter__()
        self.situation = self.wait(lambda: self.messages, "the situation")[0].situation
        self._next = 1
        return self

    def next(self):
        """The next notice, whatever it is, as (name of its kind, notice)."""
        self.wait(lambda: len(self.messages) > self._next, "a notice")
        notice = self.messages[self._next].notice
        self._next += 1
        return monitor_pb2.NoticeKind.Name(notice.kind), notice

    def expect(self, kind, why="NOTICE_WHY_UNSPECIFIED"):
        """The next notice, which must be of this kind, for this why."""
        found, notice = self.next()
        assert found == kind, f"{found} came, not {kind}: {notice}"
        assert monitor_pb2.NoticeWhy.Name(notice.why) == why, notice
        return notice

    def assert_none(self):
        """Nothing more has come, and nothing comes."""
        time.sleep(0.1)
        assert len(self.messages) == self._next, self.messages[self._next:]


class Followed(Stream):
    """A watch of many things: `items` has them by id as they stand. Entered with the first
    snapshot."""

    def __init__(self, call, field, key):
        super().__init__(call)
        self._field, self._key = field, key
        self.items = {}
        self.current = False
        self.viewer = None

    def __enter__(self):
        super().__enter__()
        self.wait(lambda: self.current, "the snapshot")
        return self

    def take(self, message):
        if message.restart:
            self.items.clear()
        for item in getattr(message, self._field):
            self.items[getattr(item, self._key)] = item
        for gone in message.gone:
            self.items.pop(gone, None)
        self.current |= message.current
        if self._field == "calls" and message.HasField("viewer"):
            self.viewer = message.viewer


def watch_calls(api, user="", **filters):
    """Calls.WatchCalls, as a user or as the organisation."""
    service = api.as_user(user).calls
    return Followed(service.WatchCalls(calls_pb2.WatchCallsRequest(
        filter=calls_pb2.CallFilter(**filters)), timeout=60), "calls", "id")


def watch_extensions(api, user="", *ids):
    """Access.WatchExtensions, likewise."""
    service = api.as_user(user).access
    return Followed(service.WatchExtensions(access_pb2.WatchExtensionsRequest(
        extension_ids=ids), timeout=60), "extensions", "extension_id")

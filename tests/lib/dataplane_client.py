# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""A control plane of a few lines: speaks to the data plane's socket as the real one does."""

import ipaddress
import socket

from bridgetap.dataplane.v1 import dataplane_pb2 as pb


def endpoint(address, port):
    return pb.Endpoint(address=ipaddress.ip_address(address).packed, port=port)


class DataplaneClient:
    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(10)
        self._socket.connect(path)
        self.events = []
        self.send(hello=pb.Hello(version=1))
        self.welcome = self.receive("welcome")
        self.generation = self.welcome.generation

    def close(self):
        self._socket.close()

    def send_bytes(self, data):
        self._socket.send(data)

    def send(self, **message):
        self.send_bytes(pb.ToDataplane(**message).SerializeToString())

    def receive(self, kind):
        """The next message of a kind; events that come before it are kept."""
        while True:
            data = self._socket.recv(1 << 20)
            if not data:
                raise ConnectionError("the data plane hung up")
            message = pb.FromDataplane.FromString(data)
            if message.WhichOneof("message") == kind:
                return getattr(message, kind)
            if message.WhichOneof("message") == "event":
                self.events.append(message.event)

    def batch(self, *operations, generation=None):
        """Send a batch and return its result."""
        generation = self.generation + 1 if generation is None else generation
        self.send(batch=pb.Batch(generation=generation, operations=operations))
        result = self.receive("batch_result")
        if result.code == pb.ERROR_CODE_OK:
            self.generation = generation
        return result

    def put(self, call):
        result = self.batch(pb.Operation(put_call=call))
        assert result.code == pb.ERROR_CODE_OK, result.message
        return result

    def remove(self, call_id):
        return self.batch(pb.Operation(remove_call=call_id))

    def snapshot(self, call_id=""):
        self.send(snapshot_request=pb.SnapshotRequest(call_id=call_id))
        calls = []
        while True:
            part = self.receive("snapshot")
            calls.extend(part.calls)
            if not part.more:
                return calls

    def stats(self, call_id=""):
        self.send(stats_request=pb.StatsRequest(tag=7, call_id=call_id))
        return self.receive("stats")

    def counters(self):
        return {c.name: c.value for c in self.stats().counters}

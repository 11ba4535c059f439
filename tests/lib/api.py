# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""A client of the control plane: stock grpcio with the stubs that protoc makes from proto/."""

import time

import grpc

from bridgetap.v1 import (admin_pb2, admin_pb2_grpc, calls_pb2_grpc, common_pb2, directory_pb2,
                          directory_pb2_grpc, monitor_pb2_grpc)

LISTEN, WHISPER, BARGE = (common_pb2.MODE_LISTEN, common_pb2.MODE_WHISPER, common_pb2.MODE_BARGE)


def media(address, port, codec=common_pb2.CODEC_PCMU, **more):
    """A far end that signalling has told of."""
    return common_pb2.MediaDescription(
        remote=common_pb2.MediaAddress(address=address, port=port), codec=codec, **more)


def address(host, port):
    return common_pb2.MediaAddress(address=host, port=port)


def reasons(error):
    """The machine-readable reasons of a refusal, by name."""
    for key, value in error.trailing_metadata():
        if key == "bridgetap-refusal-bin":
            refusal = common_pb2.Refusal.FromString(value)
            return [common_pb2.ReasonCode.Name(reason.code) for reason in refusal.reasons]
    return []


class Api:
    """All services, acting for one organisation and, where that matters, as one user."""

    def __init__(self, socket, organisation="acme", user="sue", timeout=10):
        # Tests kill and restart the server: look for it again at once.
        self.channel = grpc.insecure_channel(f"unix:{socket}", options=(
            ("grpc.use_local_subchannel_pool", 1), ("grpc.initial_reconnect_backoff_ms", 50),
            ("grpc.min_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 100)))
        self.organisation, self.user, self.timeout = organisation, user, timeout
        self.calls = self._service(calls_pb2_grpc.CallsStub)
        self.monitor = self._service(monitor_pb2_grpc.MonitorStub)
        self.directory = self._service(directory_pb2_grpc.DirectoryStub)
        self.admin = self._service(admin_pb2_grpc.AdminStub)

    def close(self):
        self.channel.close()

    def metadata(self):
        return (("bridgetap-organisation", self.organisation), ("bridgetap-user", self.user))

    def _service(self, stub):
        return _Service(self, stub(self.channel))

    def set_up(self):
        """An organisation with an agent, a supervisor and an admin."""
        self.directory.PutOrganisation(directory_pb2.PutOrganisationRequest(
            organisation=directory_pb2.Organisation(id=self.organisation, name="Acme")))
        for user, name, role in (("ann", "Ann Agent", directory_pb2.USER_ROLE_AGENT),
                                 ("sue", "Sue Supervisor", directory_pb2.USER_ROLE_SUPERVISOR),
                                 ("adam", "Adam Admin", directory_pb2.USER_ROLE_ADMIN)):
            self.directory.PutUser(directory_pb2.PutUserRequest(
                user=directory_pb2.User(id=user, name=name, role=role)))

    def wait_until_connected(self, seconds=10):
        """Wait until the two planes have found each other."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.admin.GetStats(admin_pb2.GetStatsRequest())
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def counters(self):
        stats = self.admin.GetStats(admin_pb2.GetStatsRequest())
        return {counter.name: counter.value for counter in stats.counters}


class _Service:
    """A stub whose methods carry the metadata and the timeout."""

    def __init__(self, api, stub):
        self._api, self._stub = api, stub

    def __getattr__(self, name):
        method = getattr(self._stub, name)

        def call(request, timeout=None, **options):
            return method(request, metadata=self._api.metadata(),
                          timeout=timeout or self._api.timeout, **options)
        return call

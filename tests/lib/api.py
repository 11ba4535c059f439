# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""A client of the control plane: stock grpcio with the stubs that protoc makes from proto/."""

import time

import grpc

from bridgetap.v1 import (access_pb2, access_pb2_grpc, admin_pb2, admin_pb2_grpc, calls_pb2_grpc,
                          common_pb2, directory_pb2, directory_pb2_grpc, monitor_pb2_grpc)

LISTEN, WHISPER, BARGE = (common_pb2.MODE_LISTEN, common_pb2.MODE_WHISPER, common_pb2.MODE_BARGE)
ANY_MODE = common_pb2.MODE_UNSPECIFIED
AGENT, SUPERVISOR, ADMIN = (directory_pb2.USER_ROLE_AGENT, directory_pb2.USER_ROLE_SUPERVISOR,
                            directory_pb2.USER_ROLE_ADMIN)


def media(address, port, codec=common_pb2.CODEC_PCMU, **more):
    """A far end that signalling has told of."""
    return common_pb2.MediaDescription(
        remote=common_pb2.MediaAddress(address=address, port=port), codec=codec, **more)


def address(host, port):
    return common_pb2.MediaAddress(address=host, port=port)


def refusal(error):
    """The details of a refusal; None where there are none."""
    for key, value in error.trailing_metadata():
        if key == "bridgetap-refusal-bin":
            return common_pb2.Refusal.FromString(value)
    return None


def names(reasons):
    """The codes of reasons, by name."""
    return [common_pb2.ReasonCode.Name(reason.code) for reason in reasons]


def reasons(error):
    """The machine-readable reasons of a refusal, by name."""
    details = refusal(error)
    return names(details.reasons) if details else []


class Api:
    """All services, acting for one organisation: as itself, but for `monitor`, which acts as
    `user`. `as_user` gives all of them acting as somebody."""

    def __init__(self, socket, organisation="acme", user="sue", timeout=10, channel=None):
        # Tests kill and restart the server: look for it again at once.
        self.channel = channel or grpc.insecure_channel(f"unix:{socket}", options=(
            ("grpc.use_local_subchannel_pool", 1), ("grpc.initial_reconnect_backoff_ms", 50),
            ("grpc.min_reconnect_backoff_ms", 2000), ("grpc.max_reconnect_backoff_ms", 100)))
        self.socket = socket
        self.organisation, self.user, self.timeout = organisation, user, timeout
        self.calls = Service(self, calls_pb2_grpc.CallsStub, "")
        self.directory = Service(self, directory_pb2_grpc.DirectoryStub, "")
        self.access = Service(self, access_pb2_grpc.AccessStub, "")
        self.admin = Service(self, admin_pb2_grpc.AdminStub, "")
        self.monitor = Service(self, monitor_pb2_grpc.MonitorStub, user)

    def close(self):
        self.channel.close()

    def as_user(self, user):
        """The same channel, with `user` in the metadata of every request."""
        api = Api(self.socket, self.organisation, user, self.timeout, self.channel)
        for service in (api.calls, api.directory, api.access, api.admin):
            service.user = user
        return api

    def of(self, organisation):
        """The same channel, for another organisation."""
        return Api(self.socket, organisation, self.user, self.timeout, self.channel)

    def metadata(self, user=""):
        metadata = (("bridgetap-organisation", self.organisation),)
        return metadata + ((("bridgetap-user", user),) if user else ())

    # --- setting up ---

    def put_user(self, user, role, name=None, **more):
        return self.directory.PutUser(directory_pb2.PutUserRequest(user=directory_pb2.User(
            id=user, name=name or user.capitalize(), role=role, **more)))

    def put_extension(self, extension, user, **more):
        return self.directory.PutExtension(directory_pb2.PutExtensionRequest(
            extension=directory_pb2.Extension(id=extension, user=user, **more)))

    def log_in(self, *users, dashboard=True, desktop=True, state=directory_pb2.ONLINE):
        """What the dashboard and the desktop app would say."""
        login = (directory_pb2.LOGGED_OUT, directory_pb2.LOGGED_IN)
        for user in users:
            self.directory.SetPresence(directory_pb2.SetPresenceRequest(
                presence=directory_pb2.Presence(user_id=user, dashboard=login[dashboard],
                                                desktop=login[desktop], state=state)))

    def settings(self, **changes):
        """Save the organisation's settings with these changes."""
        settings = self.access.GetOrganisationSettings(access_pb2.GetOrganisationSettingsRequest())
        for name, value in changes.items():
            setattr(settings, name, value)
        return self.access.SetOrganisationSettings(
            access_pb2.SetOrganisationSettingsRequest(settings=settings))

    def put_organisation(self):
        self.directory.PutOrganisation(directory_pb2.PutOrganisationRequest(
            organisation=directory_pb2.Organisation(id=self.organisation, name="Acme")))

    def set_up(self):
        """An organisation with an agent, a supervisor and an admin, who may all do what their
        roles let them, and are there to do it."""
        self.put_organisation()
        self.settings(consent_accepted=True, supervisors_monitor_by_default=True)
        self.put_user("ann", AGENT, "Ann Agent")
        self.put_user("sue", SUPERVISOR, "Sue Supervisor")
        self.put_user("adam", ADMIN, "Adam Admin")
        self.log_in("ann", "sue", "adam")

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

    def stats(self):
        return self.admin.GetStats(admin_pb2.GetStatsRequest())

    def counters(self):
        return {counter.name: counter.value for counter in self.stats().counters}


class Service:
    """A stub whose methods carry the metadata and the timeout."""

    def __init__(self, api, stub, user):
        self._api, self._stub, self.user = api, stub(api.channel), user

    def __getattr__(self, name):
        method = getattr(self._stub, name)

        def call(request, timeout=None, **options):
            return method(request, metadata=self._api.metadata(self.user),
                          timeout=timeout or self._api.timeout, **options)
        return call

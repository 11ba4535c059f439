# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The people of an organisation, for the tests of who may do what, and how a test says so.

    ann, bob   agents with the extensions 100 and 200; bob may be invited to calls
    amy        an agent with 300, who may not be invited
    sue, sam   supervisors; nora is one without any presence
    adam       an admin
"""

import contextlib
import itertools

import grpc
import pytest

from api import ADMIN, AGENT, SUPERVISOR, Api, media, names, reasons, refusal
from bridgetap.v1 import access_pb2, admin_pb2, calls_pb2, directory_pb2, monitor_pb2
from conversation import Conversation
from lab import address_of

_numbers = itertools.count(1)


@contextlib.contextmanager
def refused(*codes, status=None):
    """What is done within is refused for these reasons, all of them and no others; without any,
    with this status. Each has its sentence."""
    if status is None:
        status = "PERMISSION_DENIED" if "NOT_PERMITTED" in codes else "FAILED_PRECONDITION"
    with pytest.raises(grpc.RpcError) as error:
        yield error
    assert error.value.code().name == status, error.value
    assert len(error.value.details()) > 10
    assert sorted(reasons(error.value)) == sorted(codes), error.value
    if codes:
        assert all(reason.sentence for reason in refusal(error.value).reasons)


def hire(api):
    """Everybody above, logged in and online, with monitoring allowed as far as it goes."""
    api.put_organisation()
    api.settings(consent_accepted=True, supervisors_monitor_by_default=True)
    for user, role in (("ann", AGENT), ("bob", AGENT), ("amy", AGENT), ("sue", SUPERVISOR),
                       ("sam", SUPERVISOR), ("nora", SUPERVISOR), ("adam", ADMIN)):
        api.put_user(user, role, call_monitor_access=user == "bob")
    for extension, user in (("100", "ann"), ("200", "bob"), ("300", "amy")):
        api.put_extension(extension, user)
    api.log_in("ann", "bob", "amy", "sue", "sam", "adam")


class Office:
    """An organisation of its own on an appliance that goes on. A context manager; a `box` of
    Conversation."""

    def __init__(self, appliance):
        self.lab, self.appliance = appliance.lab, appliance
        self.api = Api(self.lab.api_socket, organisation=f"office{next(_numbers)}")
        self._stack = contextlib.ExitStack()
        self._ports = itertools.count()

    def __enter__(self):
        self.api.wait_until_connected()
        hire(self.api)
        return self

    def __exit__(self, *_):
        try:
            self._stack.close()
            for call in self.calls():
                self.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id=call.id))
        finally:
            self.api.close()

    def talk(self, **options):
        """A conversation that lasts until the test is over."""
        return self._stack.enter_context(Conversation(self, **options))

    def anchor(self, call_id, **description):
        """A call of ann's on which nobody speaks."""
        number = next(self._ports)
        return self.api.calls.CreateCall(calls_pb2.CreateCallRequest(
            call=calls_pb2.CallDescription(**{
                "id": call_id, "agent_user": "ann",
                "agent": media(address_of("agent"), 8000 + 2 * number),
                "customer": media(address_of("customer"), 8000 + 2 * number), **description})))

    @contextlib.contextmanager
    def restarted_dataplane(self, **settings):
        """Within, the data plane is another, with these settings."""
        self._restart_dataplane(settings)
        yield
        self._restart_dataplane({})

    def _restart_dataplane(self, settings):
        assert self.appliance.dataplane.stop() == 0
        self.appliance.dataplane = self.lab.start_dataplane(**settings)
        self.api.wait_until_connected()

    def restart_controlplane(self, between=None, **settings):
        """Kill it, do what is to be done while it is dead, and start it again."""
        self.appliance.controlplane.kill()
        if between:
            between()
        self.appliance.controlplane = self.lab.start_controlplane(**settings)
        self.reconnect()
        self.api.wait_until_connected()

    def reconnect(self):
        self.api.close()
        self.api = Api(self.lab.api_socket, self.api.organisation)

    def as_user(self, user):
        return self.api.as_user(user)

    # --- what tests do often ---

    def call(self, call_id="call", user=""):
        return self.as_user(user).calls.GetCall(calls_pb2.GetCallRequest(call_id=call_id))

    def calls(self, user="", **filters):
        return self.as_user(user).calls.ListCalls(calls_pb2.ListCallsRequest(
            page_size=1000, filter=calls_pb2.CallFilter(**filters))).calls

    def check(self, user, call_id="call"):
        """What CheckJoin says, by name."""
        return names(self.as_user(user).monitor.CheckJoin(
            monitor_pb2.CheckJoinRequest(call_id=call_id)).blocked)

    def switch_monitoring(self, off):
        return self.api.admin.SetMonitoring(admin_pb2.SetMonitoringRequest(
            organisation_id=self.api.organisation, off=off))

    def access(self, extension="100", user=""):
        return self.as_user(user).access.GetAccess(
            access_pb2.GetAccessRequest(extension_id=extension))

    def save_access(self, settings, user=""):
        return self.as_user(user).access.SetAccess(
            access_pb2.SetAccessRequest(settings=settings))

    def set_monitoring_access(self, extension="100", **sides):
        """Save the extension's listen/whisper/barge access with these sides."""
        settings = self.access(extension)
        settings.monitoring.CopyFrom(access_pb2.AccessList(**sides))
        return self.save_access(settings)

    def put_role(self, role):
        self.api.directory.PutSecurityRole(directory_pb2.PutSecurityRoleRequest(
            security_role=directory_pb2.SecurityRole(id=role, name=role.capitalize())))

    def consent(self, extension, consented, user=""):
        self.as_user(user).access.SetConsent(access_pb2.SetConsentRequest(
            extension_id=extension, consented=consented))

    def raise_hand(self, user="ann", call_id="call"):
        return self.as_user(user).monitor.RaiseHand(
            monitor_pb2.RaiseHandRequest(call_id=call_id))

    def lower_hand(self, user="ann", call_id="call"):
        self.as_user(user).monitor.LowerHand(monitor_pb2.LowerHandRequest(call_id=call_id))

    def invite(self, guest, mode=0, user="ann", call_id="call"):
        return self.as_user(user).monitor.Invite(monitor_pb2.InviteRequest(
            call_id=call_id, user_id=guest, mode=mode))

    def invitable(self, user="ann", call_id="call"):
        return self.as_user(user).monitor.ListInvitable(
            monitor_pb2.ListInvitableRequest(call_id=call_id)).agents

    def transfer(self, user, **more):
        return self.api.calls.TransferCall(calls_pb2.TransferCallRequest(
            call_id="call", agent_user=user, **more))

    def audit(self, **fields):
        """The records of the organisation that have these values, oldest first."""
        records = self.api.admin.ListAudit(admin_pb2.ListAuditRequest(page_size=1000)).records
        return [record for record in records
                if all(getattr(record, name) == value for name, value in fields.items())]


def verify_audit(api):
    """The last word of VerifyAudit."""
    *_, last = api.admin.VerifyAudit(admin_pb2.VerifyAuditRequest())
    assert last.done
    return last

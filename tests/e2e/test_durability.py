# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What the control plane has acknowledged is there after it was killed; what it has taken away does
not come back."""

import os
import signal
import time
from concurrent import futures

import pytest

from api import ADMIN, AGENT, BARGE, LISTEN, SUPERVISOR, WHISPER
from bridgetap.v1 import access_pb2, directory_pb2
from bridgetap.v1.common_pb2 import ReasonCode
from office import refused, verify_audit
from rtp import steps
from stream import Notices
from test_call_monitor import join


def everything(office):
    """All settings of the organisation."""
    directory = office.api.directory
    extensions = directory.ListExtensions(directory_pb2.ListExtensionsRequest()).extensions
    return [
        [found for found in office.api.of("").directory.ListOrganisations(
            directory_pb2.ListOrganisationsRequest(page_size=1000)).organisations
         if found.id == office.api.organisation],
        office.api.access.GetOrganisationSettings(access_pb2.GetOrganisationSettingsRequest()),
        directory.ListUsers(directory_pb2.ListUsersRequest()),
        directory.ListSecurityRoles(directory_pb2.ListSecurityRolesRequest()),
        directory.ListGroups(directory_pb2.ListGroupsRequest()),
        extensions, [office.access(extension.id) for extension in extensions]]


def save_all_of_an_access_setting(office):
    settings = office.access()
    settings.status.CopyFrom(access_pb2.AccessTier(
        option=access_pb2.LISTED, list=access_pb2.AccessList(included_roles=["quality"])))
    settings.connected_callers.CopyFrom(access_pb2.AccessTier(
        option=access_pb2.NOBODY, list=access_pb2.AccessList(included_users=["sam"])))
    settings.monitoring.CopyFrom(access_pb2.AccessList(
        included_users=["sam"], excluded_users=["sue"], excluded_roles=["quality"]))
    office.save_access(settings)


def load_directory(office):
    office.api.directory.LoadDirectory(iter([directory_pb2.LoadDirectoryRequest(
        users=[directory_pb2.User(id=f"u{n}", name=f"U {n}", role=AGENT) for n in range(50)],
        extensions=[directory_pb2.Extension(id=f"7{n}", user=f"u{n}") for n in range(50)])]))


CHANGES = {
    "a user": lambda office: office.api.put_user(
        "uma", SUPERVISOR, "Umá", security_roles=["quality"]),
    "a toggle": lambda office: office.api.put_user("amy", AGENT, call_monitor_access=True),
    "a user deleted": lambda office: office.api.directory.DeleteUser(
        directory_pb2.DeleteUserRequest(user_id="bob")),
    "a role": lambda office: office.put_role("coaching"),
    "a role deleted": lambda office: office.api.directory.DeleteSecurityRole(
        directory_pb2.DeleteSecurityRoleRequest(security_role_id="quality")),
    "a group": lambda office: office.api.directory.PutGroup(directory_pb2.PutGroupRequest(
        group=directory_pb2.Group(id="sales", name="Sales"))),
    "an extension": lambda office: office.api.put_extension("400", "sam"),
    "an extension deleted": lambda office: office.api.directory.DeleteExtension(
        directory_pb2.DeleteExtensionRequest(extension_id="200")),
    "an access setting": save_all_of_an_access_setting,
    "a consent": lambda office: office.consent("100", True),
    "the organisation's settings": lambda office: office.as_user("adam").settings(
        consent_of_users_required=True, users_edit_own_access=True),
    "the organisation's consent withdrawn": lambda office: office.api.settings(
        consent_accepted=False),
    "the monitoring switch": lambda office: office.switch_monitoring(off=True),
    "a load of the directory": load_directory,
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_acknowledged_change_is_there_after_a_kill(office, change):
    office.put_role("quality")
    before = everything(office)
    CHANGES[change](office)
    os.kill(office.appliance.controlplane.pid, signal.SIGSTOP)  # from here on it writes nothing
    office.restart_controlplane()
    after = everything(office)
    assert after != before
    CHANGES_AFTER.get(change, lambda office: None)(office)
    office.restart_controlplane()
    assert everything(office) == after
    assert verify_audit(office.api).intact


def see_access_setting(office):
    settings = office.access()
    assert settings.version == 1
    assert list(settings.status.list.included_roles) == ["quality"]
    assert settings.connected_callers.option == access_pb2.NOBODY
    assert list(settings.connected_callers.list.included_users) == ["sam"]
    assert list(settings.monitoring.excluded_users) == ["sue"]
    stale = access_pb2.AccessSettings(extension_id="100")
    with refused(status="ABORTED"):
        office.save_access(stale)


def see_switch(office):
    office.anchor("call")
    office.api.log_in("adam")
    assert office.check("adam") == ["ORGANISATION_DISABLED"]


# What is looked at more closely after the first restart.
CHANGES_AFTER = {"an access setting": see_access_setting, "the monitoring switch": see_switch}


def test_of_many_changes_each_acknowledged_one_is_there(office):
    """Killed in the midst of them."""
    acknowledged = []

    def put_roles():
        for n in range(10000):
            try:
                office.put_role(f"role{n:05}")
            except Exception:  # whatever the kill makes of it
                return
            acknowledged.append(f"role{n:05}")
    with futures.ThreadPoolExecutor() as pool:
        done = pool.submit(put_roles)
        deadline = time.monotonic() + 10
        while len(acknowledged) < 50:
            assert not done.done() and time.monotonic() < deadline, acknowledged
            time.sleep(0.001)
        office.appliance.controlplane.kill()
        done.result(20)
    office.restart_controlplane()
    roles = office.api.directory.ListSecurityRoles(
        directory_pb2.ListSecurityRolesRequest(page_size=1000)).security_roles
    there = [role.id for role in roles if role.id.startswith("role")]
    assert there[:len(acknowledged)] == acknowledged
    assert len(there) <= len(acknowledged) + 1
    assert verify_audit(office.api).intact


# --- calls ---

def test_a_hand_its_attendance_and_an_invited_session_survive(office):
    talk = office.talk()
    office.raise_hand()
    office.anchor("quiet", agent_user="amy")
    office.raise_hand("amy", "quiet")
    talk.accept(office.invite("bob", WHISPER).id, "bob")
    talk.assert_heard(WHISPER)
    before = [office.call("call"), office.call("quiet")]
    assert before[0].hand.attended_by == "bob" and before[0].monitors[0].invited
    assert not before[1].hand.attended_by
    office.restart_controlplane()
    assert [office.call("call"), office.call("quiet")] == before
    for party in (talk.agent, talk.customer, talk.recorded_agent, talk.recorded_customer):
        assert steps(party.packets) == []
    with Notices(office.api, "ann") as ann, Notices(office.api, "bob") as bob:
        own, = ann.situation.calls
        assert own.hand == before[0].hand and own.monitors[0].user == "bob"
        assert bob.situation.session == before[0].monitors[0]
        talk.switch(BARGE)
        talk.assert_heard(BARGE)
        ann.expect("MONITOR_SWITCHED")
        # It is an invited session still: the toggle ends it, and the hand goes down.
        office.api.put_user("bob", AGENT)
        talk.assert_silenced_since(time.monotonic())
        ann.expect("MONITOR_LEFT", "RIGHT_LOST")
        ann.expect("HAND_LOWERED", "RIGHT_LOST")
    talk.assert_never_recorded()


def test_nobody_is_logged_in_until_it_is_told_again(office):
    office.anchor("call")
    session = join(office, "sue", LISTEN)
    office.restart_controlplane()
    assert office.check("sam") == ["DASHBOARD_LOGGED_OUT", "DESKTOP_LOGGED_OUT", "NOT_ONLINE",
                                   "CALL_FULL"]
    assert office.call().monitors[0].id == session.id


@pytest.mark.parametrize("take", [
    lambda office: office.set_monitoring_access(excluded_users=["sue"]),
    lambda office: office.switch_monitoring(off=True),
    lambda office: office.api.put_user("sue", AGENT),
    lambda office: office.api.settings(consent_accepted=False),
], ids=["access", "the switch", "the role", "consent"])
def test_a_right_taken_away_just_before_the_kill_does_not_come_back(office, take):
    """The change is stored, and the data plane, which does not answer just then, knows nothing."""
    talk = office.talk()
    talk.join(BARGE, "sue")
    talk.assert_heard(BARGE)
    dataplane = office.appliance.dataplane.pid
    with futures.ThreadPoolExecutor() as pool:
        os.kill(dataplane, signal.SIGSTOP)
        taken = pool.submit(take, office)
        time.sleep(0.2)
        assert not taken.done()
        office.appliance.controlplane.kill()
        os.kill(dataplane, signal.SIGCONT)
        assert taken.exception(10)
    office.restart_controlplane()
    assert not office.call().monitors
    talk.assert_silenced_since(time.monotonic())
    record, = office.audit(action="leave")
    assert (record.call, record.subject) == ("call", "sue") and record.reasons
    office.api.settings(consent_accepted=True)
    office.switch_monitoring(off=False)
    office.api.put_user("sue", ADMIN)
    assert not office.call().monitors


def test_a_right_taken_away_while_the_data_plane_is_out_of_reach_does_not_come_back(office):
    talk = office.talk()
    office.raise_hand()
    talk.join(BARGE, "sue")
    talk.assert_heard(BARGE)

    def take():
        elsewhere = office.lab.start_controlplane(dataplane='"/nowhere.sock"')
        office.reconnect()
        office.set_monitoring_access(excluded_users=["sue"])
        elsewhere.kill()
    office.restart_controlplane(take)
    assert not office.call().monitors and not office.call().HasField("hand")
    record, = office.audit(action="leave")
    assert (record.call, record.subject, record.actor, record.peer_uid) == ("call", "sue", "", -1)
    assert [ReasonCode.Name(reason) for reason in record.reasons] == ["NOT_PERMITTED"]
    deadline = time.monotonic() + 2
    while talk.supervisor.since(time.monotonic() - 0.1):
        assert time.monotonic() < deadline, "the supervisor is still heard, or hears"
        time.sleep(0.02)
    talk.assert_silenced_since(time.monotonic())

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Extension monitoring access, row by row (M15 to M22)."""

import time
from concurrent import futures

import grpc
import pytest

from api import ADMIN, AGENT, BARGE, SUPERVISOR, WHISPER, names
from bridgetap.v1 import access_pb2, admin_pb2, calls_pb2, directory_pb2
from office import refused
from stream import Notices, watch_extensions
from test_call_monitor import join

EVERYONE, NOBODY, LISTED = access_pb2.EVERYONE, access_pb2.NOBODY, access_pb2.LISTED
UNSEEN, AVAILABLE, UNAVAILABLE, BUSY, AWAY, DND, CUSTOM = range(7)


def tier(option, **sides):
    return access_pb2.AccessTier(option=option, list=access_pb2.AccessList(**sides))


def set_tiers(office, status, callers, extension="100"):
    settings = office.access(extension)
    settings.status.CopyFrom(status)
    settings.connected_callers.CopyFrom(callers)
    return office.save_access(settings)


def sees(office, viewer, extension="100"):
    """What a viewer has of an extension: its state, and who is connected."""
    with watch_extensions(office.api, viewer, extension) as extensions:
        status = extensions.items[extension]
        return status.state, list(status.connected_callers)


def set_text(office, user, text):
    office.api.directory.SetPresence(directory_pb2.SetPresenceRequest(
        presence=directory_pb2.Presence(user_id=user,
                                        status_text=directory_pb2.StatusText(text=text))))


# --- M15 ---

def test_m15_an_extension_shows_its_status_and_the_connected_caller(office):
    with watch_extensions(office.api, "sue") as extensions:
        shown = extensions.items["100"]
        assert (shown.user, shown.user_name, shown.state) == ("ann", "Ann", AVAILABLE)

        def becomes(state, callers=(), text=""):
            extensions.wait(lambda: (extensions.items["100"].state == state and
                                     list(extensions.items["100"].connected_callers) ==
                                     list(callers) and extensions.items["100"].text == text))
        for presence, state in ((directory_pb2.OFFLINE, UNAVAILABLE), (directory_pb2.AWAY, AWAY),
                                (directory_pb2.DO_NOT_DISTURB, DND),
                                (directory_pb2.ONLINE, AVAILABLE)):
            office.api.log_in("ann", state=presence)
            becomes(state)
        set_text(office, "ann", "At the dentist's")
        becomes(CUSTOM, text="At the dentist's")
        office.anchor("call", contact_number="+4930555")
        becomes(CUSTOM, ["+4930555"], "At the dentist's")
        set_text(office, "ann", "")
        becomes(BUSY, ["+4930555"])
        office.transfer("bob")
        becomes(AVAILABLE)
        extensions.wait(lambda: list(extensions.items["200"].connected_callers) == ["+4930555"])
        office.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="call"))
        extensions.wait(lambda: extensions.items["200"].state == AVAILABLE)


# --- M16 ---

SEEN, HIDDEN, WHOLE = (BUSY, []), (UNSEEN, []), (BUSY, ["+4930555"])


@pytest.mark.parametrize("status, callers, viewers", [
    (None, None, {"bob": WHOLE, "sue": WHOLE, "adam": WHOLE}),
    (tier(EVERYONE), tier(NOBODY), {"bob": SEEN, "sue": SEEN, "adam": SEEN}),
    (tier(NOBODY), tier(NOBODY), {"bob": HIDDEN, "sue": HIDDEN, "adam": HIDDEN}),
    (tier(NOBODY), tier(EVERYONE), {"bob": WHOLE, "sue": WHOLE}),
    (tier(LISTED, included_users=["bob"]), tier(NOBODY), {"bob": SEEN, "amy": HIDDEN}),
    (tier(LISTED, included_roles=["supervisor"]), tier(LISTED, included_users=["sam"]),
     {"sue": SEEN, "sam": WHOLE, "adam": HIDDEN}),
    (tier(LISTED, included_roles=["quality"]), tier(NOBODY), {"amy": SEEN, "bob": HIDDEN}),
    (tier(LISTED, included_roles=["agent"], excluded_users=["bob"]), tier(NOBODY),
     {"amy": SEEN, "bob": HIDDEN}),
    (tier(LISTED, included_users=["amy"], excluded_roles=["quality"]), tier(NOBODY),
     {"amy": HIDDEN}),
    (tier(LISTED), tier(LISTED), {"sue": HIDDEN}),
    (tier(NOBODY, included_users=["bob"]), tier(NOBODY), {"bob": HIDDEN}),
], ids=["by default", "status for everyone", "nothing for anybody", "callers for everyone",
        "a user", "a role, and a user more", "a security role", "a user is excluded",
        "a role is excluded", "an empty list", "a list without effect"])
def test_m16_status_and_connected_callers_are_for_whom_the_setting_says(
        office, status, callers, viewers):
    office.put_role("quality")
    office.api.put_user("amy", AGENT, security_roles=["quality"])
    office.anchor("call", contact_number="+4930555")
    if status:
        set_tiers(office, status, callers)
    for viewer, expected in viewers.items():
        assert sees(office, viewer) == expected, viewer
    # The extension's user and the organisation itself always see all.
    for viewer in ("ann", ""):
        assert sees(office, viewer) == WHOLE


def test_m16_a_custom_text_and_its_caller_are_hidden_likewise_and_at_once(office):
    office.anchor("call", contact_number="+4930555")
    set_text(office, "ann", "secret")
    with watch_extensions(office.api, "bob") as extensions:
        assert extensions.items["100"].text == "secret"
        set_tiers(office, tier(NOBODY), tier(NOBODY))
        extensions.wait(lambda: extensions.items["100"].state == UNSEEN)
        shown = extensions.items["100"]
        assert not shown.text and not shown.connected_callers and shown.user_name == "Ann"
        set_tiers(office, tier(LISTED, included_users=["bob"]), tier(NOBODY))
        extensions.wait(lambda: extensions.items["100"].state == CUSTOM)
        assert not extensions.items["100"].connected_callers


# --- M17 ---

@pytest.mark.parametrize("default, sides, may, may_not", [
    (False, {}, ["adam"], ["sue", "sam"]),
    (True, {}, ["adam", "sue", "sam"], []),
    (False, {"included_users": ["sue"]}, ["adam", "sue"], ["sam"]),
    (False, {"included_roles": ["quality"]}, ["adam", "sam"], ["sue"]),
    (False, {"included_roles": ["supervisor"], "excluded_users": ["sam"]}, ["sue"], ["sam"]),
    (True, {"excluded_users": ["sue"]}, ["sam", "adam"], ["sue"]),
    (True, {"excluded_roles": ["quality"], "included_users": ["sam"]}, ["sue"], ["sam"]),
    (True, {"excluded_roles": ["admin"]}, ["sue"], ["adam"]),
    (True, {"included_users": ["bob"], "included_roles": ["agent"]}, ["sue"], ["bob", "amy"]),
], ids=["admins only", "supervisors too", "a user", "a security role", "a role but for one",
        "all but for one", "excluded wins", "admins out", "no list makes a supervisor"])
def test_m17_who_may_monitor_an_extension(office, default, sides, may, may_not):
    office.put_role("quality")
    office.api.put_user("sam", SUPERVISOR, security_roles=["quality"])
    office.api.settings(supervisors_monitor_by_default=default)
    office.set_monitoring_access(**sides)
    office.anchor("call")
    for user in may:
        assert office.check(user) == [], user
    for user in may_not:
        assert office.check(user) == ["NOT_PERMITTED"], user
        with refused("NOT_PERMITTED"):
            join(office, user)
    assert join(office, may[0]).user == may[0]


def test_m17_the_default_is_admins_only(office):
    fresh = office.api.of(f"{office.api.organisation}-fresh")
    fresh.put_organisation()
    settings = fresh.access.GetOrganisationSettings(access_pb2.GetOrganisationSettingsRequest())
    assert not settings.supervisors_monitor_by_default
    assert office.access().monitoring == access_pb2.AccessList()


def test_m17_a_right_that_is_lost_in_mid_barge_is_lost_in_the_media_at_once(office):
    talk = office.talk()
    talk.join(BARGE)
    talk.assert_heard(BARGE)
    with Notices(office.api, "sue") as sue:
        office.set_monitoring_access(excluded_users=["sue"])
        talk.assert_silenced_since(time.monotonic())
        assert names(sue.expect("SESSION_ENDED", "RIGHT_LOST").reasons) == ["NOT_PERMITTED"]


# --- M18 ---

def test_m18_adding_and_removing_move_an_entry_from_side_to_side(office):
    office.anchor("call")
    office.set_monitoring_access(excluded_users=["sue"])
    assert office.check("sue") == ["NOT_PERMITTED"]
    office.set_monitoring_access(included_users=["sue"])
    assert office.check("sue") == []
    assert list(office.access().monitoring.included_users) == ["sue"]
    with refused(status="INVALID_ARGUMENT") as error:
        office.set_monitoring_access(included_users=["sue"], excluded_users=["sue"])
    assert "access.monitoring" in error.value.details()
    with refused(status="INVALID_ARGUMENT"):
        office.set_monitoring_access(included_users=["nobody"])
    with refused(status="INVALID_ARGUMENT"):
        office.set_monitoring_access(included_roles=["nothing"])
    assert list(office.access().monitoring.included_users) == ["sue"]


def test_m18_a_save_that_raced_another_is_refused_and_not_merged(office):
    first, second = office.access(), office.access()
    first.monitoring.excluded_users.append("sue")
    second.monitoring.excluded_users.append("sam")
    saved = office.save_access(first)
    assert saved.version == first.version + 1
    with refused(status="ABORTED"):
        office.save_access(second)
    assert office.access() == saved
    settings = office.api.settings()
    with refused(status="ABORTED"):
        settings.version -= 1
        office.api.access.SetOrganisationSettings(
            access_pb2.SetOrganisationSettingsRequest(settings=settings))


def test_m18_of_many_who_save_at_once_one_does(office):
    settings = office.access()

    def save(user):
        mine = access_pb2.AccessSettings.FromString(settings.SerializeToString())
        mine.monitoring.excluded_users.append(user)
        try:
            return office.save_access(mine).version
        except grpc.RpcError as error:
            return error.code().name
    with futures.ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(save, ["sue", "sam", "nora", "amy", "bob"]))
    assert outcomes.count("ABORTED") == 4
    assert len(office.access().monitoring.excluded_users) == 1


# --- M19 ---

def test_m19_a_user_edits_their_own_where_the_organisation_allows_it(office):
    with refused("NOT_PERMITTED"):
        office.access(user="ann")
    settings = office.access()
    settings.monitoring.excluded_users.append("sue")
    with refused("NOT_PERMITTED"):
        office.save_access(settings, "ann")
    office.api.settings(users_edit_own_access=True)
    assert office.save_access(office.access(user="ann"), "ann").version == settings.version + 1
    for other in ("bob", "sue"):
        with refused("NOT_PERMITTED"):
            office.access(user=other)
        with refused("NOT_PERMITTED"):
            office.save_access(office.access(), other)
    with refused("NOT_PERMITTED"):
        office.as_user("ann").access.SetOrganisationSettings(
            access_pb2.SetOrganisationSettingsRequest(settings=office.api.settings()))


def test_m19_an_administrator_edits_any(office):
    for extension in ("100", "200", "300"):
        version = office.save_access(office.access(extension, "adam"), "adam").version
        assert office.access(extension).version == version
    records = office.audit(action="access_set", actor="adam")
    assert [record.subject for record in records] == ["100", "200", "300"]


# --- M20 ---

def test_m20_a_security_role_is_defined_once_and_used_by_every_setting(office):
    office.put_role("quality")
    office.api.settings(supervisors_monitor_by_default=False)
    office.anchor("call", contact_number="+4930555")
    settings = set_tiers(office, tier(LISTED, included_roles=["quality"]),
                         tier(LISTED, included_roles=["quality"]))
    settings.monitoring.included_roles.append("quality")
    version = office.save_access(settings).version
    assert (sees(office, "sue"), office.check("sue")) == (HIDDEN, ["NOT_PERMITTED"])
    office.api.put_user("sue", SUPERVISOR, security_roles=["quality"])
    assert (sees(office, "sue"), office.check("sue")) == (WHOLE, [])
    office.api.directory.DeleteSecurityRole(
        directory_pb2.DeleteSecurityRoleRequest(security_role_id="quality"))
    assert (sees(office, "sue"), office.check("sue")) == (HIDDEN, ["NOT_PERMITTED"])
    # A role of the same name is another one.
    office.put_role("quality")
    office.api.put_user("sam", SUPERVISOR, security_roles=["quality"])
    assert sees(office, "sam") == HIDDEN
    after = office.access()
    assert after.version > version and not after.monitoring.included_roles


@pytest.mark.parametrize("role", ["agent", "supervisor", "admin"])
def test_m20_the_roles_of_the_product_are_always_there(office, role):
    office.set_monitoring_access(excluded_roles=[role])
    with refused(status="INVALID_ARGUMENT"):
        office.put_role(role)
    with refused(status="INVALID_ARGUMENT"):
        office.api.put_user("amy", AGENT, security_roles=["supervisor"])


# --- M21 ---

def test_m21_the_switch_in_mid_barge_silences_in_the_next_packets(office):
    talk = office.talk()
    talk.join(BARGE, "adam")
    talk.assert_heard(BARGE)
    with Notices(office.api, "adam") as adam:
        assert office.switch_monitoring(off=True).ended == 1
        talk.assert_silenced_since(time.monotonic())
        ended = adam.expect("SESSION_ENDED", "RIGHT_LOST")
        assert names(ended.reasons) == ["ORGANISATION_DISABLED"]
    talk.assert_heard(None)
    for user in ("adam", "sue"):
        assert office.check(user) == ["ORGANISATION_DISABLED"]
        with refused("ORGANISATION_DISABLED"):
            talk.join(WHISPER, user)
    with refused("ORGANISATION_DISABLED"):
        office.invite("bob")
    assert office.switch_monitoring(off=False).ended == 0
    talk.join(WHISPER, "sue")
    talk.assert_heard(WHISPER)
    talk.assert_never_recorded()
    assert [(record.detail, record.peer_uid) for record in
            office.audit(action="monitoring_switch")] == [("off", 0), ("on", 0)]


def test_m21_the_organisation_cannot_set_it(office):
    office.switch_monitoring(off=True)
    with refused("NOT_PERMITTED"):
        office.as_user("adam").admin.SetMonitoring(admin_pb2.SetMonitoringRequest(
            organisation_id=office.api.organisation, off=False))
    office.api.put_organisation()  # whose monitoring_off is read only
    office.anchor("call")
    assert office.check("adam") == ["ORGANISATION_DISABLED"]


# --- M22 ---

def test_m22_without_recorded_consent_there_is_no_monitoring(office):
    office.anchor("call")
    for user in ("sue", "adam"):
        office.api.settings(consent_accepted=False)
        assert office.check(user) == ["CONSENT_MISSING"]
        with refused("CONSENT_MISSING"):
            join(office, user)
    before = 1000 * time.time()
    settings = office.as_user("adam").settings(consent_accepted=True)
    assert settings.consent_accepted_by == "adam"
    assert before - 1 <= settings.consent_accepted_ms <= 1000 * time.time() + 1
    # Who it was stays, whoever saves after that.
    settings.consent_accepted_by = "mallory"
    settings = office.api.access.SetOrganisationSettings(
        access_pb2.SetOrganisationSettingsRequest(settings=settings))
    assert settings.consent_accepted_by == "adam"
    assert join(office, "sue").user == "sue"


def test_m22_an_organisation_may_ask_for_each_users_consent(office):
    office.anchor("call")
    office.anchor("extensionless", agent_user="nora")
    office.api.settings(consent_of_users_required=True)
    for call_id in ("call", "extensionless"):
        assert office.check("sue", call_id) == ["CONSENT_MISSING"]
    with refused("CONSENT_MISSING"):
        join(office, "sue")
    for other in ("bob", "sue"):
        with refused("NOT_PERMITTED"):
            office.consent("100", True, other)
    office.consent("100", True, "ann")
    assert office.check("sue") == []
    office.consent("100", False, "adam")
    assert office.check("sue") == ["CONSENT_MISSING"]
    assert [(record.actor, record.subject, record.detail) for record in
            office.audit(action="consent_set")] == [("ann", "100", "given"),
                                                    ("adam", "100", "withdrawn")]


def test_m22_consent_is_a_persons_and_goes_with_them(office):
    office.api.settings(consent_of_users_required=True)
    office.consent("100", True, "ann")
    office.api.directory.DeleteUser(directory_pb2.DeleteUserRequest(user_id="ann"))
    office.api.put_user("ann", ADMIN)
    office.api.put_extension("100", "ann")
    office.anchor("call")
    assert office.check("sue") == ["CONSENT_MISSING"]

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Which Unix users may act, and as whom: the setting "peers"."""

import os
import shutil
import subprocess
import sys
import time

import pytest

from api import Api, media
from appliance import set_up_appliance
from bridgetap.v1 import admin_pb2, calls_pb2
from bridgetap.v1.common_pb2 import ReasonCode
from lab import BUILD, ROOT, address_of

NOBODY, GROUP = 65534, 4242
ALL = ("list", "watch", "presence", "put user", "audit", "put organisation", "switch", "verify")
ROOT_RULE = '{ user = 0; may = "operator"; }'


def attempt(lab, *attempts, uid=NOBODY, gid=NOBODY, groups=()):
    """The status codes of attempts, each (organisation, user, deed), by another Unix user."""
    done = subprocess.run(
        [sys.executable, "-B", ROOT / "tests/lib/as_peer.py", BUILD, lab.api_socket, str(uid),
         str(gid), ",".join(map(str, groups))],
        input="".join("\t".join(one) + "\n" for one in attempts), capture_output=True, text=True,
        timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture
def serve(lab):
    """Start a control plane with rules of peers (None: without the setting); returns a client of
    root's for acme. `globex` is there, too, with the same people."""
    os.chmod(lab.path, 0o711)
    started = []

    def start(*rules, **more):
        if rules:
            more["peers"] = f"( {', '.join(rules)} )"
        process = lab.start_controlplane(listen_mode='"0666"', **more)
        started.append(process)
        return Api(lab.api_socket)
    for suffix in ("", "-wal", "-shm"):
        (lab.path / f"controlplane.db{suffix}").unlink(missing_ok=True)
    api = start()
    for organisation in ("acme", "globex"):
        api.of(organisation).set_up()
    api.close()
    started.pop().stop()
    yield start
    for process in started:
        assert process.stop() == 0


def may(lab, organisation, user, **who):
    """What of ALL can be done: the names, joined by commas."""
    codes = attempt(lab, *((organisation, user, deed) for deed in ALL), **who)
    assert set(codes) <= {"OK", "PERMISSION_DENIED", "INVALID_ARGUMENT"}, codes
    return [deed for deed, code in zip(ALL, codes) if code == "OK"]


def test_by_default_nobody_acts_but_root(lab, serve):
    serve()
    everything = attempt(lab, *((organisation, user, deed) for deed in ALL
                                for organisation in ("acme", "nowhere") for user in ("", "sue")))
    # Not even what there is can be learned.
    assert set(everything) == {"PERMISSION_DENIED"}
    assert may(lab, "acme", "", uid=0, gid=0) == [deed for deed in ALL if deed != "watch"]


def test_who_may_do_nothing_is_told_before_sending_anything(lab, serve):
    """A message that is never sent whole would be kept as long as its stream is open."""
    serve()
    started = time.monotonic()
    assert attempt(lab, ("acme", "", "load nothing")) == ["PERMISSION_DENIED"]
    assert time.monotonic() - started < 5


def test_by_default_the_control_planes_own_user_acts(lab, serve, tmp_path):
    public = lab.path / "public"
    public.mkdir(mode=0o755, exist_ok=True)
    shutil.copy(BUILD / "bin/bridgetap-controlplane", public / "controlplane")
    wrapper = public / "as-nobody"
    wrapper.write_text(f'#!/bin/sh\nexec setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups '
                       f'{public}/controlplane "$@"\n')
    wrapper.chmod(0o755)
    here = public / "there"
    here.mkdir(exist_ok=True)
    os.chown(here, NOBODY, NOBODY)
    os.chmod(lab.path, 0o755)
    lab.start_controlplane(binary=wrapper, listen=f'"{here}/api.sock"', store=f'"{here}/db"')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(lab), "api_socket", f"{here}/api.sock")
        assert attempt(lab, ("acme", "", "put organisation"), ("acme", "", "put user")) == \
            ["OK", "OK"]
        # The socket's own mode lets its group connect, and nobody else.
        for gid, code in ((NOBODY, "PERMISSION_DENIED"), (NOBODY - 1, "UNAVAILABLE")):
            assert attempt(lab, ("acme", "", "list"), uid=NOBODY - 1, gid=gid) == [code]
        assert attempt(lab, ("acme", "", "list"), uid=0) == ["OK"]


def test_a_peer_at_the_level_of_a_user_acts_as_a_user_only(lab, serve):
    serve(ROOT_RULE, f'{{ user = {NOBODY}; may = "user"; organisations = [ "acme" ]; }}')
    assert may(lab, "acme", "sue") == ["list", "watch", "presence"]
    # As an admin of the organisation, what an admin may do.
    assert may(lab, "acme", "adam") == ["list", "watch", "presence", "put user", "audit"]
    assert may(lab, "acme", "") == []
    assert may(lab, "globex", "sue") == []
    assert may(lab, "", "sue") == []


def test_it_can_be_limited_to_certain_users(lab, serve):
    serve(ROOT_RULE, f'{{ user = {NOBODY}; may = "user"; organisations = [ "acme" ];'
                     '   as_users = [ "sue", "ann" ]; }')
    assert may(lab, "acme", "sue") == ["list", "watch", "presence"]
    assert may(lab, "acme", "ann") == ["watch"]
    for user in ("adam", "", "nosuch"):
        assert may(lab, "acme", user) == []


def test_a_peer_at_the_level_of_an_organisation_is_no_operator(lab, serve):
    serve(ROOT_RULE, '{ user = "nobody"; may = "organisation"; organisations = [ "acme" ]; }')
    assert may(lab, "acme", "") == ["list", "presence", "put user", "audit"]
    assert may(lab, "acme", "sue") == ["list", "watch", "presence"]
    assert may(lab, "globex", "") == [] and may(lab, "", "") == []


def test_an_operator_acts_everywhere(lab, serve):
    serve(f'{{ user = {NOBODY}; may = "operator"; }}')
    for organisation in ("acme", "globex"):
        assert may(lab, organisation, "") == [deed for deed in ALL if deed != "watch"]
    assert attempt(lab, ("", "", "audit"), ("fresh", "", "put organisation")) == ["OK", "OK"]
    # Whoever is not named, not even root, may do nothing.
    assert may(lab, "acme", "", uid=0, gid=0) == []


@pytest.mark.parametrize("level, legs", [("organisation", "0+0"), ("operator", "2+2")])
def test_the_last_statistics_of_a_call_are_for_the_operator(lab, level, legs):
    os.chmod(lab.path, 0o711)
    rule = f'{{ user = "nobody"; may = "{level}"; organisations = [ "acme" ]; }}'
    with set_up_appliance(lab, listen_mode='"0666"', peers=f"( {ROOT_RULE}, {rule} )") as box:
        box.api.calls.CreateCall(calls_pb2.CreateCallRequest(call=calls_pb2.CallDescription(
            id="call", agent=media(address_of("agent"), 4000),
            customer=media(address_of("customer"), 5000))))
        assert attempt(lab, ("acme", "", "end call")) == [legs]


def test_a_rule_of_a_group_holds_for_its_members(lab, serve):
    serve(ROOT_RULE, f'{{ group = {GROUP}; may = "organisation"; organisations = [ "acme" ]; }}')
    expected = ["list", "presence", "put user", "audit"]
    assert may(lab, "acme", "", groups=(7, GROUP, 8)) == expected
    assert may(lab, "acme", "", gid=GROUP) == expected
    assert may(lab, "acme", "", groups=(7, 8)) == []
    assert may(lab, "acme", "", uid=GROUP) == []


def test_of_several_rules_the_most_holds_each_in_its_organisation(lab, serve):
    serve(ROOT_RULE,
          f'{{ user = {NOBODY}; may = "user"; organisations = [ "globex", "acme" ]; }}',
          f'{{ group = {GROUP}; may = "organisation"; organisations = [ "globex" ]; }}')
    who = {"groups": (GROUP,)}
    assert may(lab, "globex", "", **who) == ["list", "presence", "put user", "audit"]
    assert may(lab, "acme", "", **who) == []
    assert may(lab, "acme", "sue", **who) == ["list", "watch", "presence"]


def test_the_audit_names_the_peer_and_is_not_filled_by_strangers(lab, serve):
    api = serve(ROOT_RULE, f'{{ user = {NOBODY}; may = "user"; organisations = [ "acme" ]; }}')

    def records():
        return api.of("").admin.ListAudit(admin_pb2.ListAuditRequest(page_size=1000)).records
    before = len(records())
    attempt(lab, *[("acme", "sue", "put user")] * 20, uid=NOBODY - 1)
    assert len(records()) == before
    attempt(lab, ("acme", "sue", "put user"), ("acme", "adam", "put user"))
    refused, put = records()[before:]
    assert (refused.action, refused.actor, refused.peer_uid) == ("refused", "sue", NOBODY)
    assert [ReasonCode.Name(reason) for reason in refused.reasons] == ["NOT_PERMITTED"]
    assert (put.action, put.actor, put.peer_uid) == ("user_put", "adam", NOBODY)
    api.close()

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The command line: a whole call by hand, and what people see when something is wrong."""

import functools
import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

from api import BARGE, WHISPER
from conversation import LOUDNESS, Conversation
from lab import BUILD, address_of, held


@pytest.fixture
def ctl(appliance):
    """Run bridgetapctl as Sue of Acme; a finished process."""
    def run(*argv, stdin=None, **environment):
        return subprocess.run(
            [BUILD / "bin/bridgetapctl", *argv], input=stdin, capture_output=True, text=True,
            timeout=20, env={**os.environ, "BRIDGETAP_SOCKET": appliance.lab.api_socket,
                             "BRIDGETAP_ORGANISATION": "acme", "BRIDGETAP_USER": "sue",
                             **environment})
    return run


def offline(*argv, stdin=None):
    """Run bridgetapctl where there is no control plane."""
    return subprocess.run([BUILD / "bin/bridgetapctl", "--socket", "/nope", *argv], input=stdin,
                          capture_output=True, text=True, timeout=20)


def ok(done):
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_happens_in_the_media_is_shown_and_how_a_call_was_at_last(appliance, ctl):
    watching = subprocess.Popen(
        [BUILD / "bin/bridgetapctl", "--socket", appliance.lab.api_socket, "media"],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "BRIDGETAP_ORGANISATION": "acme"})
    try:
        time.sleep(0.5)
        with Conversation(appliance, record=False) as talk:
            time.sleep(0.5)
            ended = ok(ctl("end", talk.id, BRIDGETAP_USER="")).splitlines()
            assert ended[0] == "ended" and ended[1].startswith("LEG")
            assert [line.split()[:2] for line in ended[2:]] == [
                ["agent", "flows"], ["customer", "flows"]]
        time.sleep(0.2)
    finally:
        watching.send_signal(signal.SIGINT)
    shown = watching.communicate(timeout=5)[0].splitlines()
    assert any(line.endswith(f"  call call: agent: first-packet {address_of('agent')}:4000")
               for line in shown), shown
    assert any(line.endswith("  call call: ended (by-request)") for line in shown), shown
    assert shown[-2].startswith("agent") and shown[-1].startswith("customer"), shown


def test_a_supervisors_day(appliance, ctl):
    with Conversation(appliance, record=False) as talk:
        assert "0:00:0" in ok(ctl("calls")) and "Ann Agent" in ok(ctl("calls"))
        assert ok(ctl("calls", "--agent", "ann", "--direction", "in")).endswith("1 calls\n")
        assert ok(ctl("calls", "--longer-than", "1h")).endswith("0 calls\n")
        joined = json.loads(ok(ctl("--json", "join", talk.id, "listen",
                                   f"{address_of('supervisor')}:6000")))
        assert joined["mode"] == "MODE_LISTEN"
        talk.session = type("Session", (), {"id": joined["id"]})
        from rtp import Party
        with Party(appliance.lab, "supervisor", ("0.0.0.0", 6000),
                   (joined["leg"]["local"]["address"], joined["leg"]["local"]["port"]),
                   LOUDNESS["supervisor"]) as talk.supervisor:
            assert "whisper" in ok(ctl("switch", talk.id, "whisper"))
            assert "Sue Supervisor (whisper)" in ok(ctl("calls"))
            talk.assert_heard(WHISPER)
            ok(ctl("switch", joined["id"], "barge"))
            talk.assert_heard(BARGE)
            stats = ok(ctl("stats", talk.id, BRIDGETAP_USER=""))
            assert "worker on CPU 1: 1 calls" in stats and "monitor" in stats and "mixed" in stats
            assert ok(ctl("leave", talk.id)) == "left\n"
        talk.assert_heard(None)


def test_every_method_can_be_called_with_json(appliance, ctl):
    ctl = functools.partial(ctl, BRIDGETAP_USER="")
    methods = ok(ctl("methods")).splitlines()
    assert len(methods) >= 55
    for method in methods:
        assert "returns" in ok(ctl("methods", method.split()[0]))
    call = {"call": {"id": "json", "agentUser": "ann", "agent": {
        "remote": {"address": "192.0.2.10", "port": 4000}}, "customer": {
            "remote": {"address": "192.0.2.20", "port": "5000"}, "codec": "CODEC_PCMA"}}}
    made = json.loads(ok(ctl("call", "Calls.CreateCall", json.dumps(call))))
    assert made["agent_user"] == "ann" and made["customer"]["media"]["payload_type"] == 8
    assert json.loads(ok(ctl("call", "bridgetap.v1.Calls/GetCall", '{"call_id": "json"}'))) == made
    table = "".join(json.dumps({"operation": "REPLACE", "calls": [{**call["call"], "id": f"t{n}"}]})
                    + "\n" for n in range(20))
    loaded = json.loads(ok(ctl("call", "Calls.LoadCallTable", "-", stdin=table)))
    assert loaded == {"created": 20, "ended": 1}
    assert "20 calls" in ok(ctl("calls"))
    assert len(ok(ctl("--json", "calls")).splitlines()) == 20
    assert json.loads(ok(ctl("call", "Health.Check"))) == {"status": "SERVING"}


@pytest.mark.parametrize("wrong, sentence", [
    ('{"calls": [{"id": 7}]}', "request 2: id must be a text"), ("{", "request 2 is no JSON"),
    ("nonsense", "request 2 is no JSON")])
def test_a_stream_is_read_whole_before_anything_is_sent(appliance, ctl, wrong, sentence):
    """Or it would end early, and a table would be taken for the whole of it."""
    leg = {"remote": {"address": "192.0.2.10", "port": 4000}}
    calls = [{"id": f"c{n}", "agent": leg, "customer": leg} for n in range(3)]
    load = functools.partial(ctl, "call", "Calls.LoadCallTable", BRIDGETAP_USER="")
    ok(load(json.dumps({"calls": calls})))
    first = json.dumps({"operation": "REPLACE", "calls": calls[:1]})
    for done in (load("-", stdin=f"{first}\n{wrong}\n{first}"), load(first, wrong, first)):
        assert done.returncode == 1 and sentence in done.stderr, done
    assert ok(ctl("calls")).endswith("3 calls\n")


def test_a_control_plane_that_does_not_answer_is_given_up_on(appliance, ctl):
    users = json.dumps({"users": [{"id": f"u{n}", "name": "x" * 60} for n in range(20000)]})
    with held(appliance.controlplane):
        for argv, stdin in ((("calls",), None), (("call", "Calls.GetCall", "{}"), None),
                            (("load", "-"), users)):
            started = time.monotonic()
            done = ctl("--timeout", "1", *argv, stdin=stdin)
            assert done.returncode == 2, done
            assert "UNAVAILABLE: the control plane does not answer" in done.stderr
            assert 1 < time.monotonic() - started < 6
    ok(ctl("calls"))


def test_what_is_wrong_is_said_and_told_apart_by_the_exit_code(appliance, ctl):
    def fails(code, sentence, *argv, **environment):
        done = ctl(*argv, **environment)
        assert done.returncode == code and sentence in done.stderr, (done, sentence)
    fails(1, "Usage:")
    fails(1, 'no command "dance"', "dance")
    fails(1, "none of listen, whisper, barge", "join", "x", "shout", "192.0.2.30:6000")
    fails(1, "not ADDRESS:PORT", "join", "x", "listen", "192.0.2.30")
    fails(1, "none of the methods", "call", "Calls.Dance")
    fails(1, "no JSON", "call", "Calls.GetCall", "{")
    fails(1, 'no field "call"', "call", "Calls.GetCall", '{"call": 1}')
    fails(1, "must be a text", "call", "Calls.GetCall", '{"call_id": 1}')
    fails(1, "must be one of MODE_", "call", "Monitor.SwitchMode", '{"mode": "SHOUT"}')
    fails(3, 'NOT_FOUND: there is no call "x"', "join", "x", "listen", "192.0.2.30:6000")
    fails(3, "NOT_FOUND: there is no organisation", "calls", BRIDGETAP_ORGANISATION="other")
    fails(3, "INVALID_ARGUMENT: bridgetap-organisation is missing in the metadata", "calls",
          BRIDGETAP_ORGANISATION="")
    fails(2, "cannot reach the control plane at /nope", "calls", BRIDGETAP_SOCKET="/nope")
    with Conversation(appliance, record=False):
        fails(3, "NOT_PERMITTED: You are not", "join", "call", "listen", "192.0.2.30:6000",
              BRIDGETAP_USER="ann")


def test_every_command_explains_itself_with_an_example():
    commands = re.findall(r"^  (\w+(?: \w+)?) {2,}[A-Z]", ok(offline("--help")), re.MULTILINE)
    assert len(commands) >= 45 and "access exclude" in commands
    assert "0 done; 1 wrong usage; 2 not reachable; 3 refused" in ok(offline("--help"))
    for command in commands:
        shown = ok(offline(*command.split(), "--help"))
        assert shown.startswith(f"Usage: bridgetapctl {command}")
        assert "Example:\n  " in shown, shown
    assert "access show" in ok(offline("access", "--help"))


@pytest.mark.parametrize("sentence, argv", [
    ('"3 days" is no duration', ("calls", "--longer-than", "3 days")),
    ('"0s" is no duration', ("calls", "--shorter-than", "0s")),
    ('"up" is none of in, out', ("watch", "--direction", "up")),
    ("unrecognized option", ("calls", "--nonsense")),
    ("too few arguments", ("transfer", "c1")),
    ("too many arguments", ("hand", "raise", "c1", "c2")),
    ("access show EXTENSION", ("access",)),
    ('"70000" is not a port', ("join", "c1", "listen", "192.0.2.30:70000")),
    ("none of pcmu, pcma, g722", ("transfer", "c1", "bob", "192.0.2.30:6000", "opus")),
    ("none of listen, whisper, barge", ("invite", "c1", "bob", "shout")),
    ("none of accept, reject", ("answer", "o1", "maybe")),
    ("--status or --callers", ("access", "set", "101")),
    ("neither user:ID nor role:ID", ("access", "add", "101", "status", "group:g")),
    ("none of status, callers, monitoring", ("access", "add", "101", "calls", "user:u")),
    ("none of yes, no", ("org", "settings", "--accept-consent", "perhaps")),
    ("needs --role", ("user", "put", "x")),
    ("none of offline, online, away, dnd", ("user", "presence", "x", "--state", "gone")),
    ("unable to open", ("load", "/nope.json")),
])
def test_wrong_usage_is_said_before_anything_is_sent(sentence, argv):
    done = offline(*argv)
    assert done.returncode == 1 and sentence in done.stderr, done


def test_a_file_is_checked_before_anything_is_sent():
    done = offline("load", "-", stdin='[{"users": [{"id": "a"}]}, {"people": []}]')
    assert done.returncode == 1 and 'message 2 of the file' in done.stderr, done


def test_a_raised_hand_is_seen_attended_and_lowered(appliance, ctl):
    with Conversation(appliance, record=False) as talk:
        assert "supervisors see it" in ok(ctl("hand", "raise", talk.id, BRIDGETAP_USER="ann"))
        assert " HAND " in ok(ctl("calls")).splitlines()[1]
        ok(ctl("join", talk.id, "listen", f"{address_of('supervisor')}:6000"))
        assert "attended by Sue Supervisor" in ok(ctl("calls"))
        ok(ctl("leave", talk.id))
        ok(ctl("hand", "raise", talk.id, BRIDGETAP_USER="ann"))
        ok(ctl("hand", "lower", talk.id, BRIDGETAP_USER="ann"))
        assert " HAND " not in ok(ctl("calls")).splitlines()[1]


def test_who_cannot_join_sees_why_in_the_list(appliance, ctl):
    with Conversation(appliance, record=False) as talk:
        assert "state:     away" in ok(ctl("user", "presence", "sue", "--state", "away"))
        assert ok(ctl("calls")).splitlines()[1].endswith("NOT_ONLINE")
        done = ctl("join", talk.id, "listen", "192.0.2.30:6000")
        assert done.returncode == 3 and "  NOT_ONLINE: " in done.stderr
        ok(ctl("user", "presence", "sue", "--state", "online"))
        assert ok(ctl("calls")).splitlines()[1].endswith("-")


def test_an_invited_agent_joins_and_leaves_by_the_call(appliance, ctl):
    ok(ctl("user", "put", "bob", "--name", "Bob Agent", "--role", "agent", "--call-monitor-access",
           BRIDGETAP_USER="adam"))
    ok(ctl("user", "presence", "bob", "--dashboard", "in", "--desktop", "in", "--state", "online",
           BRIDGETAP_USER="bob"))
    with Conversation(appliance, record=False) as talk:
        assert "Bob Agent" in ok(ctl("invite", "list", talk.id, BRIDGETAP_USER="ann"))
        invitation = json.loads(ok(ctl("-j", "invite", talk.id, "bob", BRIDGETAP_USER="ann")))
        told = subprocess.Popen(
            [BUILD / "bin/bridgetapctl", "notices"], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "BRIDGETAP_SOCKET": appliance.lab.api_socket,
                 "BRIDGETAP_ORGANISATION": "acme", "BRIDGETAP_USER": "bob"})
        assert "Ann Agent invites Bob Agent" in told.stdout.readline()
        ok(ctl("invite", "accept", invitation["id"], f"{address_of('supervisor')}:6000", "whisper",
               BRIDGETAP_USER="bob"))
        assert "has ended: accepted" in told.stdout.readline()
        assert "Bob Agent (whisper)" in ok(ctl("calls"))
        assert "listen" in ok(ctl("switch", talk.id, "listen", BRIDGETAP_USER="bob"))
        assert ok(ctl("leave", talk.id, BRIDGETAP_USER="bob")) == "left\n"
        told.send_signal(signal.SIGINT)
        assert told.wait(5) == 0


def test_access_is_read_changed_and_saved(appliance, ctl):
    def adam(*argv):
        return ok(ctl(*argv, BRIDGETAP_USER="adam"))
    adam("extension", "put", "101", "--user", "ann", "--name", "Desk 1")
    adam("role", "put", "quality", "--name", "Quality")
    assert re.search(r"status +everyone +- +-", adam("access", "show", "101"))
    assert re.search(r"callers +listed", adam("access", "set", "101", "--callers", "listed"))
    shown = adam("access", "add", "101", "callers", "role:quality", "user:sue")
    assert re.search(r"callers +listed +role:quality, user:sue +-", shown)
    shown = adam("access", "exclude", "101", "callers", "user:sue")
    assert re.search(r"callers +listed +role:quality +user:sue", shown)
    shown = adam("access", "remove", "101", "callers", "user:sue", "role:quality")
    assert re.search(r"callers +listed +- +-", shown)
    adam("access", "consent", "101", "yes")
    assert re.search(r"101 +Desk 1 +ann +yes", adam("extension", "list"))
    adam("extension", "put", "101", "--user", "ann", "--name", "Desk 2")
    assert re.search(r"101 +Desk 2 +ann +yes", adam("extension", "list"))
    assert re.search(r"101 +Desk 2 +Ann Agent", adam("extensions"))


def test_a_directory_is_kept_by_hand_and_loaded_from_a_file(appliance, ctl, tmp_path):
    def adam(*argv):
        return ok(ctl(*argv, BRIDGETAP_USER="adam"))
    adam("group", "put", "sales", "--name", "Sales")
    assert re.search(r"sales +Sales", adam("group", "list"))
    adam("group", "delete", "sales")
    assert "sales" not in adam("group", "list")
    directory = tmp_path / "acme.json"
    directory.write_text(json.dumps([
        {"users": [{"id": f"u{n}", "role": "USER_ROLE_AGENT"} for n in range(1500)]},
        {"groups": [{"id": "support", "name": "Support"}]}]))
    assert adam("load", str(directory)).startswith("1501 created")
    assert len(adam("-j", "user", "list").splitlines()) >= 1500
    assert "role:      agent" in adam("user", "show", "u1499")
    adam("user", "delete", "u1499")
    done = ctl("user", "show", "u1499", BRIDGETAP_USER="adam")
    assert done.returncode == 3 and "NOT_FOUND" in done.stderr


def test_organisations_and_their_settings(appliance, ctl):
    operator = {"BRIDGETAP_USER": "", "BRIDGETAP_ORGANISATION": ""}
    ok(ctl("org", "put", "other", "Other Ltd", **operator))
    assert re.search(r"other +Other Ltd +on", ok(ctl("org", "list", **operator)))
    ok(ctl("org", "monitoring", "other", "off", **operator))
    assert re.search(r"other +Other Ltd +off", ok(ctl("org", "list", **operator)))
    ok(ctl("org", "delete", "other", **operator))
    shown = ok(ctl("org", "settings", "--accept-consent", "yes", "--users-edit-own", "yes",
                   BRIDGETAP_USER="adam"))
    assert "accept-consent:       yes, by" in shown and "users-edit-own:       yes" in shown
    assert ok(ctl("org", "settings", BRIDGETAP_USER="adam")) == shown


def test_the_audit_is_listed_and_verified(appliance, ctl):
    operator = {"BRIDGETAP_USER": "", "BRIDGETAP_ORGANISATION": ""}
    with Conversation(appliance, record=False) as talk:
        ok(ctl("join", talk.id, "listen", f"{address_of('supervisor')}:6000"))
        ok(ctl("leave", talk.id))
    newest = ok(ctl("audit", "list", "--newest", "--limit", "1", **operator)).splitlines()
    assert len(newest) == 2 and "leave" in newest[1] and "sue" in newest[1]
    verdict = ok(ctl("audit", "verify", **operator))
    assert verdict.startswith("intact: ") and re.search(r"^head: [0-9a-f]{64}$", verdict, re.M)


def test_watch_shows_changes_live_on_a_terminal(appliance):
    main, sub = pty.openpty()
    watch = subprocess.Popen(
        [BUILD / "bin/bridgetapctl", "watch"], stdout=sub, stdin=sub, stderr=sub,
        env={**os.environ, "BRIDGETAP_SOCKET": appliance.lab.api_socket, "TERM": "xterm",
             "BRIDGETAP_ORGANISATION": "acme", "BRIDGETAP_USER": "sue"})
    os.close(sub)

    def screen_shows(text, seconds=3):
        nonlocal seen
        deadline = time.monotonic() + seconds
        while text not in seen:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([main], [], [], left)[0], seen[-2000:]
            seen += os.read(main, 65536).decode()
        seen = seen[seen.index(text) + len(text):]

    seen = ""
    screen_shows("acme: 0 calls")
    with Conversation(appliance, record=False) as talk:
        screen_shows("acme: 1 calls, 0 monitored")
        talk.join(WHISPER)
        screen_shows("acme: 1 calls, 1 monitored")
        screen_shows("Sue Supervisor (whisper)")
        screen_shows("0:00:02")
        talk.delete()
        screen_shows("acme: 0 calls")
    watch.send_signal(signal.SIGINT)
    assert watch.wait(5) == 0
    os.close(main)


def test_watch_prints_lines_into_a_pipe(appliance, ctl):
    watch = subprocess.Popen(
        [BUILD / "bin/bridgetapctl", "--json", "watch"], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "BRIDGETAP_SOCKET": appliance.lab.api_socket,
             "BRIDGETAP_ORGANISATION": "acme"})
    first = json.loads(watch.stdout.readline())
    assert first["restart"] and first["current"] and "calls" not in first
    with Conversation(appliance, record=False) as talk:
        assert json.loads(watch.stdout.readline())["calls"][0]["id"] == talk.id
        talk.delete()
        assert json.loads(watch.stdout.readline()) == {"gone": [talk.id]}
    watch.send_signal(signal.SIGINT)
    assert watch.wait(5) == 0

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The command line: a whole call by hand, and what people see when something is wrong."""

import json
import os
import pty
import signal
import subprocess
import time

import pytest

from api import BARGE, WHISPER
from conversation import Conversation
from lab import BUILD, address_of


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


def ok(done):
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_supervisors_day(appliance, ctl):
    with Conversation(appliance, record=False) as talk:
        assert "0:00:0" in ok(ctl("calls")) and "ann" in ok(ctl("calls"))
        joined = json.loads(ok(ctl("--json", "join", talk.id, "listen",
                                   f"{address_of('supervisor')}:6000")))
        assert joined["mode"] == "MODE_LISTEN"
        talk.session = type("Session", (), {"id": joined["id"]})
        from rtp import Party
        with Party(appliance.lab, "supervisor", ("0.0.0.0", 6000),
                   (joined["leg"]["local"]["address"], joined["leg"]["local"]["port"]),
                   14000) as talk.supervisor:
            assert "whisper" in ok(ctl("switch", talk.id, "whisper"))
            assert "Sue Supervisor (whisper)" in ok(ctl("calls"))
            talk.assert_heard(WHISPER)
            ok(ctl("switch", joined["id"], "barge"))
            talk.assert_heard(BARGE)
            stats = ok(ctl("stats", talk.id))
            assert "worker on CPU 1: 1 calls" in stats and "monitor" in stats and "mixed" in stats
            assert ok(ctl("leave", talk.id)) == "left\n"
        talk.assert_heard(None)


def test_every_method_can_be_called_with_json(appliance, ctl):
    methods = ok(ctl("methods")).splitlines()
    assert len(methods) >= 20
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
    fails(3, "INVALID_ARGUMENT: the metadata bridgetap-organisation is missing", "calls",
          BRIDGETAP_ORGANISATION="")
    fails(2, "cannot reach the control plane at /nope", "calls", BRIDGETAP_SOCKET="/nope")
    with Conversation(appliance, record=False):
        fails(3, "NOT_PERMITTED: You may not", "join", "call", "listen", "192.0.2.30:6000",
              BRIDGETAP_USER="ann")


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
            assert time.monotonic() < deadline, seen[-2000:]
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
    assert json.loads(watch.stdout.readline()) == {"restart": True, "current": True}
    with Conversation(appliance, record=False) as talk:
        assert json.loads(watch.stdout.readline())["calls"][0]["id"] == talk.id
        talk.delete()
        assert json.loads(watch.stdout.readline()) == {"ended": [talk.id]}
    watch.send_signal(signal.SIGINT)
    assert watch.wait(5) == 0

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""RTCP, statistics and silence of the parties of a call over AF_XDP."""

import contextlib
import json
import os
import subprocess
import time

import grpc
import pytest

import rtcp
from api import WHISPER, Api, media
from appliance import set_up_appliance
from bridgetap.v1 import admin_pb2, calls_pb2
from conversation import Conversation
from lab import APPLIANCE, BUILD, RECORDING, address_of
from rtp import steps
from stream import Stream

PARTIES = ("agent", "customer", "supervisor")


def wait_for(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.1)


@contextlib.contextmanager
def phones(talk):
    """The RTCP of everybody on the call, by name."""
    legs = {"agent": talk.call.agent, "customer": talk.call.customer}
    if talk.session:
        legs["supervisor"] = talk.session.leg
    with contextlib.ExitStack() as stack:
        yield {who: stack.enter_context(rtcp.Phone(
            talk.box.lab, who, getattr(talk, who), talk.ports[who] + 1,
            (leg.local.address, leg.local.port + 1))) for who, leg in legs.items()}


def legs_of(box, call_id="call"):
    stats = box.api.admin.GetStats(admin_pb2.GetStatsRequest(call_id=call_id))
    return {leg.role: leg for leg in stats.legs}


def _all(tree, name):
    """Every value of this name in what tshark has made of a frame."""
    if isinstance(tree, list):
        for branch in tree:
            yield from _all(branch, name)
    elif isinstance(tree, dict):
        for key, branch in tree.items():
            if key == name:
                yield from branch if isinstance(branch, list) else [branch]
            else:
                yield from _all(branch, name)


def test_reports_stand_up_to_a_dissector_and_name_nobody_else(appliance):
    lab = appliance.lab
    with contextlib.ExitStack() as stack:
        wires = {who: stack.enter_context(rtcp.Wire(lab, who)) for who in (*PARTIES, "recorder")}
        talk = stack.enter_context(Conversation(appliance))
        talk.join(WHISPER)
        ears = [stack.enter_context(rtcp.Phone(lab, "recorder", None, port, None))
                for port in (7001, 7003)]
        with phones(talk) as heard:
            wait_for(lambda: all(len(phone.reports) >= 3 for phone in heard.values()), 30)
            wait_for(lambda: all(len(ear.reports) >= 2 for ear in ears), 30)
            talk.leave()
            talk.delete()
            wait_for(lambda: all(phone.reports[-1].bye for phone in (*heard.values(), *ears)))
        assert appliance.api.counters()["guard_dropped"] == 0
        ssrcs = {"agent": talk.call.agent.ssrc, "customer": talk.call.customer.ssrc,
                 "supervisor": talk.session.leg.ssrc}
        voices = {who: getattr(talk, who).ssrc for who in PARTIES}

    names = set()
    for who, phone in heard.items():
        assert {report.ssrc for report in phone.reports} == {ssrcs[who]}
        assert {block.ssrc for report in phone.reports for block in report.blocks} == {voices[who]}
        assert all(report.ntp for report in phone.reports)
        names |= {report.cname for report in phone.reports}
        # The pairs of NTP and RTP time are those of one clock.
        first, last = phone.reports[0], phone.reports[-1]
        assert (last.timestamp - first.timestamp) & 0xffffffff == \
            pytest.approx(8000 * (last.ntp - first.ntp), abs=400)
        assert last.packets - first.packets == pytest.approx(50 * (last.ntp - first.ntp), abs=10)
    assert len(names) == 3
    assert not any(word in name for name in names for word in ("ann", "sue", "sup", "bridge"))

    ports = (4001, 5001, 6001, 7001, 7003)
    for who, wire in wires.items():
        ours = APPLIANCE if who != "recorder" else RECORDING
        frames = wire.decode(ports, f"rtcp && ip.src == {ours}")
        assert len(frames) >= 3
        kinds = {kind for frame in frames for kind in _all(frame, "rtcp.pt")}
        assert {str(rtcp.SR), str(rtcp.SDES), str(rtcp.BYE)} <= kinds
        assert wire.decode(ports, "rtcp && (_ws.malformed || _ws.expert)") == []
        text = json.dumps(frames)
        for other in PARTIES:
            # Nothing of any other leg: neither its voice nor what is sent to it.
            if other != who:
                assert f"{voices[other]:08x}" not in text and str(voices[other]) not in text
                assert f"{ssrcs[other]:08x}" not in text


def test_round_trip_jitter_loss_and_quality_are_served_and_shown(appliance):
    with Conversation(appliance, record=False) as talk, phones(talk) as heard:
        wait_for(lambda: legs_of(appliance)["agent"].round_trip_ms > 0)
        wait_for(lambda: legs_of(appliance)["customer"].round_trip_ms > 0)
        for who, leg in legs_of(appliance).items():
            assert rtcp.WAY_MS - 2 < leg.round_trip_ms < rtcp.WAY_MS + 60
            assert leg.far_reported and leg.far_lost == 3 and leg.far_recent_loss == 1 / 16
            assert leg.far_jitter_ms == 2
            assert leg.packets == leg.octets / 160 > 50 and leg.loss < 0.02
            assert leg.sent_packets == pytest.approx(leg.packets, abs=25)
            assert 0 <= leg.jitter_ms < 20 and leg.media == "flows" and not leg.said_bye
            assert 90 < leg.rating < 93.3 and 4.3 < leg.mos < 4.42
            assert 4.2 < leg.conversational_mos < leg.mos
            assert 4.0 < leg.far_mos < leg.mos
            assert heard[who].reports
        # Strangers say what they like: it is counted, and changes nothing.
        block = rtcp.Block(talk.call.agent.ssrc, 255, 999, 0, 8000, 0, 0)
        nasty = rtcp.write(talk.agent.ssrc, block, bye=True)
        with appliance.lab.socket("stranger") as stranger:
            for port in (talk.call.agent.local.port, talk.call.agent.local.port + 1):
                stranger.sendto(nasty, (talk.call.agent.local.address, port))
        wait_for(lambda: appliance.api.counters()["drop_rtcp_refused_source"] == 1)
        assert appliance.api.counters()["drop_rtcp_wrong_port"] == 1
        agent = legs_of(appliance)["agent"]
        assert agent.far_lost == 3 and not agent.said_bye
        assert steps(talk.agent.hears()) == [] and steps(talk.customer.hears()) == []

        shown = subprocess.run(
            [BUILD / "bin/bridgetapctl", "--socket", appliance.lab.api_socket, "stats", "call"],
            env={**os.environ, "BRIDGETAP_ORGANISATION": appliance.api.organisation},
            capture_output=True, text=True, check=True).stdout
        lines = [line for line in shown.splitlines() if line.startswith(("LEG", "agent"))]
        assert "ROUND TRIP" in lines[0] and "MOS (R)" in lines[0]
        assert "flows" in lines[1] and " ms" in lines[1] and "3 (6.2 %)" in lines[1]


def test_with_mux_reports_come_on_the_port_of_rtp(appliance):
    with Conversation(appliance, record=False, media={"agent": {"rtcp_mux": True}}) as talk:
        assert talk.call.agent.media.rtcp_mux
        wait_for(lambda: talk.agent.rtcp)
        when, data, source = talk.agent.rtcp[-1]
        assert source == (talk.call.agent.local.address, talk.call.agent.local.port)
        report = rtcp.read(data, when)
        assert report.ssrc == talk.call.agent.ssrc
        talk.agent.send_rtcp(rtcp.write(talk.agent.ssrc, rtcp.answer_to(report)))
        wait_for(lambda: legs_of(appliance)["agent"].far_reported)
        assert appliance.api.counters()["rtcp_received"] == 1


@pytest.fixture
def impatient(lab):
    """An appliance that tells of silence after a second and a half."""
    with set_up_appliance(lab, dataplane={"media_timeout_ms": "1500"}) as box:
        yield box


def events(api):
    return Stream(api.calls.WatchMediaEvents(calls_pb2.WatchMediaEventsRequest(), timeout=60))


def media_of(box):
    call = box.api.calls.GetCall(calls_pb2.GetCallRequest(call_id="call"))
    return calls_pb2.CallMedia.Name(call.media)[len("CALL_MEDIA_"):]


def told(stream):
    return [(calls_pb2.MediaEventKind.Name(m.kind), calls_pb2.Party.Name(m.party)[6:].lower())
            for m in stream.messages if m.kind >= calls_pb2.MEDIA_TIMEOUT]


def test_a_stock_client_is_told_when_media_ceases_and_comes_back(impatient):
    api = impatient.api
    with events(api) as seen:
        with Conversation(impatient, record=False) as talk:
            time.sleep(2.5)
            assert told(seen) == [] and media_of(impatient) == "FLOWS"
            talk.customer.speaking.clear()
            wait_for(lambda: told(seen) == [("MEDIA_TIMEOUT", "customer")], 4)
            assert media_of(impatient) == "ONE_WAY"
            talk.agent.speaking.clear()
            wait_for(lambda: told(seen)[1:] == [("MEDIA_TIMEOUT", "agent")], 4)
            assert media_of(impatient) == "DEAD"
            # A control plane that starts anew is told, too.
            impatient.controlplane.kill()
            impatient.controlplane = impatient.lab.start_controlplane()
            api.close()
            impatient.api = api = Api(impatient.lab.api_socket)
            api.wait_until_connected()
            wait_for(lambda: media_of(impatient) == "DEAD", 4)
            talk.agent.speaking.set()
            talk.customer.speaking.set()
            wait_for(lambda: media_of(impatient) == "FLOWS", 4)
            talk.delete()


def test_who_never_speaks_is_told_and_who_is_on_hold_is_not(impatient):
    api = impatient.api
    with events(api) as seen:
        with Conversation(impatient, record=False, media={"agent": {"on_hold": True}}) as talk:
            talk.agent.speaking.clear()
            talk.customer.speaking.clear()
            time.sleep(0.1)
            wait_for(lambda: told(seen), 5)
            time.sleep(2)
            assert [who for _, who in told(seen)] == ["customer"]
            assert told(seen)[0][0] in ("MEDIA_NEVER_STARTED", "MEDIA_TIMEOUT")
            assert media_of(impatient) == "ONE_WAY"
            talk.delete()


def ends(stream):
    return [m for m in stream.messages if m.kind == calls_pb2.MEDIA_ENDED]


def assert_last_statistics(legs, record):
    """Of a call that people have talked on for a while."""
    by_role = {}
    for leg in legs:
        by_role.setdefault(leg.role, []).append(leg)
    assert set(by_role) == {"agent", "customer", "monitor"} | ({"recorder"} if record else set())
    assert len(by_role.get("recorder", ())) == (2 if record else 0)
    for who in ("agent", "customer", "monitor"):
        leg, = by_role[who]
        assert leg.packets > 20 and leg.octets == 160 * leg.packets
        assert leg.loss < 0.02 and leg.mos > 4 and leg.rating > 80 and leg.media == "flows"


def test_the_last_statistics_of_a_call_outlive_it(appliance):
    api = appliance.api
    with events(api) as seen, Conversation(appliance) as talk:
        talk.join(WHISPER)
        time.sleep(1)
        before = legs_of(appliance)
        response = api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id="call"))
        assert_last_statistics(response.legs, record=True)
        for leg in response.legs:
            assert leg.packets >= before[leg.role].packets
        wait_for(lambda: ends(seen))
        told, = ends(seen)
        assert list(told.legs) == list(response.legs)
        assert (told.call_id, told.party) == ("call", calls_pb2.PARTY_UNSPECIFIED)
        assert told.end_reason == calls_pb2.CALL_END_REASON_BY_REQUEST


def test_the_last_statistics_of_calls_that_a_table_lacks_are_told(appliance):
    api = appliance.api
    with events(api) as seen, Conversation(appliance, record=False) as talk:
        talk.join(WHISPER)
        others = [f"other{n}" for n in range(45)]  # more than a message has room for
        table = [calls_pb2.CallDescription(id=name, agent=media(address_of("agent"), 9000 + 4 * n),
                                           customer=media(address_of("customer"), 9002 + 4 * n))
                 for n, name in enumerate(others)]
        api.calls.LoadCallTable(iter([calls_pb2.LoadCallTableRequest(calls=table)]))
        time.sleep(1)
        done = api.calls.LoadCallTable(iter([calls_pb2.LoadCallTableRequest(
            operation=calls_pb2.LoadCallTableRequest.REPLACE, calls=table[:5])]))
        assert done.ended == 41
        wait_for(lambda: len(ends(seen)) == 41)
        by_call = {m.call_id: m for m in ends(seen)}
        assert set(by_call) == {"call", *others[5:]}
        assert {m.end_reason for m in ends(seen)} == {calls_pb2.CALL_END_REASON_BY_TABLE}
        assert_last_statistics(by_call["call"].legs, record=False)
        for name in others[5:]:
            assert [leg.role for leg in by_call[name].legs] == ["agent", "customer"]
            assert all(leg.packets == 0 for leg in by_call[name].legs)


def test_an_end_is_told_though_the_data_plane_cannot_say_how_it_was(appliance):
    with events(appliance.api) as seen, Conversation(appliance, record=False) as talk:
        appliance.dataplane.kill()
        with pytest.raises(grpc.RpcError) as error:
            appliance.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id=talk.id))
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE
        appliance.dataplane = appliance.lab.start_dataplane()
        appliance.api.wait_until_connected()
        told, = ends(seen)
        assert told.call_id == talk.id and not told.legs
        assert appliance.api.stats().calls == 0


def test_reports_go_on_when_the_data_plane_has_restarted(appliance):
    with Conversation(appliance, record=False) as talk, phones(talk) as heard:
        agent = heard["agent"]
        wait_for(lambda: len(agent.reports) >= 2)
        appliance.dataplane.kill()
        appliance.dataplane = appliance.lab.start_dataplane()
        appliance.api.wait_until_connected()
        before = len(agent.reports)
        wait_for(lambda: len(agent.reports) >= before + 2)
        first, last = agent.reports[0], agent.reports[-1]
        assert (first.ssrc, first.cname) == (last.ssrc, last.cname)
        assert last.ntp - first.ntp == pytest.approx(last.time - first.time, abs=0.2)
        # The stream's own clock went on, too.
        assert (last.timestamp - first.timestamp) & 0xffffffff == \
            pytest.approx(8000 * (last.ntp - first.ntp), abs=2000)
        wait_for(lambda: legs_of(appliance)["agent"].round_trip_ms > 0)

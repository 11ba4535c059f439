# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""baresip, sipp, GStreamer and ffmpeg hold calls in every codec that they share with the appliance,
through all modes, and tshark finds nothing wrong with what they got. Real speech is spoken; whom
each of them heard is solved from what the program itself wrote down, where it does."""

import contextlib

import numpy
import pytest

from lab import APPLIANCE, RECORDING

TOLERANCE = 0.02
SILENCE = 0.1  # s: who says nothing for so long clocks nobody's stream


def calls():
    """Each program with itself in each codec, and all of them on one call whose parties differ."""
    from bridgetap.v1 import common_pb2
    from phones import PHONES, Baresip, Ffmpeg, Gstreamer, Sipp

    found = {f"{phone.__name__.lower()}-{codec}": ((phone, codec),) * 3
             for phone in PHONES for codec in phone.codecs
             if f"CODEC_{codec}" in common_pb2.Codec.keys()}
    found["mixed-1"] = (Baresip, "PCMU"), (Sipp, "PCMA"), (Gstreamer, "PCMA")
    found["mixed-2"] = (Gstreamer, "PCMA"), (Ffmpeg, "PCMU"), (Baresip, "PCMU")
    return found


CALLS = calls()


@pytest.fixture(scope="module")
def scene(new_lab):
    """All calls, side by side, from beginning to end: again, in another network, if the machine was
    not there for them."""
    from appliance import set_up_appliance
    from steal import there
    from talk import Scene, probe

    with contextlib.ExitStack() as stack:
        def attempt():
            stack.close()
            lab = stack.enter_context(new_lab())
            with set_up_appliance(lab) as box:
                made = Scene(box, CALLS.values())
                made.play(lambda: setattr(made, "probed", probe(made)))
            return made

        yield there("the phones' calls", attempt)


@pytest.fixture(params=range(len(CALLS)), ids=list(CALLS))
def talk(request, scene):
    return scene.talks[request.param]


def hearing(scene, talk, listener):
    """[(where it was found, sound, by how many samples it is behind the packets)] of a listener: in
    the packets, and, of a phone that writes it down, what it has heard."""
    from talk import decode, lag, read_sound

    found = [("the packets", decode(scene.heard(talk, listener)), 0)]
    path = talk.phones[listener].recording() if listener in talk.phones else None
    if path:
        sound = read_sound(path)
        found.append((path.name, sound, lag(sound, found[0][1])))
    return found


def faults(scene, talk, listener, phase, sounds, spoken, voices):
    """What is wrong with what a listener hears in a phase, in words; `sounds` by hearing()."""
    from gains import FORBIDDEN, solve
    from talk import audience

    stream, (begin, end) = scene.heard(talk, listener), scene.spans[phase]
    first, last = stream.position(begin), stream.position(end)
    wanted = {who: float(who in audience(phase, listener)) for who in spoken}
    if not any(wanted.values()):
        return [f"{phase}: {listener} gets sound"] * (first < last)
    at = {who: spoken[who].position(begin) for who in spoken}
    wide = any(phone.codec.name == "G722" for phone in talk.phones.values())
    found = []
    for where, sound, late in sounds:
        gains = solve(sound[max(0, first + late):max(0, last + late)], voices, at, wanted, wide)
        found += [f"{phase}: {listener} hears {who} at {gains[who]:.4f}, not {wanted[who]:.0f}, "
                  f"in {where}" for who in spoken
                  if (abs(gains[who] - wanted[who]) > TOLERANCE if wanted[who]
                      else gains[who] > FORBIDDEN)]
    return found


def test_each_hears_whom_they_should_as_loud_as_they_speak(scene, talk):
    from talk import LISTENERS, PHASES, VOICES, decode

    spoken = {who: scene.spoken(talk, who) for who in VOICES}
    voices = {who: decode(stream) for who, stream in spoken.items()}
    wrong = []
    for listener in LISTENERS:
        sounds = hearing(scene, talk, listener)
        for phase in PHASES:
            wrong += faults(scene, talk, listener, phase, sounds, spoken, voices)
    assert not wrong, "\n".join(wrong)


def translation(stream, source, begin, end):
    """What becomes of each byte of `source` in the packets of `stream` that came from `begin` to
    `end`: {byte: set of bytes}. The sequence numbers of both differ by what they most often do."""
    first, last = numpy.searchsorted(stream.times, (begin, end))
    assert last - first > 100, f"{last - first} packets"
    newest = numpy.searchsorted(source.times, stream.times[first:last]) - 1
    offsets = (numpy.array(stream.sequences[first:last]) -
               numpy.array(source.sequences)[newest]) & 0xffff
    offset = int(numpy.bincount(offsets).argmax())
    payloads = dict(zip(source.sequences, source.payloads))
    pairs = set()
    for i in range(first, last):
        was = payloads[(stream.sequences[i] - offset) & 0xffff]
        assert len(was) == len(stream.payloads[i])
        pairs |= set(zip(was, stream.payloads[i]))
    found = {}
    for was, now in pairs:
        found.setdefault(was, set()).add(now)
    return found


def test_where_one_voice_is_heard_its_packets_come_untouched_but_for_the_codec(scene, talk):
    """Bit for bit, or, into another codec, each byte by a table: nothing else is in there."""
    from talk import PHASES, audience
    from tshark import CODES

    for listener in ("agent", "customer", "recorder_agent", "recorder_customer"):
        for phase in PHASES:
            who, *more = audience(phase, listener)
            stream, source = scene.heard(talk, listener), scene.spoken(talk, who)
            into, out_of = stream.types[0], source.types[0]
            if more or into != out_of and not {into, out_of} <= set(CODES):
                continue
            for was, now in translation(stream, source, *scene.spans[phase]).items():
                what = f"{phase}: to {listener} the {who}'s {was} becomes {now}"
                assert len(now) == 1, what
                if into == out_of:
                    assert now == {was}, what
                    continue
                # To one of the two codes beside it, by the decision values of G.711.
                low, high = sorted((CODES[out_of][was], CODES[into][now.pop()]))
                assert not ((CODES[into] > low) & (CODES[into] < high)).any(), what


def irregular(stream):
    """Steps from one packet to the next that are not those of a stream without a gap: (sequence,
    timestamp, length of a packet, (time of the one, of the next))."""
    sequence = numpy.diff(stream.sequences) & 0xffff
    timestamp = numpy.diff(numpy.array(stream.timestamps, numpy.int64)) & 0xffffffff
    times = zip(stream.times, stream.times[1:])
    return [(int(a), int(b), len(payload), span)
            for a, b, payload, span in zip(sequence, timestamp, stream.payloads, times)
            if a != 1 or b != len(payload)]


def pauses(stream):
    """[(begin, end)] of when a phone did not come to speak, and another's clock takes over."""
    return [(begin, end) for begin, end in zip(stream.times, stream.times[1:])
            if end - begin > SILENCE]


def test_tshark_finds_one_whole_stream_for_each_listener(scene, talk):
    from talk import LISTENERS, VOICES

    spoken = [scene.spoken(talk, who) for who in VOICES]
    theirs = {step[:2] for stream in spoken for step in irregular(stream)}
    paused = [pause for stream in spoken for pause in pauses(stream)]
    kernel_in, kernel_out = scene.lost_in_the_kernel()
    for listener in LISTENERS:
        stream, row = scene.heard(talk, listener), scene.row(talk, listener)
        assert row.packets == len(stream) > 300, row
        assert (len(set(stream.ssrcs)), len(set(stream.types))) == (1, 1), row
        own, ours, lost = 0, [], 0
        for sequence, timestamp, length, (before, when) in irregular(stream):
            if (sequence, timestamp) in theirs:
                own += sequence - 1
            elif sequence == 1 and abs(timestamp / 8000 - (when - before)) < SILENCE and \
                    any(begin < when < end + SILENCE for begin, end in paused):
                continue
            elif 1 < sequence < 100 and timestamp == sequence * length:
                lost += sequence - 1
            else:
                ours.append((sequence, timestamp))
        assert not ours, f"to {listener}: steps of (sequence, timestamp) {ours}, not in {theirs}"
        assert lost <= kernel_in + kernel_out, \
            f"to {listener}: {lost} lost; the machine lost {kernel_in} on their way to the " \
            f"appliance and {kernel_out} from there"
        assert row.lost == own + lost, row
        assert not row.problem or theirs or paused or lost, row


def test_no_voice_is_lost_but_by_the_machine(scene):
    """Every packet that the phones sent is accounted for, and none was dropped for its content."""
    kernel_in, _ = scene.lost_in_the_kernel()
    missed = sum(port.rx_missed + port.rx_no_mbuf for port in scene.ports)
    assert kernel_in <= missed, f"{kernel_in} packets are gone, of which the ports know {missed}"
    drops = {name: value for name, value in scene.counters.items()
             if name.startswith("drop_") and value}
    # The supervisors talk on after they have left; the scanner's packets are neither RTP nor RTCP,
    # and baresip's first RTCP packet begins with neither of the two that it must begin with.
    expected = {"drop_unknown_port", "drop_rtp_version", "drop_refused_source",
                "drop_rtcp_refused_source", "drop_rtcp_first"}
    assert set(drops) <= expected, drops
    accepted = sum(scene.counters.get(name, 0) for name in ("rx_accepted", "rtcp", "rtcp_received"))
    assert accepted + sum(drops.values()) == scene.counters["rx_packets"], scene.counters


def from_us(analysis):
    return [remark for remark in analysis.remarks if remark[0][0] in (APPLIANCE, RECORDING)]


def test_tsharks_expert_has_no_remark_on_our_rtp_and_rtcp(scene):
    for host, analysis in scene.analyses.items():
        assert not from_us(analysis), (host, from_us(analysis)[:5])
    # It takes every packet for RTCP that the appliance counts as such of its own.
    ours = sum(rtcp.source[0] in (APPLIANCE, RECORDING) for analysis in scene.analyses.values()
               for rtcp in analysis.rtcp)
    assert ours == scene.counters.get("rtcp_sent", 0)
    # And it does look at RTCP: the phones' own is found in what they sent.
    assert all(scene.analyses[who].rtcp for who in ("agent", "customer", "supervisor"))


def test_each_phone_gets_our_reports_on_what_it_sends_and_gets(scene, talk):
    """Every one is sent them to the port above that of RTP, whether it listens there or not."""
    from talk import VOICES
    from tshark import RR, SDES, SR

    for who in VOICES:
        host, (address, port) = talk.hears_at(who)
        reports = [rtcp for rtcp in scene.analyses[host].rtcp
                   if rtcp.destination == (address, port + 1)]
        heard, spoken = scene.heard(talk, who), scene.spoken(talk, who)
        assert {rtcp.source[0] for rtcp in reports} == {APPLIANCE}, f"{who}: {reports}"
        for rtcp in reports:
            # RFC 3550 section 6.1: first a report, and always an SDES with the CNAME.
            assert rtcp.types[0] in (SR, RR) and rtcp.types[1] == SDES, rtcp
            assert set(rtcp.senders) == set(heard.ssrcs), rtcp
            # Of nobody's voice but its own.
            assert set(rtcp.identifiers) <= set(heard.ssrcs) | set(spoken.ssrcs), rtcp
        assert any(rtcp.types[0] == SR and set(spoken.ssrcs) & set(rtcp.identifiers)
                   for rtcp in reports), f"{who}: {reports}"


def test_a_sip_scanner_finds_nothing_at_the_media_ports(scene):
    from sip import SBC
    from talk import RTP_PORTS

    analysis = scene.analyses[SBC]
    asked = [destination[1] for (_, destination), count in analysis.sent.items()
             if destination[0] == APPLIANCE for _ in range(count)]
    assert sorted(set(asked)) == list(RTP_PORTS), f"it asked {sorted(asked)}:\n{scene.probed}"
    answered = [key for key in analysis.sent if key[0][0] == APPLIANCE]
    assert not answered, answered
    # What came to a port where somebody talks was found to be no RTP, or of a stranger.
    live = {leg.port for talk in scene.talks for leg in talk.legs.values()}
    refused = sum(scene.counters[name] for name in ("drop_rtp_version", "drop_refused_source"))
    assert refused == sum(port in live for port in asked), scene.counters

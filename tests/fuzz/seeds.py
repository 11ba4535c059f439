#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What the fuzzers begin with, besides the corpora of the tree: real messages, packets and files.

seeds.py BUILD FOLDER writes one folder a target; BUILD has the Python stubs of proto/, and the list
of messages that the target `messages` chooses from."""

import pathlib
import re
import struct
import sys

BUILD, FOLDER = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(BUILD / "python"))

# pylint: disable=wrong-import-position
from bridgetap.controlplane.v1 import context_pb2
from bridgetap.dataplane.v1 import dataplane_pb2 as dp
from bridgetap.v1 import access_pb2, admin_pb2, calls_pb2, common_pb2, directory_pb2, monitor_pb2
from health.v1 import health_pb2
from reflection.v1 import reflection_pb2
from reflection.v1alpha import reflection_pb2 as reflection_alpha_pb2

FILES = (calls_pb2, monitor_pb2, directory_pb2, access_pb2, admin_pb2, health_pb2,
         reflection_pb2, reflection_alpha_pb2)


def save(target, name, data):
    folder = FOLDER / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


# --- messages ---

# What a field of this name may well be.
TEXTS = {"call_id": "c1", "agent_user": "ann", "user": "bob", "user_id": "bob",
         "extension_id": "100", "realm": "access", "address": "192.0.2.77", "session_id": "",
         "organisation": "acme", "name": "Some Name", "page_token": "", "service": ""}
NUMBERS = {"port": 4002, "local_port": 20000, "payload_type": 0, "page_size": 2, "version": 0,
           "first_port": 20000, "last_port": 20039, "generation": 1, "seats_max": 3, "role": 1,
           "learn_ms": 1000}


def fill(message, depth=0):
    """Set every field, of each oneof the last one."""
    for field in message.DESCRIPTOR.fields:
        repeated = field.label == field.LABEL_REPEATED
        if field.message_type is not None:
            if depth < 5:
                fill(getattr(message, field.name).add() if repeated
                     else getattr(message, field.name), depth + 1)
                if not repeated:
                    getattr(message, field.name).SetInParent()
            continue
        if field.type == field.TYPE_STRING:
            value = TEXTS.get(field.name, "x1")
        elif field.type == field.TYPE_BYTES:
            value = bytes((192, 0, 2, 10))
        elif field.type == field.TYPE_BOOL:
            value = True
        else:
            value = NUMBERS.get(field.name, 1)
        if repeated:
            getattr(message, field.name).append(value)
        else:
            setattr(message, field.name, value)
    return message


def all_messages(descriptor_holder):
    for descriptor in descriptor_holder.DESCRIPTOR.message_types_by_name.values():
        yield descriptor


def write_messages():
    names = re.findall(r"&(\w+)__descriptor", (BUILD / "gen/fuzz_messages.c").read_text())
    index = {name.replace("_", ""): i for i, name in enumerate(names)}
    for file in FILES + (dp, context_pb2):
        for descriptor in all_messages(file):
            number = index[descriptor.full_name.replace(".", "").replace("_", "").lower()]
            message = fill(getattr(file, descriptor.name)())
            save("messages", descriptor.full_name, bytes([number]) + message.SerializeToString())


# --- requests ---

METHODS = {}
for holder in FILES:
    for service in holder.DESCRIPTOR.services_by_name.values():
        for method in service.methods:
            METHODS.setdefault(f"{service.name}.{method.name}",
                               (len(METHODS), service, method.input_type))

# As services_fuzz.c has them.
OPERATOR, ACME, ANN, BOB, SUE, ADAM = range(6)


def ask(method, asker, message, last=True):
    data = message.SerializeToString()
    return bytes([5 if last else 4, METHODS[method][0], asker]) + struct.pack(
        ">H", len(data)) + data


def message_class(descriptor):
    for file in FILES:
        if file.DESCRIPTOR.name == descriptor.file.name:
            return getattr(file, descriptor.name)
    raise KeyError(descriptor.full_name)


def media(port, **more):
    return common_pb2.MediaDescription(
        remote=common_pb2.MediaAddress(address="192.0.2.30", port=port), **more)


def join(mode):
    return monitor_pb2.JoinRequest(call_id="c1", mode=mode, media=media(6000))


def write_services():
    for name, (_, _, descriptor) in METHODS.items():
        request = fill(message_class(descriptor)())
        for asker in (OPERATOR, ACME, ANN, SUE):
            save("services", f"{name}-{asker}", ask(name, asker, request))
        save("services", f"{name}-empty", ask(name, ACME, message_class(descriptor)()))
    step = bytes((2, 200))
    watch = (ask("Calls.WatchCalls", SUE, calls_pb2.WatchCallsRequest())
             + ask("Calls.WatchMediaEvents", OPERATOR, calls_pb2.WatchMediaEventsRequest())
             + ask("Calls.WatchMediaEvents", ACME, calls_pb2.WatchMediaEventsRequest())
             + ask("Monitor.WatchNotices", ANN, monitor_pb2.WatchNoticesRequest())
             + ask("Monitor.WatchNotices", SUE, monitor_pb2.WatchNoticesRequest())
             + ask("Access.WatchExtensions", SUE, access_pb2.WatchExtensionsRequest()))
    hand = ask("Monitor.RaiseHand", ANN, monitor_pb2.RaiseHandRequest(call_id="c1"))
    joined = ask("Monitor.Join", SUE, join(common_pb2.MODE_LISTEN))
    gone = ask("Calls.DeleteCall", ACME, calls_pb2.DeleteCallRequest(call_id="c1"))
    off = ask("Admin.SetMonitoring", OPERATOR,
              admin_pb2.SetMonitoringRequest(organisation_id="acme", off=True))
    invite = ask("Monitor.Invite", ANN, fill(monitor_pb2.InviteRequest()))
    switch = b"".join(
        ask("Monitor.SwitchMode", SUE, monitor_pb2.SwitchModeRequest(
            session_id=f"{n:08x}{n + 1:08x}", mode=common_pb2.MODE_BARGE)) for n in range(5, 12))
    for name, steps in {
            "joined": (joined, step), "watched": (watch, hand, joined, step, gone),
            "refused": (bytes([11]), joined, bytes([3]), step),
            "mute": (bytes([19]), joined, gone),
            "off": (watch, joined, off, step), "invited": (watch, invite, step, gone),
            "switched": (watch, joined, switch, step), "lost": (joined, bytes([0x84]), step),
            "full": (bytes([0x83]), joined, hand, gone), "cancelled": (watch, bytes((1, 9, 17))),
            "twice": (joined, joined,
                      ask("Monitor.Join", ADAM, join(common_pb2.MODE_BARGE)))}.items():
        save("services", name, b"".join(steps))


# --- HTTP/2 ---

def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(name, value):
    return b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


def request(stream, method, message, more=()):
    _, service_of, _ = METHODS[method]
    headers = {":method": "POST", ":scheme": "http",
               ":path": f"/{service_of.full_name}/{method.split('.')[1]}",
               ":authority": "localhost", "content-type": "application/grpc", "te": "trailers",
               "bridgetap-organisation": "acme", "bridgetap-user": "sue"}
    headers.update(more)
    data = message.SerializeToString()
    return (frame(1, 4, stream, b"".join(literal(*header) for header in headers.items()))
            + frame(0, 1, stream, b"\0" + struct.pack(">I", len(data)) + data))


def write_http2():
    listing = request(1, "Calls.ListCalls", calls_pb2.ListCallsRequest())
    joining = request(3, "Monitor.Join", join(common_pb2.MODE_LISTEN),
                      {"grpc-timeout": "2989m", "grpc-encoding": "identity"})
    watching = request(5, "Calls.WatchCalls", calls_pb2.WatchCallsRequest())
    settings = frame(4, 0, 0, struct.pack(">HIHI", 4, 0, 5, 16384))
    ping, window = frame(6, 0, 0, b"12345678"), frame(8, 0, 0, struct.pack(">I", 1000))
    reset, away = frame(3, 0, 5, struct.pack(">I", 8)), frame(7, 0, 0, struct.pack(">II", 0, 0))
    typed = request(7, "Calls.GetCall", calls_pb2.GetCallRequest(call_id="c1"),
                    {"content-type": "text/html"})
    reflected = request(9, "ServerReflection.ServerReflectionInfo",
                        reflection_pb2.ServerReflectionRequest(list_services=""))
    cut = listing[:-3] + frame(0, 1, 1, listing[-3:])
    for name, parts in {"list": (listing,), "join": (joining,), "all": (
            listing, joining, watching, ping, window, reset, typed, reflected, away),
            "closed": (settings, watching, window), "cut": (cut,), "reset": (watching, reset),
            "typed": (typed,), "priority": (frame(2, 0, 3, b"\0\0\0\1\x10"), joining)}.items():
        for piece in (0, 1, 7):
            save("http2", f"{name}-{piece}", bytes((1, piece)) + b"".join(parts))
    save("http2", "whole", bytes((0, 0)) + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings + listing)


# --- between the planes ---

def endpoint(last, port):
    return dp.Endpoint(address=bytes((192, 0, 2, last)), port=port)


def leg(number, role, **more):
    fields = {"realm": "access", "remote": endpoint(10 + number, 4000 + 2 * number)}
    if role == dp.ROLE_RECORDER:
        fields = {"realm": "recording",
                  "remote": dp.Endpoint(address=bytes((198, 51, 100, 2)), port=7000 + 2 * number)}
    fields.update(more)
    return dp.Leg(id=number, role=role, local_port=20000 + 2 * number, codec=dp.CODEC_PCMU,
                  ssrc=1000 + number, **fields)


def put(identifier, *legs, **more):
    return dp.Operation(put_call=dp.Call(id=identifier, legs=legs, **more))


def sized(what, message):
    data = message.SerializeToString()
    return bytes([what]) + struct.pack(">H", len(data)) + data


def to_dataplane(*operations):
    return sized(1, dp.ToDataplane(batch=dp.Batch(generation=1, operations=operations)))


PARTIES = (leg(1, dp.ROLE_AGENT), leg(2, dp.ROLE_CUSTOMER))
RECORDERS = (leg(4, dp.ROLE_RECORDER, records=[dp.ROLE_AGENT]),
             leg(5, dp.ROLE_RECORDER, records=[dp.ROLE_CUSTOMER]))
MIXED = leg(6, dp.ROLE_RECORDER, records=[dp.ROLE_AGENT, dp.ROLE_CUSTOMER])


def write_batch():
    whole = [PARTIES + (leg(3, dp.ROLE_MONITOR, mode=mode),) for mode in (1, 2, 3)]
    learning = (PARTIES[0], dp.Leg(id=2, role=dp.ROLE_CUSTOMER, realm="access", local_port=20004,
                                   codec=dp.CODEC_PCMA, payload_type=8, learn_remote=True))
    alone = to_dataplane(put("c1", *PARTIES))
    save("batch", "two", alone)
    save("batch", "modes", b"".join(to_dataplane(put("c1", *legs, *RECORDERS)) for legs in whole))
    save("batch", "mixed", to_dataplane(put("c1", *whole[2], MIXED)))
    save("batch", "learned", to_dataplane(put("c1", *learning)) + bytes((0, 0, 2, 19, 136, 20)))
    save("batch", "removed", alone + to_dataplane(dp.Operation(remove_call="c1")))
    save("batch", "twice", to_dataplane(put("c1", *PARTIES), put("c2", *PARTIES)))
    save("batch", "full", to_dataplane(put("c1", *whole[0], leg(7, dp.ROLE_MONITOR, mode=1))))
    save("batch", "moved", alone + to_dataplane(
        dp.Operation(remove_call="c1"), put("c2", *PARTIES)))
    save("batch", "hello", sized(1, dp.ToDataplane(hello=dp.Hello(version=1))))


def from_dataplane(what, **message):
    return sized(what, dp.FromDataplane(**message))


def write_link():
    welcome = from_dataplane(1, welcome=dp.Welcome(
        version=1, instance=7, generation=3, seats_max=3, calls_max=10,
        realms=[dp.Realm(name="access", address=bytes((192, 0, 2, 1)), first_port=20000,
                         last_port=20039),
                dp.Realm(name="recording", address=bytes((198, 51, 100, 1)), first_port=20000,
                         last_port=20039, recording=True)]))
    workers = from_dataplane(1, welcome=dp.Welcome(
        version=1, instance=7, seats_max=3, workers_of_ports=bytes((0, 1) * 8),
        realms=[dp.Realm(name="access", address=bytes(16), first_port=2, last_port=65535)]))
    context = context_pb2.CallContext(
        organisation="acme", id="old", agent_user="ann", created_ms=5, next_leg_id=9, serial=4,
        recording=1, hand_raised_ms=3, hand_attended_by="sue", groups=["a"], tags=["b"],
        sessions=[context_pb2.Session(id="s1", user="sue", leg_id=3, joined_ms=6)])
    call = put("wire1", *PARTIES, leg(3, dp.ROLE_MONITOR, mode=1), *RECORDERS,
               context=context.SerializeToString()).put_call
    snapshot = from_dataplane(1, snapshot=dp.Snapshot(calls=[call], generation=3))
    more = from_dataplane(1, snapshot=dp.Snapshot(calls=[call], more=True, generation=3))
    result = from_dataplane(1, batch_result=dp.BatchResult(generation=4))
    refused = from_dataplane(1, batch_result=dp.BatchResult(
        generation=4, code=dp.ERROR_CODE_CONFLICT, message="no", operation=0))
    events = b"".join(from_dataplane(1, event=dp.Event(
        kind=kind, call_id="wire1", leg_id=1, source=endpoint(9, 5000), ssrc=3, count=2))
                      for kind in range(6))
    stats = from_dataplane(1, stats=fill(dp.Stats()))
    # Both parties of a call fall silent; asked for how long, the data plane says long enough, and
    # then how the call was at last.
    silence = b"".join(from_dataplane(1, event=dp.Event(
        kind=kind, call_id="wire1", leg_id=number))
                       for kind, number in ((dp.EVENT_KIND_MEDIA_TIMEOUT, 1),
                                            (dp.EVENT_KIND_MEDIA_NEVER_STARTED, 2)))
    parties = [fill(dp.LegStats(), 5) for _ in range(2)]
    for party, role, ms in zip(parties, (dp.ROLE_AGENT, dp.ROLE_CUSTOMER), (6000, 7000)):
        party.role, party.lifeless_ms = role, ms
    long_enough = from_dataplane(1, stats=dp.Stats(tag=1, legs=parties))
    ended = from_dataplane(1, ended=dp.Ended(calls=[dp.EndedCall(call_id="wire1", legs=parties)]))
    removed = from_dataplane(1, batch_result=dp.BatchResult(generation=5))
    for name, parts in {
            "fresh": (welcome, from_dataplane(1, snapshot=dp.Snapshot())),
            "restored": (welcome, snapshot, events), "twice": (welcome, more, snapshot, result),
            "back": (welcome, snapshot, b"\0", welcome, snapshot, refused),
            "again": (welcome, snapshot, bytes([0xf0]), welcome, from_dataplane(
                0xf1, snapshot=dp.Snapshot())), "workers": (workers, snapshot, stats),
            "stats": (welcome, snapshot, stats, result),
            "ended": (welcome, snapshot, ended, result, ended),
            "dead": (welcome, snapshot, result, silence, long_enough, ended, removed),
            "asked": (welcome, snapshot, result, silence, b"\0", welcome, silence)}.items():
        save("link", name, b"".join(parts))


# --- packets ---

def rtp(sequence, timestamp, payload, ssrc=0xaa00, first=0x80, kind=0):
    return struct.pack(">BBHII", first, kind, sequence & 0xffff, timestamp, ssrc) + payload


def ipv4(payload, options=b"", protocol=17):
    udp = struct.pack(">HHHH", 4000, 20000, 8 + len(payload), 0) + payload
    return struct.pack(">BBHHHBBH4s4s", 0x45 + len(options) // 4, 184, 20 + len(options) + len(udp),
                       1, 0, 64, protocol, 0, bytes((192, 0, 2, 10)),
                       bytes((192, 0, 2, 1))) + options + udp


def ipv6(payload):
    udp = struct.pack(">HHHH", 4000, 20000, 8 + len(payload), 1) + payload
    return struct.pack(">IHBB", 0x6b800000, len(udp), 17, 64) + bytes(range(32)) + udp


def ethernet(kind, payload, tags=b""):
    return bytes(12) + tags + struct.pack(">H", kind) + payload


def write_packets():
    voice = rtp(1, 160, bytes([0xff]) * 20)
    for name, data in {
            "ipv4": ethernet(0x800, ipv4(voice)), "ipv6": ethernet(0x86dd, ipv6(voice)),
            "vlan": ethernet(0x800, ipv4(voice), b"\x81\0\0\x64"),
            "qinq": ethernet(0x800, ipv4(voice), b"\x88\xa8\0\x64\x81\0\0\x65"),
            "options": ethernet(0x800, ipv4(voice, b"\1\1\1\0")),
            "padded": ethernet(0x800, ipv4(b"") + bytes(18)), "arp": ethernet(0x806, bytes(28)),
            "tcp": ethernet(0x800, ipv4(voice, protocol=6))}.items():
        save("frame", name, data)
    for name, data in {
            "plain": voice, "csrc": rtp(2, 320, bytes(28), first=0x82),
            "extension": rtp(3, 480, b"\xbe\xde\0\1abcd" + bytes(8), first=0x90),
            "padding": rtp(4, 640, bytes(8) + b"\0\0\0\4", first=0xa0),
            "everything": rtp(5, 0, bytes(4) + b"\0\1\0\1abcd" + bytes(8) + b"\2", first=0xb1),
            "report": bytes((0x80, 200, 0, 6)) + bytes(24)}.items():
        save("rtp", name, data)
    block = struct.pack(">IIIIII", 7, 0x20000005, 0x00010007, 80, 0x12345678, 65536)
    sender = struct.pack(">IIIII", 0x83aa7e80, 1 << 31, 160, 10, 1600)
    report = bytes((0x81, 200, 0, 12)) + struct.pack(">I", 9) + sender + block
    receiver = bytes((0x81, 201, 0, 7)) + struct.pack(">I", 9) + block
    named = bytes((0x81, 202, 0, 3)) + struct.pack(">I", 9) + b"\1\2ab\0\0\0\0"
    bye = bytes((0x81, 203, 0, 2)) + struct.pack(">I", 9) + b"\3end"
    own = bytes((0x80, 204, 0, 2)) + struct.pack(">I", 9) + b"name"
    padded = bytes((0xa0, 201, 0, 2)) + struct.pack(">I", 9) + b"\0\0\0\4"
    for name, data in {"sender": report + named, "receiver": receiver + named + bye,
                       "all": report + named + own + bye,
                       "empty": bytes((0x80, 201, 0, 1, 0, 0, 0, 9)),
                       "padded": padded, "feedback": receiver + bytes((0x81, 205, 0, 2)) + bytes(8)
                       }.items():
        save("rtcp", name, bytes((7, 9)) + data)
    start = bytes((1, 0xff, 0xf0, 0xff, 0xff, 0xfe, 0))
    packets = bytes((7, 6, 80)) * 12
    for name, steps in {"steady": packets, "late": packets + bytes((12, 7)) + packets,
                        "lost": bytes((7, 32, 7, 6, 80)) * 6,
                        "restarted": packets + bytes((9, 80)) + packets,
                        "jumped": packets + bytes((2, 8, 8, 7, 7)) + packets,
                        "stepped": packets + bytes((3, 1, 2, 3, 4, 7, 7)) + packets,
                        "silent": packets + bytes((173, 9, 9)) + packets}.items():
        save("stream", name, start + steps)
    speak = b"".join(bytes((what, 159)) for what in (5, 13, 21)) * 3
    for mode in range(4):
        for codecs in (0, 1, 2, 4, 31):
            call = bytes((codecs, mode, 31))
            save("burst", f"mode{mode}-codecs{codecs}", call + speak + bytes((4, 0, 3, 31)) + speak
                 + bytes((4, codecs, 1, 7)) + speak)
    save("burst", "damaged", bytes((0, 3, 31)) + speak + bytes((
        0, 9, 1, 12, 0x81, 0, 0, 3, 0x11, 42, 0x90, 0x81, 0, 0, 100, 0)) + speak)
    save("burst", "restarted", bytes((0, 3, 31)) + speak + bytes((2, 5, 9, 63, 1)) + speak)
    tracks = b"".join(bytes((160, 0)) + struct.pack(">H", 32) + rtp(n, 20 * n, bytes(20), kind=8)
                      for n in range(4))
    save("track", "steady", tracks)
    save("track", "restarted", tracks + bytes((9, 12)) + struct.pack(">H", 32)
         + rtp(9, 99999, bytes(20), ssrc=7))


def write_configurations():
    for plane in "dataplane", "controlplane":
        text = (ROOT / f"deploy/{plane}.conf").read_text()
        # Once as it is, and once with the settings that are commented out.
        full = re.sub(r"(?m)^( *)# (?=[a-z_]+ = )", r"\1", text)
        full = re.sub(r"(?m)^# (?=(    \{.*\},?|\);)$)", "", full).replace("eth1.100", "lo")
        full = full.replace('"bridgetap-sbc"', "2000").replace('"www-data"', "1000")
        for name, what in ("sample", text), ("full", full):
            save(f"{plane}_config", name, "\n".join(
                line for line in what.splitlines() if not line.startswith("#")).encode())


write_messages()
write_services()
write_http2()
write_batch()
write_link()
write_packets()
write_configurations()

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""A whole call with people on it, for tests: agent, customer, supervisor and recorder, each with
a level of its own, so that whom a listener hears can be told from the level it hears."""

import contextlib
import time

import api
from api import media
from bridgetap.v1 import calls_pb2, monitor_pb2
from lab import RECORDER, address_of
from rtp import PCMA, PCMU, Party, clocked_since, encode, levels
from rtp import level as level_of

# After G.711 has rounded them every sum can be told from every other: test_levels.py.
LOUDNESS = {"agent": 1500, "customer": 4000, "supervisor": 12000}
PORTS = {"agent": 4000, "customer": 5000, "supervisor": 6000}
RECORDER_PORTS = (7000, 7002)
CODECS = {PCMU: 1, PCMA: 2}


def near(level, *people):
    """Whether a level is the sum of these people's, as G.711 has it."""
    expected = sum(LOUDNESS[p] for p in people)
    return level is not None and abs(level - expected) <= expected / 20 + 40


class Conversation:
    """A context manager: creates the call, and has everybody speak from its start. A second one at
    the same time has phones of its own: `shift` is added to their ports."""

    def __init__(self, box, call_id="call", record=True, codecs=None, shift=0, media=None,
                 **description):
        self.box, self.id, self.record = box, call_id, record
        self.media = media or {}  # what else there is to say of each one's, by name
        self.ports = {who: port + shift for who, port in PORTS.items()}
        self.more = description
        self.codecs = {"agent": PCMU, "customer": PCMU, "supervisor": PCMU, **(codecs or {})}
        self._stack = contextlib.ExitStack()
        self.session = self.supervisor = self.user = None

    def _media(self, who):
        return media(address_of(who), self.ports[who],
                     **{"codec": CODECS[self.codecs[who]], **self.media.get(who, {})})

    def speaking(self, who):
        """The payload type of what they say, and a packet of it where it is not of G.711."""
        return self.codecs[who], None

    def _party(self, who, leg):
        payload_type, payload = self.speaking(who)
        party = Party(self.box.lab, who, ("0.0.0.0", self.ports[who]),
                      (leg.local.address, leg.local.port), LOUDNESS[who], payload_type,
                      payload=payload)
        return self._stack.enter_context(party)

    def hear_recording(self, port):
        party = Party(self.box.lab, "recorder", ("0.0.0.0", port), None)
        self._stack.enter_context(party)
        return party

    def description(self):
        description = calls_pb2.CallDescription(**{
            "id": self.id, "agent": self._media("agent"), "customer": self._media("customer"),
            "agent_user": "ann", "contact_number": "+493012345",
            "direction": calls_pb2.DIRECTION_INBOUND, **self.more})
        if self.record:
            description.recording.agent.CopyFrom(api.address(RECORDER, RECORDER_PORTS[0]))
            description.recording.customer.CopyFrom(api.address(RECORDER, RECORDER_PORTS[1]))
        return description

    def __enter__(self):
        if self.record:
            self.recorded_agent, self.recorded_customer = map(self.hear_recording, RECORDER_PORTS)
        self.call = self.box.api.calls.CreateCall(
            calls_pb2.CreateCallRequest(call=self.description()))
        self.agent = self._party("agent", self.call.agent)
        self.customer = self._party("customer", self.call.customer)
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _as(self, user):
        return (self.box.api.as_user(user) if user else self.box.api).monitor

    def _take_seat(self, session, user):
        """Whoever had the supervisor's phone before has hung up."""
        if self.supervisor:
            self.supervisor.__exit__()
        self.session, self.user = session, user
        self.supervisor = self._party("supervisor", session.leg)
        return session

    def join(self, mode, user=None):
        """As `user`; the supervisor of Api if that is None."""
        return self._take_seat(self._as(user).Join(monitor_pb2.JoinRequest(
            call_id=self.id, mode=mode, media=self._media("supervisor"))), user)

    def accept(self, invitation, user, mode=api.ANY_MODE):
        """An invited agent takes the supervisor's phone."""
        return self._take_seat(self._as(user).AcceptInvitation(
            monitor_pb2.AcceptInvitationRequest(invitation_id=invitation, mode=mode,
                                                media=self._media("supervisor"))), user)

    def switch(self, mode):
        return self._as(self.user).SwitchMode(monitor_pb2.SwitchModeRequest(
            session_id=self.session.id, mode=mode))

    def leave(self):
        self._as(self.user).Leave(monitor_pb2.LeaveRequest(session_id=self.session.id))

    def delete(self):
        self.box.api.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id=self.id))

    # --- who hears whom ---

    def assert_heard(self, mode):
        """Everybody hears whom they should in this mode (None: no monitor), and nobody else."""
        agent, customer = ["customer"], ["agent"]
        if mode in (api.WHISPER, api.BARGE):
            agent.append("supervisor")
        if mode == api.BARGE:
            customer.append("supervisor")
        expected = {"agent": agent, "customer": customer}
        if mode is not None:
            expected["supervisor"] = ["agent", "customer"]
        if self.record:
            expected |= {"recorded_agent": ["agent"], "recorded_customer": ["customer"]}
        heard = levels(*(getattr(self, who) for who in expected))
        for level, (who, sources) in zip(heard, expected.items()):
            assert near(level, *sources), f"{who} hears {level}, not {sources}"

    def assert_never_recorded(self):
        """Both of the recorder's streams are the parties' own voices, to the last bit of every
        packet since the call began."""
        for party, who in ((self.recorded_agent, "agent"), (self.recorded_customer, "customer")):
            voice = encode(LOUDNESS[who], self.codecs[who])
            packets = list(party.packets)
            assert packets, f"the recorder got nothing of the {who}"
            for packet in packets:
                assert set(packet.payload) == {voice}, f"at {packet.time}: {packet.payload!r}"

    def assert_silenced_since(self, moment):
        """Neither party, and no recorder, has had anything of the supervisor in what the appliance
        made of packets that were sent after this moment of time.monotonic(), but for the ramp at
        the beginning of the first of them."""
        for party, clock, voice in ((self.agent, self.customer, "customer"),
                                    (self.customer, self.agent, "agent")):
            deadline = time.monotonic() + 10
            while len(packets := clocked_since(party, clock, moment)) <= 5:
                assert time.monotonic() < deadline, \
                    f"who should hear the {voice} got {len(packets)} packets"
                time.sleep(0.02)
            for packet in packets:
                assert near(level_of(packet), voice), \
                    f"{1000 * (packet.time - moment):.1f} ms later: {level_of(packet)}"
            for packet in packets[1:]:
                assert len(set(packet.payload)) == 1
        if self.record:
            self.assert_never_recorded()

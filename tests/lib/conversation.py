# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""A whole call with people on it, for tests: agent, customer, supervisor and recorder, each with
a level of its own, so that whom a listener hears can be told from the level it hears."""

import contextlib

import api
from api import media
from bridgetap.v1 import calls_pb2, monitor_pb2
from lab import RECORDER, address_of
from rtp import PCMA, PCMU, Party

# After G.711 has rounded them every sum can be told from every other.
LOUDNESS = {"agent": 1000, "customer": 4000, "supervisor": 14000}
PORTS = {"agent": 4000, "customer": 5000, "supervisor": 6000}
RECORDER_PORTS = (7000, 7002)
CODECS = {PCMU: 1, PCMA: 2}


def near(level, *people):
    """Whether a level is the sum of these people's, as G.711 has it."""
    expected = sum(LOUDNESS[p] for p in people)
    return level is not None and abs(level - expected) <= expected / 20 + 40


class Conversation:
    """A context manager: creates the call, and has everybody speak from its start."""

    def __init__(self, box, call_id="call", record=True, codecs=None):
        self.box, self.id, self.record = box, call_id, record
        self.codecs = {"agent": PCMU, "customer": PCMU, "supervisor": PCMU, **(codecs or {})}
        self._stack = contextlib.ExitStack()
        self.session = None

    def _media(self, who):
        return media(address_of(who), PORTS[who], codec=CODECS[self.codecs[who]])

    def _party(self, who, leg):
        party = Party(self.box.lab, who, ("0.0.0.0", PORTS[who]),
                      (leg.local.address, leg.local.port), LOUDNESS[who], self.codecs[who])
        return self._stack.enter_context(party)

    def _recorder(self, port):
        party = Party(self.box.lab, "recorder", ("0.0.0.0", port), None)
        self._stack.enter_context(party)
        return party

    def description(self):
        description = calls_pb2.CallDescription(
            id=self.id, agent=self._media("agent"), customer=self._media("customer"),
            agent_user="ann", contact_number="+493012345",
            direction=calls_pb2.DIRECTION_INBOUND)
        if self.record:
            description.recording.agent.CopyFrom(api.address(RECORDER, RECORDER_PORTS[0]))
            description.recording.customer.CopyFrom(api.address(RECORDER, RECORDER_PORTS[1]))
        return description

    def __enter__(self):
        if self.record:
            self.recorded_agent, self.recorded_customer = map(self._recorder, RECORDER_PORTS)
        self.call = self.box.api.calls.CreateCall(
            calls_pb2.CreateCallRequest(call=self.description()))
        self.agent = self._party("agent", self.call.agent)
        self.customer = self._party("customer", self.call.customer)
        return self

    def __exit__(self, *_):
        self._stack.close()

    def join(self, mode):
        self.session = self.box.api.monitor.Join(monitor_pb2.JoinRequest(
            call_id=self.id, mode=mode, media=self._media("supervisor")))
        self.supervisor = self._party("supervisor", self.session.leg)
        return self.session

    def switch(self, mode):
        return self.box.api.monitor.SwitchMode(monitor_pb2.SwitchModeRequest(
            session_id=self.session.id, mode=mode))

    def leave(self):
        self.box.api.monitor.Leave(monitor_pb2.LeaveRequest(session_id=self.session.id))

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
        level = self.agent.level()
        assert near(level, *agent), f"agent hears {level}, not {agent}"
        level = self.customer.level(settle=0)
        assert near(level, *customer), f"customer hears {level}, not {customer}"
        if mode is not None:
            level = self.supervisor.level(settle=0)
            assert near(level, "agent", "customer"), f"supervisor hears {level}"
        if self.record:
            level = self.recorded_agent.level(settle=0)
            assert near(level, "agent"), f"the recorder's agent is {level}"
            level = self.recorded_customer.level(settle=0)
            assert near(level, "customer"), f"the recorder's customer is {level}"

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Random sequences of everything, in two organisations at once: every answer is the one that the
rules predict, and after every step both planes are where the rules say (all rows M1 to M22, M36,
M37, M39). BRIDGETAP_RANDOM_STEPS and BRIDGETAP_RANDOM_SEED say how many and which."""

import collections
import os
import random
import time

import grpc
import pytest

import api
from api import ADMIN, AGENT, BARGE, SUPERVISOR, WHISPER, media, names
from bridgetap.controlplane.v1 import context_pb2
from bridgetap.dataplane.v1 import dataplane_pb2
from bridgetap.v1 import (access_pb2, admin_pb2, calls_pb2, common_pb2, directory_pb2,
                          monitor_pb2)
from dataplane_client import DataplaneClient
from lab import RECORDER, address_of
from rules import MODES, SIDES, Organisation, Refused

USUAL = 2000, 20261120  # with which everything comes up
STEPS = int(os.environ.get("BRIDGETAP_RANDOM_STEPS", USUAL[0]))
SEED = int(os.environ.get("BRIDGETAP_RANDOM_SEED", USUAL[1]))

ROLES = {"ann": AGENT, "amy": AGENT, "sue": SUPERVISOR, "sam": SUPERVISOR, "adam": ADMIN}
CALLS = ("c1", "c2", "c3", "c4")
EXTENSIONS = ("100", "101", "102")
SECURITY_ROLES = ("lead", "trainer")
TARGETS = {
    "two": calls_pb2.RecordingTarget(agent=api.address(RECORDER, 7000),
                                     customer=api.address(RECORDER, 7002)),
    "mix": calls_pb2.RecordingTarget(mix=api.address(RECORDER, 7004)),
}
LOGINS = (directory_pb2.LOGGED_OUT, directory_pb2.LOGGED_IN)
HEARD_BY_AGENT, HEARD_BY_CUSTOMER = (WHISPER, BARGE), (BARGE,)


class Side:
    """One organisation: the rules' idea of it, and a client for each who may act in it."""

    def __init__(self, client, name, seats):
        self.name, self.rules = name, Organisation(seats)
        client = client.of(name)
        self.clients = {user: client.as_user(user) for user in ("", "nobody", *ROLES)}

    def as_(self, actor):
        return self.clients[actor]


class Walk:
    def __init__(self, box, seats):
        self.box, self.seats = box, seats
        self.random = random.Random(SEED)
        self.sides = [Side(box.api, name, seats) for name in ("north", "south")]
        self.log = []
        self.seen = collections.Counter()
        self.steps = {
            self.join: 14, self.switch: 8, self.leave: 5, self.raise_hand: 5, self.lower_hand: 3,
            self.invite: 8, self.accept: 7, self.decline: 2, self.withdraw: 2,
            self.list_invitable: 3, self.check_join: 4, self.transfer: 4, self.create: 6,
            self.delete: 2, self.record: 5, self.offer: 4, self.answer: 5, self.presence: 7,
            self.put_user: 4, self.delete_user: 1.5, self.put_role: 2, self.delete_role: 1,
            self.put_extension: 3, self.delete_extension: 0.7, self.set_access: 5,
            self.set_consent: 3, self.set_settings: 3, self.throw_switch: 1.5, self.mend: 7,
            self.kill_controlplane: 0.3, self.kill_dataplane: 0.1,
        }

    # --- choosing ---

    def maybe(self, chance):
        return self.random.random() < chance

    def actor(self, side, likely=None):
        """Mostly somebody whom the step is for; now and then anybody at all."""
        if likely is not None and self.maybe(0.8):
            return likely
        if self.maybe(0.05):
            return self.random.choice(("", "nobody"))
        return self.random.choice(list(ROLES))

    def manager(self):
        return self.random.choice(("", "", "", "", "adam", "adam", "sue", "ann", "nobody"))

    def call_id(self, side):
        if side.rules.calls and self.maybe(0.85):
            return self.random.choice(list(side.rules.calls))
        return self.random.choice((*CALLS, "never"))

    def mode(self):
        return self.random.choice(MODES) if self.maybe(0.97) else 0

    def one_of(self, side, what):
        """Something of this organisation; now and then of the other one, or nothing."""
        if self.maybe(0.04):
            side = next(s for s in self.sides if s is not side)
        things = what(side.rules)
        return self.random.choice(things) if things and self.maybe(0.98) else None

    def some(self, entries, chance=0.25):
        return frozenset(entry for entry in sorted(entries) if self.maybe(chance))

    # --- asking ---

    def ask(self, side, actor, what, predict, send):
        """Send what `send` sends; the answer must be what `predict` says. None if refused."""
        try:
            predicted, expected = predict(), ("OK", frozenset())
        except Refused as refused:
            predicted, expected = None, (refused.code, refused.reasons)
        self.log.append(f"{side.name} {actor or '-'}: {what} -> {expected[0]} "
                        f"{' '.join(sorted(expected[1]))}")
        answer, got = None, ("OK", frozenset())
        try:
            answer = send(side.as_(actor))
        except grpc.RpcError as error:
            got = (error.code().name, frozenset(api.reasons(error)))
        assert got == expected, f"got {got[0]} {' '.join(sorted(got[1]))}"
        self.seen[what.split()[0], expected[0]] += 1
        for reason in expected[1]:
            self.seen[reason] += 1
        return (answer, predicted) if expected[0] == "OK" else (None, None)

    def phone(self):
        return media(address_of("supervisor"), 6000 + 2 * self.random.randrange(100))

    # --- monitoring ---

    def likely_to_join(self, side):
        """Somebody who may, and the call; or nobody in particular."""
        rules = side.rules
        pairs = [(user.id, call.id) for call in rules.calls.values()
                 for user in rules.users.values() if not rules.blocked(user, call)]
        if pairs and self.maybe(0.5):
            return self.random.choice(pairs)
        return self.actor(side), self.call_id(side)

    def join(self, side):
        (actor, call), mode = self.likely_to_join(side), self.mode()
        session, predicted = self.ask(
            side, actor, f"Join {call} {mode}", lambda: side.rules.join(actor, call, mode),
            lambda c: c.monitor.Join(monitor_pb2.JoinRequest(
                call_id=call, mode=mode, media=self.phone())))
        if predicted:
            predicted.id = session.id
            assert (session.call_id, session.user, session.mode) == (call, actor, mode)

    def check_join(self, side):
        actor, call = self.actor(side), self.call_id(side)
        answer, predicted = self.ask(
            side, actor, f"CheckJoin {call}", lambda: side.rules.check_join(actor, call),
            lambda c: c.monitor.CheckJoin(monitor_pb2.CheckJoinRequest(call_id=call)))
        if answer:
            assert set(names(answer.blocked)) == predicted

    def switch(self, side):
        session, mode = self.one_of(side, Organisation.sessions), self.mode()
        actor = self.actor(side, session and session.user)
        session_id = session.id if session else "none"
        self.ask(side, actor, f"SwitchMode {session_id} {mode}",
                 lambda: side.rules.switch(actor, session_id, mode),
                 lambda c: c.monitor.SwitchMode(monitor_pb2.SwitchModeRequest(
                     session_id=session_id, mode=mode)))

    def leave(self, side):
        session = self.one_of(side, Organisation.sessions)
        actor = self.actor(side, session and session.user)
        session_id = session.id if session else "none"
        self.ask(side, actor, f"Leave {session_id}", lambda: side.rules.leave(actor, session_id),
                 lambda c: c.monitor.Leave(monitor_pb2.LeaveRequest(session_id=session_id)))

    def agent_of(self, side, call):
        agent = side.rules.calls[call].agent if call in side.rules.calls else None
        return agent if agent in ROLES else None

    def raise_hand(self, side):
        call = self.call_id(side)
        actor = self.actor(side, self.agent_of(side, call))
        self.ask(side, actor, f"RaiseHand {call}", lambda: side.rules.raise_hand(actor, call),
                 lambda c: c.monitor.RaiseHand(monitor_pb2.RaiseHandRequest(call_id=call)))

    def lower_hand(self, side):
        call = self.call_id(side)
        actor = self.actor(side, self.agent_of(side, call))
        self.ask(side, actor, f"LowerHand {call}", lambda: side.rules.lower_hand(actor, call),
                 lambda c: c.monitor.LowerHand(monitor_pb2.LowerHandRequest(call_id=call)))

    # --- invitations ---

    def list_invitable(self, side):
        call = self.call_id(side)
        actor = self.actor(side, self.agent_of(side, call))
        answer, predicted = self.ask(
            side, actor, f"ListInvitable {call}", lambda: side.rules.invitable(actor, call),
            lambda c: c.monitor.ListInvitable(monitor_pb2.ListInvitableRequest(call_id=call)))
        if answer:
            assert {a.user_id: set(names(a.blocked)) for a in answer.agents} == predicted

    def invite(self, side):
        rules, mode = side.rules, self.random.choice((0, *MODES))
        pairs = [(call.id, user.id) for call in rules.calls.values()
                 for user in rules.users.values() if call.agent in rules.users
                 and not rules.missing_as_guest(user, call) | rules.missing_to_enter(user, call)]
        call, guest = self.call_id(side), self.random.choice((*ROLES, "nobody"))
        if pairs and self.maybe(0.7):
            call, guest = self.random.choice(pairs)
        actor = self.actor(side, self.agent_of(side, call))
        answer, predicted = self.ask(
            side, actor, f"Invite {call} {guest} {mode}",
            lambda: side.rules.invite(actor, call, guest, mode),
            lambda c: c.monitor.Invite(monitor_pb2.InviteRequest(
                call_id=call, user_id=guest, mode=mode)))
        if predicted:
            predicted.id = answer.id

    def invitation(self, side):
        invitation = self.one_of(side, lambda rules: rules.invitations)
        return invitation, invitation.id if invitation else "none"

    def accept(self, side):
        invitation, invitation_id = self.invitation(side)
        actor = self.actor(side, invitation and invitation.user)
        mode = invitation.mode if invitation and invitation.mode and self.maybe(0.7) else \
            self.random.choice((0, *MODES, *MODES))
        session, predicted = self.ask(
            side, actor, f"AcceptInvitation {invitation_id} {mode}",
            lambda: side.rules.accept(actor, invitation_id, mode),
            lambda c: c.monitor.AcceptInvitation(monitor_pb2.AcceptInvitationRequest(
                invitation_id=invitation_id, mode=mode, media=self.phone())))
        if predicted:
            predicted.id = session.id
            assert session.invited and session.mode == predicted.mode

    def decline(self, side):
        invitation, invitation_id = self.invitation(side)
        actor = self.actor(side, invitation and invitation.user)
        self.ask(side, actor, f"DeclineInvitation {invitation_id}",
                 lambda: side.rules.decline(actor, invitation_id),
                 lambda c: c.monitor.DeclineInvitation(monitor_pb2.DeclineInvitationRequest(
                     invitation_id=invitation_id)))

    def withdraw(self, side):
        invitation, invitation_id = self.invitation(side)
        actor = self.actor(side, invitation and self.agent_of(side, invitation.call.id))
        self.ask(side, actor, f"WithdrawInvitation {invitation_id}",
                 lambda: side.rules.withdraw(actor, invitation_id),
                 lambda c: c.monitor.WithdrawInvitation(monitor_pb2.WithdrawInvitationRequest(
                     invitation_id=invitation_id)))

    # --- offers ---

    def situation(self, side, user):
        watch = side.as_(user).monitor.WatchNotices(monitor_pb2.WatchNoticesRequest())
        first = next(watch).situation
        watch.cancel()
        return first

    def offer(self, side):
        """The answer is awaited in the background; the user learns of the offer meanwhile."""
        monitor = self.one_of(side, Organisation.sessions)
        user = monitor.user if monitor and self.maybe(0.8) else self.actor(side)
        actor = self.manager()
        try:
            offer = side.rules.offer_call(actor, user)
        except Refused as refused:
            offer = refused
        request = calls_pb2.OfferCallRequest(user_id=user, contact_number="+49")
        if isinstance(offer, Refused) or offer.answer:
            def predict():
                if isinstance(offer, Refused):
                    raise offer
                return offer
            answer, _ = self.ask(side, actor, f"OfferCall {user}", predict,
                                 lambda c: c.calls.OfferCall(request))
            assert not answer or answer.answer == answer.NOT_MONITORING
            return
        self.log.append(f"{side.name} {actor}: OfferCall {user} -> waits")
        client = side.as_(actor)
        offer.future = client.calls._stub.OfferCall.future(
            request, metadata=client.metadata(actor), timeout=300)
        known = {o.id for o in side.rules.offers}
        new = self.wait_for(lambda: [o.id for o in self.situation(side, user).offers
                                     if o.id not in known])
        offer.id, = new
        self.seen["OfferCall", "waits"] += 1

    def answer(self, side):
        offer, accept = self.one_of(side, lambda rules: rules.offers), self.maybe(0.5)
        if offer and self.maybe(0.1) and offer in side.rules.offers:
            self.withdraw_offer(side, offer)
            return
        actor = self.actor(side, offer and offer.user)
        offer_id = offer.id if offer else "none"
        waiting = list(side.rules.offers)
        self.ask(side, actor, f"AnswerOffer {offer_id} {accept}",
                 lambda: side.rules.answer_offer(actor, offer_id, accept),
                 lambda c: c.monitor.AnswerOffer(monitor_pb2.AnswerOfferRequest(
                     offer_id=offer_id, accept=accept)))
        assert all(o.answer or o in side.rules.offers for o in waiting)

    def withdraw_offer(self, side, offer):
        self.log.append(f"{side.name}: the offer to {offer.user} is withdrawn")
        side.rules.offers.remove(offer)
        offer.future.cancel()
        self.wait_for(lambda: offer.id not in [
            o.id for o in self.situation(side, offer.user).offers])

    def expect_answers(self, side, before):
        """Whoever offered has been answered, as soon as it was over."""
        for offer in before:
            if offer.answer and offer.future:
                answer = offer.future.result(timeout=10).answer
                assert calls_pb2.OfferCallResponse.Answer.Name(answer) == offer.answer
                self.seen["offer", offer.answer] += 1

    @staticmethod
    def wait_for(condition):
        deadline = time.monotonic() + 10
        while not (value := condition()):
            assert time.monotonic() < deadline, "it does not come about"
            time.sleep(0.005)
        return value

    # --- calls ---

    def create(self, side):
        actor, call = self.manager(), self.random.choice(CALLS)
        agent = self.random.choice(("ann", "amy", "ann", "amy", "sue", "adam", "stranger"))
        recording = self.random.choice(("", "two", "mix"))
        description = calls_pb2.CallDescription(
            id=call, agent=media(address_of("agent"), 4000), agent_user=agent,
            customer=media(address_of("customer"), 5000),
            recording=TARGETS[recording] if recording else None)
        self.ask(side, actor, f"CreateCall {call} {agent} {recording}",
                 lambda: side.rules.create_call(actor, call, agent, recording),
                 lambda c: c.calls.CreateCall(calls_pb2.CreateCallRequest(call=description)))

    def delete(self, side):
        actor, call = self.manager(), self.call_id(side)
        self.ask(side, actor, f"DeleteCall {call}", lambda: side.rules.delete_call(actor, call),
                 lambda c: c.calls.DeleteCall(calls_pb2.DeleteCallRequest(call_id=call)))

    def transfer(self, side):
        actor, call = self.manager(), self.call_id(side)
        agent = self.random.choice((*ROLES, "stranger"))
        self.ask(side, actor, f"TransferCall {call} {agent}",
                 lambda: side.rules.transfer(actor, call, agent),
                 lambda c: c.calls.TransferCall(calls_pb2.TransferCallRequest(
                     call_id=call, agent_user=agent)))

    def record(self, side):
        actor, call = self.manager(), self.call_id(side)
        verb = self.random.choice(("Start", "Pause", "Resume", "Stop"))
        target = self.random.choice(("two", "mix"))
        request = getattr(calls_pb2, f"{verb}RecordingRequest")(call_id=call)
        if verb == "Start":
            request.target.CopyFrom(TARGETS[target])
        self.ask(side, actor, f"{verb}Recording {call} {target}",
                 lambda: side.rules.record(actor, call, verb, target),
                 lambda c: getattr(c.calls, f"{verb}Recording")(request))

    # --- people and settings ---

    def set_presence(self, side, actor, user, dashboard, desktop, state):
        self.ask(side, actor, f"SetPresence {user} {dashboard} {desktop} {state}",
                 lambda: side.rules.set_presence(actor, user, dashboard, desktop, state),
                 lambda c: c.directory.SetPresence(directory_pb2.SetPresenceRequest(
                     presence=directory_pb2.Presence(
                         user_id=user, dashboard=LOGINS[dashboard], desktop=LOGINS[desktop],
                         state=state))))

    def presence(self, side):
        user = self.random.choice((*ROLES, "nobody"))
        actor = user if self.maybe(0.3) else self.random.choice(("", "adam", "ann", "sue"))
        if self.maybe(0.7):
            self.set_presence(side, actor, user, True, True, directory_pb2.ONLINE)
        else:
            self.set_presence(side, actor, user, self.maybe(0.7), self.maybe(0.7),
                              self.random.choice((directory_pb2.OFFLINE, directory_pb2.ONLINE,
                                                  directory_pb2.AWAY,
                                                  directory_pb2.DO_NOT_DISTURB)))

    def change_user(self, side, actor, user, role, roles, toggle):
        self.ask(side, actor, f"PutUser {user} {role} {sorted(roles)} {toggle}",
                 lambda: side.rules.put_user(actor, user, role, roles, toggle),
                 lambda c: c.put_user(user, role, security_roles=sorted(roles),
                                      call_monitor_access=toggle))

    def put_user(self, side):
        user = self.random.choice(list(ROLES))
        role = ROLES[user] if self.maybe(0.7) else self.random.choice((AGENT, SUPERVISOR, ADMIN))
        self.change_user(side, self.manager(), user, role, self.some(SECURITY_ROLES, 0.3),
                         self.maybe(0.7))

    def delete_user(self, side):
        actor, user = self.manager(), self.random.choice((*ROLES, "nobody"))
        self.ask(side, actor, f"DeleteUser {user}", lambda: side.rules.delete_user(actor, user),
                 lambda c: c.directory.DeleteUser(directory_pb2.DeleteUserRequest(user_id=user)))

    def put_role(self, side):
        actor, role = self.manager(), self.random.choice(SECURITY_ROLES)
        self.ask(side, actor, f"PutSecurityRole {role}", lambda: side.rules.put_role(actor, role),
                 lambda c: c.directory.PutSecurityRole(directory_pb2.PutSecurityRoleRequest(
                     security_role=directory_pb2.SecurityRole(id=role, name=role))))

    def delete_role(self, side):
        actor, role = self.manager(), self.random.choice(SECURITY_ROLES)
        self.ask(side, actor, f"DeleteSecurityRole {role}",
                 lambda: side.rules.delete_role(actor, role),
                 lambda c: c.directory.DeleteSecurityRole(directory_pb2.DeleteSecurityRoleRequest(
                     security_role_id=role)))

    def put_extension(self, side):
        actor, extension = self.manager(), self.random.choice(EXTENSIONS)
        user = self.random.choice((*ROLES, "", "nobody"))
        consented = self.maybe(0.7)
        self.ask(side, actor, f"PutExtension {extension} {user} {consented}",
                 lambda: side.rules.put_extension(actor, extension, user, consented),
                 lambda c: c.put_extension(extension, user, consented=consented))

    def delete_extension(self, side):
        actor, extension = self.manager(), self.random.choice(EXTENSIONS)
        self.ask(side, actor, f"DeleteExtension {extension}",
                 lambda: side.rules.delete_extension(actor, extension),
                 lambda c: c.directory.DeleteExtension(directory_pb2.DeleteExtensionRequest(
                     extension_id=extension)))

    def set_access(self, side):
        extension = self.random.choice((*EXTENSIONS, *EXTENSIONS, "999"))
        known = side.rules.extensions.get(extension)
        actor = self.manager() if self.maybe(0.6) else self.actor(side, known and known.user)
        version = known.version if known and self.maybe(0.9) else self.random.randrange(4)
        users, roles = (*ROLES, "nobody") if self.maybe(0.1) else side.rules.users, \
            ("agent", "supervisor", *side.rules.roles)
        entries = (roles, users)
        lists = {side_: self.some(entries[n % 2]) for n, side_ in enumerate(SIDES)}
        for kind in ("roles", "users"):
            lists[f"excluded_{kind}"] -= lists[f"included_{kind}"]
        self.ask(side, actor, f"SetAccess {extension} v{version} "
                 + " ".join(f"{k}:{','.join(sorted(v))}" for k, v in lists.items()),
                 lambda: side.rules.set_access(actor, extension, version, lists),
                 lambda c: c.access.SetAccess(access_pb2.SetAccessRequest(
                     settings=access_pb2.AccessSettings(
                         extension_id=extension, version=version,
                         monitoring=access_pb2.AccessList(**{
                             key: sorted(value) for key, value in lists.items()})))))

    def set_consent(self, side):
        extension = self.random.choice(EXTENSIONS)
        known = side.rules.extensions.get(extension)
        actor = self.actor(side, known and known.user or "adam")
        consented = self.maybe(0.8)
        self.ask(side, actor, f"SetConsent {extension} {consented}",
                 lambda: side.rules.set_consent(actor, extension, consented),
                 lambda c: c.access.SetConsent(access_pb2.SetConsentRequest(
                     extension_id=extension, consented=consented)))

    def save_settings(self, side, actor, version, accepted, required, widened, edit_own):
        self.ask(side, actor, f"SetOrganisationSettings v{version} {accepted} {required} "
                 f"{widened} {edit_own}",
                 lambda: side.rules.set_settings(actor, version, accepted, required, widened,
                                                 edit_own),
                 lambda c: c.access.SetOrganisationSettings(
                     access_pb2.SetOrganisationSettingsRequest(
                         settings=access_pb2.OrganisationSettings(
                             version=version, consent_accepted=accepted,
                             consent_of_users_required=required,
                             supervisors_monitor_by_default=widened,
                             users_edit_own_access=edit_own))))

    def set_settings(self, side):
        version = side.rules.version if self.maybe(0.9) else 0
        self.save_settings(side, self.manager(), version, self.maybe(0.8), self.maybe(0.3),
                           self.maybe(0.7), self.maybe(0.5))

    def turn(self, side, actor, off):
        answer, predicted = self.ask(
            side, actor, f"SetMonitoring {off}", lambda: side.rules.set_monitoring(actor, off),
            lambda c: c.admin.SetMonitoring(admin_pb2.SetMonitoringRequest(
                organisation_id=side.name, off=off)))
        if answer:
            assert answer.ended == predicted

    def throw_switch(self, side):
        self.turn(side, self.random.choice(("", "", "adam", "nobody")), self.maybe(0.4))

    def mend(self, side):
        """Much of the rest wants things to be in order: put something right again."""
        rules = side.rules
        wrong = [user for user in ROLES if user not in rules.users or
                 rules.users[user].role != ROLES[user]]
        out = [u.id for u in rules.users.values() if not u.dashboard or not u.desktop or
               u.presence != directory_pb2.ONLINE]
        if rules.off:
            self.turn(side, "", False)
        elif not rules.accepted:
            self.save_settings(side, "", rules.version, True, False, True, True)
        elif wrong:
            user = self.random.choice(wrong)
            self.change_user(side, "", user, ROLES[user], frozenset(), True)
        for user in out:
            self.set_presence(side, "", user, True, True, directory_pb2.ONLINE)

    # --- either process dies ---

    def settle_hands(self):
        """The data plane keeps raised hands for us, and nobody waits until it does. A transfer to
        the same agent changes nothing, and is waited for."""
        for side in self.sides:
            for call in side.rules.calls.values():
                side.as_("").calls.TransferCall(calls_pb2.TransferCallRequest(
                    call_id=call.id, agent_user=call.agent))

    def kill_controlplane(self, _):
        self.settle_hands()
        self.log.append("the control plane is killed")
        waiting = [o for side in self.sides for o in side.rules.offers]
        self.box.controlplane.kill()
        for offer in waiting:
            assert offer.future.exception(timeout=10).code() == grpc.StatusCode.UNAVAILABLE
        for side in self.sides:
            side.rules.forget_by_restart()
        self.expect_snapshot()
        self.box.controlplane = self.box.lab.start_controlplane()
        self.box.api.wait_until_connected()
        self.seen["killed", "controlplane"] += 1

    def kill_dataplane(self, _):
        self.log.append("the data plane is killed")
        self.box.dataplane.kill()
        self.box.dataplane = self.box.lab.start_dataplane(seats_max=self.seats)
        self.box.api.wait_until_connected()
        calls = sum(len(side.rules.calls) for side in self.sides)
        self.wait_for(lambda: self.box.api.admin.GetStats(
            admin_pb2.GetStatsRequest()).calls == calls)
        self.settle_hands()
        self.seen["killed", "dataplane"] += 1

    def expect_snapshot(self):
        """What the data plane has, in its own words, while there is no control plane."""
        def connect():
            try:
                return DataplaneClient(self.box.lab.dataplane_socket)
            except (ConnectionError, OSError):
                return None  # it has not seen yet that the last one is gone
        client = self.wait_for(connect)
        snapshot = client.snapshot()
        client.close()
        got, wanted = {}, {}
        for call in snapshot:
            context = context_pb2.CallContext.FromString(call.context)
            users = {session.leg_id: session.user for session in context.sessions}
            got[context.organisation, context.id] = context.agent_user, sorted(
                (leg.role, leg.mode, tuple(leg.records), users.get(leg.id, ""))
                for leg in call.legs)
        for side in self.sides:
            for call in side.rules.calls.values():
                wanted[side.name, call.id] = call.agent, sorted(self.wire_legs(call))
        assert got == wanted

    @staticmethod
    def wire_legs(call):
        agent, customer = dataplane_pb2.ROLE_AGENT, dataplane_pb2.ROLE_CUSTOMER
        yield agent, 0, (), ""
        yield customer, 0, (), ""
        for session in call.sessions:
            yield dataplane_pb2.ROLE_MONITOR, session.mode, (), session.user
        for records in {"": (), "two": ((agent,), (customer,)),
                        "mix": ((agent, customer),)}[call.recording]:
            yield dataplane_pb2.ROLE_RECORDER, 0, () if call.paused else records, ""

    # --- both planes are where the rules say ---

    @staticmethod
    def rows(call):
        """Who hears whom on this call."""
        modes = [session.mode for session in call.sessions]
        yield "agent", {"customer"} | {"monitor" for m in modes if m in HEARD_BY_AGENT}
        yield "customer", {"agent"} | {"monitor" for m in modes if m in HEARD_BY_CUSTOMER}
        for _ in modes:
            yield "monitor", {"agent", "customer"}
        for heard in {"": (), "two": ({"agent"}, {"customer"}),
                      "mix": ({"agent", "customer"},)}[call.recording]:
            yield "recorder", set() if call.paused else heard

    def expect_dataplane(self, side):
        client = side.as_("")
        asked = [(call, client.admin._stub.GetStats.future(
            admin_pb2.GetStatsRequest(call_id=call.id), metadata=client.metadata(""), timeout=10))
            for call in side.rules.calls.values()]
        for call, future in asked:
            got = sorted((leg.role, sorted(leg.hears)) for leg in future.result().legs)
            wanted = sorted((role, sorted(hears)) for role, hears in self.rows(call))
            assert got == wanted, f"{side.name} {call.id}: {got}, not {wanted}"
            self.seen["monitors", len(call.sessions)] += 1

    def expect_list(self, side):
        """The list as it is shown to somebody, with why they cannot join each call."""
        rules, viewer = side.rules, self.random.choice(("", "sue", "sam", "adam"))
        answer, _ = self.ask(side, viewer, "ListCalls", lambda: rules.viewer(viewer),
                             lambda c: c.calls.ListCalls(calls_pb2.ListCallsRequest()))
        self.log.pop()
        if answer is None:
            return
        viewed = rules.users.get(viewer)
        of_viewer = set(names(answer.viewer_blocked))
        assert [c.id for c in answer.calls] == list(rules.calls)
        for shown in answer.calls:
            call = rules.calls[shown.id]
            got = (shown.agent_user, [(s.id, s.user, s.mode, s.invited) for s in shown.monitors],
                   shown.hand.attended_by if shown.HasField("hand") else None, shown.recording)
            recording = (calls_pb2.RECORDING_STATE_OFF if not call.recording else
                         calls_pb2.RECORDING_STATE_PAUSED if call.paused else
                         calls_pb2.RECORDING_STATE_ON)
            wanted = (call.agent, [(s.id, s.user, s.mode, s.invited) for s in call.sessions],
                      call.hand, recording)
            assert got == wanted, f"{side.name} {call.id}: {got}, not {wanted}"
            if viewed:
                assert set(names(shown.blocked)) | of_viewer == rules.blocked(viewed, call)

    def expect_situation(self, side):
        """What somebody sees of themselves."""
        if not side.rules.users:
            return
        user = self.random.choice(list(side.rules.users))
        rules, shown = side.rules, self.situation(side, user)
        assert {c.call_id: (c.hand.attended_by if c.HasField("hand") else None,
                            [(m.user, m.mode) for m in c.monitors]) for c in shown.calls} == {
            c.id: (c.hand, [(s.user, s.mode) for s in c.sessions])
            for c in rules.calls.values() if c.agent == user}
        assert {i.id for i in shown.invitations} == {
            i.id for i in rules.invitations if user in (i.user, i.call.agent)}
        session = rules.session_of(user)
        assert shown.session.id == (session.id if session else "")
        assert {o.id for o in shown.offers} == {o.id for o in rules.offers if o.user == user}

    # --- walking ---

    def set_up(self):
        self.kill_dataplane(None)  # it comes back with as many seats as there are to be
        for side in self.sides:
            side.as_("").put_organisation()
            self.mend(side)
            for user in ROLES:
                self.change_user(side, "", user, ROLES[user], frozenset(), True)
            self.mend(side)

    def step(self, number):
        step, = self.random.choices(list(self.steps), self.steps.values())
        side = self.random.choice(self.sides)
        waiting = list(side.rules.offers)
        step(side)
        self.expect_answers(side, waiting)
        for checked in self.sides if step in (self.kill_controlplane, self.kill_dataplane) \
                else (side,):
            self.expect_dataplane(checked)
            self.expect_list(checked)
        if number % 5 == 0:
            self.expect_situation(side)

    def run(self):
        number = 0
        try:
            self.set_up()
            for number in range(STEPS):
                self.step(number)
        except BaseException:
            print(f"BRIDGETAP_RANDOM_SEED={SEED}, step {number} of {STEPS}; the last of them:")
            print("\n".join(self.log[-30:]))
            raise


@pytest.mark.parametrize("seats", (3, 5))
def test_any_sequence_of_requests_is_answered_and_carried_out_by_the_rules(appliance, seats):
    walk = Walk(appliance, seats)
    walk.run()
    print("\n".join(f"{key}: {count}" for key, count in sorted(walk.seen.items(), key=str)))
    if (STEPS, SEED) != USUAL:
        return
    for method in ("Join", "SwitchMode", "Leave", "RaiseHand", "LowerHand", "Invite",
                   "AcceptInvitation", "AnswerOffer", "TransferCall", "CreateCall", "DeleteCall",
                   "PutUser", "DeleteUser", "SetAccess", "SetConsent", "SetMonitoring"):
        assert walk.seen[method, "OK"], f"{method} has never succeeded"
    assert walk.seen["monitors", seats - 2] and not walk.seen["monitors", seats - 1]
    for reason in common_pb2.ReasonCode.keys()[1:]:
        assert walk.seen[reason], f"{reason} has never come up"
    assert walk.seen["killed", "controlplane"] and walk.seen["killed", "dataplane"] > 1

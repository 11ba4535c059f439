# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The rules of the call monitor once more, in the plainest way, for tests to predict answers by.
Each method does what a request would, or raises Refused with the code and reasons it must get."""

from api import ADMIN, AGENT, BARGE, LISTEN, SUPERVISOR, WHISPER
from bridgetap.v1 import directory_pb2

MODES = (LISTEN, WHISPER, BARGE)
OFFERS_MAX = 8
ROLE_IDS = {AGENT: "agent", SUPERVISOR: "supervisor", ADMIN: "admin"}
SIDES = ("included_roles", "included_users", "excluded_roles", "excluded_users")


class Refused(Exception):
    def __init__(self, code, reasons=()):
        super().__init__(code)
        self.code, self.reasons = code, frozenset(reasons)


def refuse_if(reasons):
    """A right that is missing is another status than a state that will pass."""
    if reasons:
        raise Refused("PERMISSION_DENIED" if "NOT_PERMITTED" in reasons
                      else "FAILED_PRECONDITION", reasons)


def permit_if(condition):
    refuse_if(() if condition else {"NOT_PERMITTED"})


class User:
    def __init__(self, user_id):
        self.id = user_id
        self.dashboard = self.desktop = False
        self.presence = directory_pb2.OFFLINE
        self.role, self.roles, self.toggle = AGENT, frozenset(), False

    def all_roles(self):
        return self.roles | {ROLE_IDS[self.role]}


class Extension:
    def __init__(self):
        self.user, self.consented, self.version = "", False, 0
        self.lists = {side: frozenset() for side in SIDES}


class Call:
    def __init__(self, call_id, agent, recording):
        self.id, self.agent, self.recording = call_id, agent, recording  # "", "two" or "mix"
        self.paused = False
        self.hand = None  # "" while nobody attends, then who does
        self.sessions = []


class Session:
    def __init__(self, call, user, mode, invited):
        self.id, self.call, self.user, self.mode, self.invited = None, call, user, mode, invited


class Invitation:
    def __init__(self, call, user, mode):
        self.id, self.call, self.user, self.mode = None, call, user, mode


class Offer:
    def __init__(self, user):
        self.id, self.user, self.answer, self.future = None, user, None, None


class Organisation:
    def __init__(self, seats):
        self.seats = seats
        self.users, self.extensions, self.roles = {}, {}, set()
        self.calls, self.ended, self.invitations, self.offers = {}, {}, [], []
        self.off = False
        self.version = 0
        self.accepted = self.required = self.widened = self.edit_own = False

    # --- who asks ---

    def known(self, actor):
        """None for the organisation itself."""
        if actor and actor not in self.users:
            raise Refused("NOT_FOUND")
        return self.users[actor] if actor else None

    def person(self, actor):
        user = self.known(actor)
        if user is None:
            raise Refused("INVALID_ARGUMENT")
        return user

    def management(self, actor):
        user = self.known(actor)
        permit_if(user is None or user.role == ADMIN)

    def viewer(self, actor):
        user = self.known(actor)
        permit_if(user is None or user.role != AGENT)
        return user

    # --- what holds ---

    def extension_of(self, user_id):
        return next((e for e in self.extensions.values() if user_id and e.user == user_id), None)

    def session_of(self, user_id):
        return next((s for s in self.sessions() if s.user == user_id), None)

    def sessions(self):
        return [s for call in self.calls.values() for s in call.sessions]

    def find_session(self, session_id):
        return self.find(self.sessions(), session_id)

    @staticmethod
    def find(things, thing_id):
        for thing in things:
            if thing.id == thing_id:
                return thing
        raise Refused("NOT_FOUND")

    def call(self, call_id):
        if call_id not in self.calls:
            raise Refused("NOT_FOUND")
        return self.calls[call_id]

    def lets_monitor(self, call, user):
        """M17, M18: the extension's lists first, then the default."""
        extension = self.extension_of(call.agent)
        if extension is not None:
            lists = extension.lists
            if user.id in lists["excluded_users"] or user.all_roles() & lists["excluded_roles"]:
                return False
            if user.id in lists["included_users"] or user.all_roles() & lists["included_roles"]:
                return True
        return user.role == ADMIN or (user.role == SUPERVISOR and self.widened)

    def missing_by_right(self, user, call):
        """M1, M17; the agent of the call is in another seat already."""
        if user.role == AGENT or user.id == call.agent or not self.lets_monitor(call, user):
            return {"NOT_PERMITTED"}
        return set()

    def missing_as_guest(self, user, call):
        """M11."""
        invitable = user.role == AGENT and user.toggle and user.id != call.agent
        return set() if invitable else {"NOT_PERMITTED"}

    def missing_for_call(self, call):
        """M21, M22."""
        reasons = {"ORGANISATION_DISABLED"} if self.off else set()
        extension = self.extension_of(call.agent)
        consented = extension is not None and extension.consented
        if not self.accepted or (self.required and not consented):
            reasons.add("CONSENT_MISSING")
        return reasons

    def missing_to_enter(self, user, call):
        """M4, M6, and one call at a time."""
        reasons = self.missing_for_call(call)
        if not user.dashboard:
            reasons.add("DASHBOARD_LOGGED_OUT")
        if not user.desktop:
            reasons.add("DESKTOP_LOGGED_OUT")
        if user.presence != directory_pb2.ONLINE:
            reasons.add("NOT_ONLINE")
        if len(call.sessions) + 2 >= self.seats:
            reasons.add("CALL_FULL")
        if self.session_of(user.id):
            reasons.add("ALREADY_MONITORING")
        return reasons

    def blocked(self, user, call):
        return self.missing_by_right(user, call) | self.missing_to_enter(user, call)

    def missing_to_stay(self, user, call, invited):
        own = self.missing_as_guest if invited else self.missing_by_right
        return own(user, call) | self.missing_for_call(call)

    # --- what ends ---

    def end(self, session):
        session.call.sessions.remove(session)
        if session.call.hand == session.user:
            session.call.hand = None
        self.release(session.user)

    def release(self, user_id, answer="NOT_MONITORING"):
        for offer in [o for o in self.offers if o.user == user_id]:
            offer.answer = answer
            self.offers.remove(offer)

    def enforce(self):
        """Whoever has lost the right is out at once."""
        def may_stay(user_id, call, invited):
            user = self.users.get(user_id)
            return user is not None and not self.missing_to_stay(user, call, invited)
        for session in self.sessions():
            if not may_stay(session.user, session.call, session.invited):
                self.end(session)
        self.invitations = [i for i in self.invitations if may_stay(i.user, i.call, True)]

    def forget_by_restart(self):
        """Presence, invitations and offers are not kept."""
        for user in self.users.values():
            user.dashboard = user.desktop = False
            user.presence = directory_pb2.OFFLINE
        self.invitations, self.offers, self.ended = [], [], {}

    # --- Monitor ---

    def enter(self, call, user, mode, invited):
        session = Session(call, user.id, mode, invited)
        call.sessions.append(session)
        if call.hand == "":
            call.hand = user.id
        return session

    def join(self, actor, call_id, mode):
        user = self.person(actor)
        if call_id not in self.calls and call_id in self.ended:
            refuse_if(self.blocked(user, self.ended[call_id]) | {"CALL_ENDED"})
        call = self.call(call_id)
        if mode not in MODES:
            raise Refused("INVALID_ARGUMENT")
        refuse_if(self.blocked(user, call))
        return self.enter(call, user, mode, False)

    def check_join(self, actor, call_id):
        user = self.person(actor)
        if call_id in self.calls:
            return self.blocked(user, self.calls[call_id])
        if call_id in self.ended:
            return self.blocked(user, self.ended[call_id]) | {"CALL_ENDED"}
        raise Refused("NOT_FOUND")

    def switch(self, actor, session_id, mode):
        user = self.person(actor)
        session = self.find_session(session_id)
        if mode not in MODES:
            raise Refused("INVALID_ARGUMENT")
        reasons = self.missing_to_stay(user, session.call, session.invited)
        refuse_if(reasons | (set() if session.user == actor else {"NOT_PERMITTED"}))
        session.mode = mode

    def leave(self, actor, session_id):
        user = self.person(actor)
        session = self.find_session(session_id)
        permit_if(session.user == actor or user.role == ADMIN)
        self.end(session)

    def own_call(self, actor, call_id):
        self.person(actor)
        call = self.call(call_id)
        permit_if(call.agent == actor)
        return call

    def raise_hand(self, actor, call_id):
        call = self.own_call(actor, call_id)
        if call.hand is None:
            call.hand = call.sessions[0].user if call.sessions else ""

    def lower_hand(self, actor, call_id):
        self.own_call(actor, call_id).hand = None

    def invitable(self, actor, call_id):
        call = self.own_call(actor, call_id)
        return {u.id: self.missing_to_enter(u, call) for u in self.users.values()
                if not self.missing_as_guest(u, call)}

    def invite(self, actor, call_id, guest, mode):
        self.person(actor)
        call = self.call(call_id)
        if guest not in self.users:
            raise Refused("NOT_FOUND")
        user = self.users[guest]
        reasons = self.missing_as_guest(user, call) | self.missing_to_enter(user, call)
        refuse_if(reasons | (set() if call.agent == actor else {"NOT_PERMITTED"}))
        if any(i.call is call and i.user == guest for i in self.invitations):
            raise Refused("ALREADY_EXISTS")
        self.invitations.append(Invitation(call, guest, mode))
        return self.invitations[-1]

    def withdraw(self, actor, invitation_id):
        self.person(actor)
        invitation = self.find(self.invitations, invitation_id)
        permit_if(invitation.call.agent == actor)
        self.invitations.remove(invitation)

    def decline(self, actor, invitation_id):
        self.person(actor)
        invitation = self.find(self.invitations, invitation_id)
        permit_if(invitation.user == actor)
        self.invitations.remove(invitation)

    def accept(self, actor, invitation_id, mode):
        user = self.person(actor)
        invitation = self.find(self.invitations, invitation_id)
        permit_if(invitation.user == actor)
        mode = mode or invitation.mode
        if mode not in MODES or invitation.mode not in (0, mode):
            raise Refused("INVALID_ARGUMENT")
        refuse_if(self.missing_as_guest(user, invitation.call) |
                  self.missing_to_enter(user, invitation.call))
        self.invitations.remove(invitation)
        return self.enter(invitation.call, user, mode, True)

    def answer_offer(self, actor, offer_id, accept):
        self.person(actor)
        offer = self.find(self.offers, offer_id)
        permit_if(offer.user == actor)
        self.offers.remove(offer)
        offer.answer = "ACCEPTED" if accept else "REJECTED"
        if accept and self.session_of(actor):
            self.end(self.session_of(actor))

    # --- Calls ---

    def create_call(self, actor, call_id, agent, recording):
        self.management(actor)
        if call_id in self.calls:
            raise Refused("ALREADY_EXISTS")
        self.calls[call_id] = Call(call_id, agent, recording)

    def delete_call(self, actor, call_id):
        self.management(actor)
        call = self.call(call_id)
        for session in list(call.sessions):
            self.end(session)
        self.invitations = [i for i in self.invitations if i.call is not call]
        self.ended[call_id] = self.calls.pop(call_id)

    def transfer(self, actor, call_id, agent):
        self.management(actor)
        call = self.call(call_id)
        if call.agent == agent:
            return
        call.agent, call.hand = agent, None
        self.invitations = [i for i in self.invitations if i.call is not call]
        for session in list(call.sessions):
            if not self.lets_monitor(call, self.users[session.user]):
                self.end(session)
        self.enforce()

    def record(self, actor, call_id, verb, target=None):
        self.management(actor)
        call = self.call(call_id)
        if verb == "Start" and call.recording:
            raise Refused("ALREADY_EXISTS")
        if verb != "Start" and not call.recording or (verb == "Pause" and call.paused) or (
                verb == "Resume" and not call.paused):
            raise Refused("FAILED_PRECONDITION")
        call.recording = {"Start": target, "Stop": ""}.get(verb, call.recording)
        call.paused = verb == "Pause"

    def offer_call(self, actor, user_id):
        self.management(actor)
        if user_id not in self.users:
            raise Refused("NOT_FOUND")
        offer = Offer(user_id)
        if not self.session_of(user_id):
            offer.answer = "NOT_MONITORING"
        elif sum(o.user == user_id for o in self.offers) >= OFFERS_MAX:
            raise Refused("RESOURCE_EXHAUSTED")
        else:
            self.offers.append(offer)
        return offer

    # --- Directory, Access, Admin ---

    def set_presence(self, actor, subject, dashboard, desktop, presence):
        user = self.known(actor)
        permit_if(user is None or user.role == ADMIN or actor == subject)
        if subject not in self.users:
            raise Refused("NOT_FOUND")
        user = self.users[subject]
        user.dashboard, user.desktop, user.presence = dashboard, desktop, presence

    def put_user(self, actor, user_id, role, roles, toggle):
        self.management(actor)
        if not roles <= self.roles:
            raise Refused("INVALID_ARGUMENT")
        user = self.users.setdefault(user_id, User(user_id))
        user.role, user.roles, user.toggle = role, frozenset(roles), toggle
        self.enforce()

    def delete_user(self, actor, user_id):
        self.management(actor)
        if user_id not in self.users:
            raise Refused("NOT_FOUND")
        del self.users[user_id]
        for extension in self.extensions.values():
            if extension.user == user_id:
                extension.user, extension.consented = "", False
        self.forget("users", user_id)
        self.enforce()

    def put_role(self, actor, role_id):
        self.management(actor)
        self.roles.add(role_id)

    def delete_role(self, actor, role_id):
        self.management(actor)
        if role_id not in self.roles:
            raise Refused("NOT_FOUND")
        self.roles.remove(role_id)
        for user in self.users.values():
            user.roles -= {role_id}
        self.forget("roles", role_id)
        self.enforce()

    def forget(self, kind, entry):
        """An id that is used again inherits nothing."""
        for extension in self.extensions.values():
            before = dict(extension.lists)
            for side in SIDES:
                if side.endswith(kind):
                    extension.lists[side] -= {entry}
            extension.version += before != extension.lists

    def put_extension(self, actor, extension_id, user_id, consented):
        self.management(actor)
        owned = self.extension_of(user_id)
        if user_id and (user_id not in self.users or
                        owned not in (None, self.extensions.get(extension_id))):
            raise Refused("INVALID_ARGUMENT")
        extension = self.extensions.setdefault(extension_id, Extension())
        extension.user, extension.consented = user_id, consented
        self.enforce()

    def delete_extension(self, actor, extension_id):
        self.management(actor)
        if extension_id not in self.extensions:
            raise Refused("NOT_FOUND")
        del self.extensions[extension_id]
        self.enforce()

    def set_access(self, actor, extension_id, version, lists):
        user = self.known(actor)
        if extension_id not in self.extensions:
            raise Refused("NOT_FOUND")
        extension = self.extensions[extension_id]
        permit_if(user is None or user.role == ADMIN or
                  (self.edit_own and extension.user == actor))
        if version != extension.version:
            raise Refused("ABORTED")
        for side, entries in lists.items():
            there = self.users if side.endswith("users") else self.roles | set(ROLE_IDS.values())
            if not entries <= set(there):
                raise Refused("INVALID_ARGUMENT")
        extension.version, extension.lists = version + 1, dict(lists)
        self.enforce()

    def set_consent(self, actor, extension_id, consented):
        user = self.known(actor)
        if extension_id not in self.extensions:
            raise Refused("NOT_FOUND")
        extension = self.extensions[extension_id]
        permit_if(user is None or user.role == ADMIN or extension.user == actor)
        extension.consented = consented
        self.enforce()

    def set_settings(self, actor, version, accepted, required, widened, edit_own):
        self.management(actor)
        if version != self.version:
            raise Refused("ABORTED")
        self.version += 1
        self.accepted, self.required = accepted, required
        self.widened, self.edit_own = widened, edit_own
        self.enforce()

    def set_monitoring(self, actor, off):
        """The number of monitors whom it ends."""
        permit_if(self.known(actor) is None)
        before = len(self.sessions())
        self.off = off
        self.enforce()
        return before - len(self.sessions())

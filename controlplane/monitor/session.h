/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_SESSION_H
#define BRIDGETAP_MONITOR_SESSION_H

#include "monitor/call.h"
#include "monitor/invitation.h"
#include "monitor/notice.h"

/* Monitoring: a user on a call in a mode. Functions that can say no return 0 or `refusal`'s
 * -errno, and then have changed nothing. */

/* As it goes to the data plane. */
enum mode { MODE_NONE, MODE_LISTEN, MODE_WHISPER, MODE_BARGE };

struct session {
	UT_hash_handle hh;	     /* by id, in its organisation */
	UT_hash_handle by_user;	     /* likewise: a user monitors one call at a time */
	struct session *next, *prev; /* of its call */
	struct call *call;
	char id[RANDOM_ID_SIZE];
	char *user;
	enum mode mode;
	enum mode in_force; /* what was followed last, while there are undecided switches */
	unsigned undecided;
	bool joined;			 /* the media plane has followed */
	bool invited;			 /* by the agent of the call */
	bool announced;			 /* the agent of the call has been told of them */
	char invitation[RANDOM_ID_SIZE]; /* that is being accepted by it; "" for none */
	struct leg leg;
	uint64_t joined_ms;
};

struct session *session_find(const struct organisation *organisation, const char *id);

/* What a user monitors; NULL for nothing. */
struct session *session_of_user(const struct organisation *organisation, const char *user);

/* `user` takes the third seat of `call`. */
int session_join(struct call *call, const struct user *user, enum mode mode,
	const struct media *media, uint64_t now_ms, struct session **session,
	struct refusal *refusal);

/* `user` accepts an invitation. `mode` may be MODE_NONE where the invitation has one. */
int session_join_invited(struct invitation *invitation, const struct user *user, enum mode mode,
	const struct media *media, uint64_t now_ms, struct session **session,
	struct refusal *refusal);

/* The media plane has followed the join: it attends a raised hand, and the invitation it came by
 * ends. Or it has refused it: the session is gone when it returns, the agent was never told of it,
 * and the hand is up, and the invitation open, as they were. */
void session_join_end(struct session *session, bool followed);

/* `user`, whose session it must be, changes its mode. */
int session_switch(
	struct session *session, const struct user *user, enum mode mode, struct refusal *refusal);

/* The media plane has followed that switch to `mode`, or, where it is MODE_NONE, has refused it.
 * When all that were under way are decided, and the last was refused, the mode is the one that was
 * followed last. */
void session_switch_end(struct session *session, enum mode mode);

/* Whether `user` may end this session: it is theirs, or they are an admin. */
int session_check_leave(
	const struct session *session, const struct user *user, struct refusal *refusal);

/* The session is gone when it returns; its seat and port are free. The monitor and the agent are
 * told why; `reasons` are those of WHY_RIGHT_LOST. */
void session_end(struct session *session, enum why why, uint32_t reasons);

/* Enter a session that is otherwise complete in its call and the tables. 0 or -ENOMEM. For
 * session.c and restore.c. */
int session_enter(struct session *session);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_SESSION_H
#define BRIDGETAP_MONITOR_SESSION_H

#include "monitor/world.h"

/* Monitoring: a user on a call in a mode. Functions that can say no return 0 or `refusal`'s
 * -errno, and then have changed nothing. */

struct session *session_find(const struct organisation *organisation, const char *id);

/* `user` takes the third seat of `call`. */
int session_join(struct call *call, const struct user *user, enum mode mode,
	const struct media *media, uint64_t now_ms, struct session **session,
	struct refusal *refusal);

/* `user`, whose session it must be, changes its mode. */
int session_switch(
	struct session *session, const struct user *user, enum mode mode, struct refusal *refusal);

/* Whether `user` may end this session: it is theirs, or they are an admin. */
int session_check_leave(
	const struct session *session, const struct user *user, struct refusal *refusal);

/* The session is gone when it returns; its seat and port are free. */
void session_end(struct session *session);

/* Enter a session that is otherwise complete in its call and the tables. 0 or -ENOMEM. For
 * session.c and restore.c. */
int session_enter(struct session *session);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_RESTORE_H
#define BRIDGETAP_MONITOR_RESTORE_H

#include "monitor/session.h"

/* Calls that went on while the control plane was away: taken back as they are, with the ports,
 * SSRCs and ids that the data plane still has. What was allowed goes on; a monitor whose right was
 * taken away, and whom nobody could tell before the control plane stopped, loses their leg now. */

/* A new call of `organisation`, in no table yet: the caller fills it in, then enters it by
 * call_restore(), or frees it by call_free(). NULL where memory is short. */
struct call *call_new_restored(
	struct organisation *organisation, const char *id, const char *wire_id);

/* Take back the realm (by name) and port of a leg whose other fields are filled in. 0, -ENOENT
 * where there is no such realm, -EBUSY or -ERANGE for the port. */
int leg_restore(struct world *world, struct leg *leg, const char *realm_name, uint16_t local_port);

/* Enter the call. 0, -EEXIST where its id is taken, -ENOMEM. */
int call_restore(struct call *call);

/* Enter a monitor session of a call that was entered; `session` is copied. Where its user has no
 * right to it any more it ends at once, as it would have then. 0 or -ENOMEM. */
int session_restore(struct call *call, const struct session *session, const char *user);

#endif

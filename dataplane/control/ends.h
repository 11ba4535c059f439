/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_ENDS_H
#define BRIDGETAP_CONTROL_ENDS_H

#include "call/call.h"
#include "control/server.h"
#include "control/wire.h"

/* The last statistics of calls that batches end, gathered on their way to the control plane, so
 * that many calls are few messages. Main lcore only. */

#define ENDS_MAX 32 /* calls a message: with all legs they fit in WIRE_MESSAGE_MAX */

struct ended {
	char id[WIRE_ID_MAX + 1];
	unsigned leg_count;
	struct leg_stats legs[CALL_LEGS_MAX];
};

struct ends {
	unsigned count;
	struct ended calls[ENDS_MAX];
};

/* One more; sends those that are there where they are a message full. `stats`, `count` of them, are
 * copied. */
void ends_add(struct ends *ends, struct server *server, const char *id,
	const struct leg_stats *stats, unsigned count);

/* Send those that are there. Where nobody is connected, or memory is short, they are lost. */
void ends_send(struct ends *ends, struct server *server);

#endif

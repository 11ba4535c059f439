/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_LEG_H
#define BRIDGETAP_MONITOR_LEG_H

#include "monitor/call.h"

/* Legs: where the far end is, and what the appliance holds for it. For the files of this folder.
 * `field` is what refusals call it; `recording` asks for a recording realm. 0 or `refusal`. */

/* Whether a leg can be opened to this far end, and the realm that it would be in. */
int leg_check(const struct organisation *organisation, const struct media *media, bool recording,
	const char *field, struct realm **realm, struct refusal *refusal);

/* Give a leg a realm, a port and an SSRC, or take them away. */
int leg_open(struct call *call, struct leg *leg, const struct media *media, bool recording,
	const char *field, struct refusal *refusal);
void leg_close(struct leg *leg);

/* Change where a leg's far end is. What was learned is kept as long as it is still to be learned.
 */
int leg_move(struct call *call, struct leg *leg, const struct media *media, const char *field,
	struct refusal *refusal);

/* After it: somebody else is there than before, and has to be learned anew. */
void leg_hand_over(struct leg *leg, const struct media *media);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_NOTICE_H
#define BRIDGETAP_MONITOR_NOTICE_H

#include <stdint.h>

/* What users are told of (M9, M10, M12, M13), through world.notify. */

struct call;
struct invitation;
struct offer;
struct organisation;
struct session;

/* The numbers of both are those of proto/bridgetap/v1/monitor.proto. */
enum notice_kind {
	NOTICE_MONITOR_JOINED = 1,
	NOTICE_MONITOR_SWITCHED,
	NOTICE_MONITOR_LEFT,
	NOTICE_HAND_RAISED,
	NOTICE_HAND_ATTENDED,
	NOTICE_HAND_LOWERED,
	NOTICE_SESSION_ENDED,
	NOTICE_INVITED,
	NOTICE_INVITATION_ENDED,
	NOTICE_CALL_OFFERED,
	NOTICE_OFFER_ENDED,
};

enum why {
	WHY_NONE,
	WHY_BY_USER,
	WHY_BY_OTHER,
	WHY_CALL_OVER,
	WHY_RIGHT_LOST,
	WHY_OTHER_CALL,
	WHY_TRANSFERRED,
	WHY_ACCEPTED,
	WHY_MEDIA_FAILED,
};

/* Valid while world.notify runs, with all that it points to; NULL for what does not matter. */
struct notice {
	enum notice_kind kind;
	enum why why;
	uint32_t reasons;
	struct organisation *organisation;
	const char *user; /* whom to tell */
	const struct call *call;
	const struct session *session;
	const struct invitation *invitation;
	const struct offer *offer;
};

/* Call world.notify, if the notice has a user. */
void notify(const struct notice *notice);

#endif

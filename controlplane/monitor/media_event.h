/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_MEDIA_EVENT_H
#define BRIDGETAP_MONITOR_MEDIA_EVENT_H

#include <stdint.h>

#include "monitor/call.h"

/* What the data plane tells of a call's media, through world.media. The numbers of both are those
 * of proto/bridgetap/v1/calls.proto. */

enum media_event_kind {
	MEDIA_FIRST_PACKET = 1,
	MEDIA_SOURCE_LEARNED,
	MEDIA_SOURCE_REFUSED,
	MEDIA_SSRC_CHANGED,
	MEDIA_KEY_PRESSED,
	MEDIA_TIMEOUT = 26,
	MEDIA_RESUMED,
	MEDIA_NEVER_STARTED,
	MEDIA_RATE_LIMITED = 50,
};

enum party { PARTY_NONE, PARTY_AGENT, PARTY_CUSTOMER, PARTY_MONITOR };

/* Valid while world.media runs. */
struct media_event {
	enum media_event_kind kind;
	enum party party;
	const struct call *call;
	struct address source; /* all zero where it does not matter */
	uint8_t key;	       /* RFC 4733 section 3.2 */
};

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_TELEPHONE_EVENT_H
#define BRIDGETAP_MEDIA_TELEPHONE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

/* Telephone events, RFC 4733 section 2.3: a pressed key as a payload of its own. All packets of one
 * event have the timestamp at which it began, and say how long it has lasted so far. Pure. */

#define TELEPHONE_EVENT_SIZE 4

struct telephone_event {
	uint8_t code; /* 0 to 9, 10 is *, 11 is #, 12 to 15 are A to D, 16 is flash */
	bool end;
	uint16_t duration; /* so far, in timestamp units */
};

/* Read the payload of a packet. Returns false where it is none: shorter than one event, or not a
 * whole number of them. Of several in one packet this is the first. */
bool telephone_event_parse(const uint8_t *payload, unsigned length, struct telephone_event *event);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/telephone_event.h"

#include "fastpath.h"

#define END 0x80

bool telephone_event_parse(const uint8_t *payload, unsigned length, struct telephone_event *event)
{
	if (length == 0 || length % TELEPHONE_EVENT_SIZE != 0)
		return false;
	event->code = payload[0];
	event->end = payload[1] & END;
	event->duration = (uint16_t)(payload[2] << 8 | payload[3]);
	return true;
}

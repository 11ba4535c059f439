/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/guard_alarm.h"

#include "net/log.h"

static bool tell(struct server *server, uint64_t dropped)
{
	Bridgetap__Dataplane__V1__Event wire = BRIDGETAP__DATAPLANE__V1__EVENT__INIT;
	WireFrom message = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__INIT;

	wire.kind = BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_GUARD_ALARM;
	wire.count = dropped;
	message.message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_EVENT;
	message.event = &wire;
	return server_send(server, &message);
}

void guard_alarm_check(struct guard_alarm *alarm, uint64_t dropped, struct server *server)
{
	uint8_t epoch = server_epoch(server);

	if (dropped != alarm->logged)
		log_error("ALARM: the recording guard stopped %lu packets; the mix is broken, and "
			  "nothing but the guard keeps a supervisor out of the recording",
			(unsigned long)(dropped - alarm->logged));
	alarm->logged = dropped;
	if (epoch != alarm->epoch)
		alarm->told = 0;
	if (dropped != alarm->told && tell(server, dropped)) {
		alarm->told = dropped;
		alarm->epoch = epoch;
	}
}

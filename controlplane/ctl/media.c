/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>

#include "bridgetap/v1/calls.pb-c.h"
#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/legs.h"

/* What happens in the media of calls, one line each. */

typedef Bridgetap__V1__MediaEvent MediaEvent;

static void print_end(const MediaEvent *event)
{
	print_line(stdout, "%s  call %s: ended (%s)", TIME(event->at_ms), event->call_id,
		WORD(bridgetap__v1__call_end_reason__descriptor, event->end_reason));
	print_legs(event->legs, event->n_legs);
}

static void print_of_party(const MediaEvent *event)
{
	print_line(stdout, "%s  call %s: %s: %s%s%s%s%s", TIME(event->at_ms), event->call_id,
		WORD(bridgetap__v1__party__descriptor, event->party),
		WORD(bridgetap__v1__media_event_kind__descriptor, event->kind),
		*event->key != '\0' ? " " : "", event->key, event->source != NULL ? " " : "",
		event->source != NULL ? ADDRESS(event->source) : "");
}

static bool take_message(void *arg, const void *message)
{
	const struct ctl *ctl = arg;
	const MediaEvent *event = message;

	if (ctl->json) {
		ctl_print_json(event);
		return true;
	}
	if (event->missed > 0)
		print_line(stdout, "now  %llu events were left out",
			(unsigned long long)event->missed);
	if (event->kind == BRIDGETAP__V1__MEDIA_EVENT_KIND__MEDIA_ENDED)
		print_end(event);
	else if (event->kind != BRIDGETAP__V1__MEDIA_EVENT_KIND__MEDIA_EVENT_KIND_UNSPECIFIED)
		print_of_party(event);
	fflush(stdout);
	return true;
}

static int media(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__WatchMediaEventsRequest request =
		BRIDGETAP__V1__WATCH_MEDIA_EVENTS_REQUEST__INIT;
	const struct ctl_watch watch = { "Calls.WatchMediaEvents", &request, take_message, NULL,
		ctl };

	if (argc > 0)
		request.call_id = argv[0];
	return ctl_watch(ctl, &watch);
}

const struct ctl_command media_commands[] = {
	{ "media", media, 0, 1, "[CALL]", NULL,
		"Show what happens in the media of calls, until interrupted",
		"  bridgetapctl media c1\n" },
	{ 0 },
};

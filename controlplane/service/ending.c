/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/ending.h"

#include <stdio.h>
#include <string.h>

#include "service/convert_stats.h"
#include "service/media_events.h"

/* The organisation may have been deleted meanwhile, and those who watched it with it. */
static struct organisation *find_organisation(const struct ending *ending)
{
	return organisation_find(ending->services->world, ending->organisation);
}

static void tell_watchers(struct ending *ending, Bridgetap__V1__LegStats **legs, size_t count)
{
	struct organisation *organisation = find_organisation(ending);

	if (organisation != NULL)
		media_events_ended(organisation, ending->call_id, ending->reason, legs, count);
	ending->watchers_told = true;
}

static void call_ended(struct link_waiter *waiter, const Bridgetap__Dataplane__V1__EndedCall *call)
{
	struct ending *ending = (struct ending *)waiter;
	Bridgetap__V1__LegStats **legs = NULL;
	struct arena arena = { 0 };
	size_t count = 0;

	if (ending->watchers_told)
		return;
	legs = encode_leg_stats(&arena, call->legs, call->n_legs, &count);
	if (arena.failed)
		count = 0;
	tell_watchers(ending, legs, count);
	if (ending->told != NULL)
		ending->told(ending, legs, count);
	arena_free(&arena);
}

static void call_gone(struct link_waiter *waiter, int error, const char *sentence)
{
	struct ending *ending = (struct ending *)waiter;

	ending->services->acting = ACTING_ITSELF;
	if (!ending->watchers_told)
		tell_watchers(ending, NULL, 0);
	ending->done(ending, error, sentence);
}

void ending_begin(struct ending *ending, struct call *call)
{
	char wire_id[RANDOM_ID_SIZE];

	memcpy(wire_id, call->wire_id, sizeof(wire_id));
	snprintf(ending->organisation, sizeof(ending->organisation), "%s", call->organisation->id);
	snprintf(ending->call_id, sizeof(ending->call_id), "%s", call->id);
	ending->waiter.done = call_gone;
	ending->waiter.stays = true;
	/* Most of the many that end at once concern nobody. */
	if (ending->told != NULL || media_events_want_statistics(call->organisation))
		ending->waiter.ended = call_ended;
	call_end(call);
	link_change(ending->services->link, wire_id, &ending->waiter);
}

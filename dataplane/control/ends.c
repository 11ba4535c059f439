/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/ends.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/leg_stats.h"

typedef Bridgetap__Dataplane__V1__EndedCall WireEndedCall;

/* One Ended, with room for all that may be in it. */
struct ends_message {
	Bridgetap__Dataplane__V1__Ended ended;
	WireEndedCall calls[ENDS_MAX], *call_list[ENDS_MAX];
	struct leg_stats_message legs[ENDS_MAX][CALL_LEGS_MAX];
	Bridgetap__Dataplane__V1__LegStats *leg_list[ENDS_MAX][CALL_LEGS_MAX];
};

static void fill_call(struct ends_message *message, unsigned i, const struct ended *ended)
{
	WireEndedCall *call = message->call_list[i] = &message->calls[i];

	bridgetap__dataplane__v1__ended_call__init(call);
	call->call_id = (char *)(uintptr_t)ended->id;
	call->legs = message->leg_list[i];
	for (; call->n_legs < ended->leg_count; call->n_legs++) {
		struct leg_stats_message *leg = &message->legs[i][call->n_legs];

		leg_stats_encode(&ended->legs[call->n_legs], leg);
		call->legs[call->n_legs] = &leg->stats;
	}
}

void ends_send(struct ends *ends, struct server *server)
{
	WireFrom from = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__INIT;
	struct ends_message *message = ends->count > 0 ? malloc(sizeof(*message)) : NULL;
	unsigned count = ends->count;

	ends->count = 0;
	if (message == NULL)
		return;
	bridgetap__dataplane__v1__ended__init(&message->ended);
	for (unsigned i = 0; i < count; i++)
		fill_call(message, i, &ends->calls[i]);
	message->ended.n_calls = count;
	message->ended.calls = message->call_list;
	from.message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_ENDED;
	from.ended = &message->ended;
	server_send(server, &from);
	free(message);
}

void ends_add(struct ends *ends, struct server *server, const char *id,
	const struct leg_stats *stats, unsigned count)
{
	struct ended *ended = &ends->calls[ends->count++];

	snprintf(ended->id, sizeof(ended->id), "%s", id);
	ended->leg_count = count;
	memcpy(ended->legs, stats, count * sizeof(*stats));
	if (ends->count == ENDS_MAX)
		ends_send(ends, server);
}

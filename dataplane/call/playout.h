/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_PLAYOUT_H
#define BRIDGETAP_CALL_PLAYOUT_H

#include <stdbool.h>

#include <rte_branch_prediction.h>

#include "call/hear.h"
#include "media/voice.h"

/* How a listener comes by the voices that are not its clock: where in them it reads, by the
 * timelines of its row. The worker that owns the call. */

/* Of a source that has fallen silent: whether the listener has heard how its voice ends. The
 * timeline begins anew with the next one then. */
bool playout_ends(const struct delivery *d, struct term *term) __attribute__((cold));

/* Whether there is nothing to read of the source of a term, because it has fallen silent. */
static inline bool playout_is_over(const struct delivery *d, struct term *term)
{
	return unlikely(is_silent(&legs_of(d->source)[term->source], d->env)) &&
	       playout_ends(d, term);
}

/* Read `voice`, the term's, for the packet, where timeline_runs() says no: d->count ticks to `pcm`.
 * `stream` is the listener's. False where there is nothing to hear. */
bool playout_read(const struct delivery *d, struct term *term, const struct rtp_stream *stream,
	const struct voice *voice, int16_t *pcm);

#endif

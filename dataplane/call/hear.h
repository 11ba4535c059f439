/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_HEAR_H
#define BRIDGETAP_CALL_HEAR_H

#include <stdbool.h>
#include <stdint.h>

#include "call/forward.h"

/* What one listener hears when a packet clocks its stream. The worker that owns the call. */

/* A source that sent nothing for this long is silent: it clocks nobody and is in no mix. Longer
 * than the longest packet and the jitter of a usable network. A new leg has as long to begin, so
 * that after a restart each stream is clocked by whom it was clocked by before. */
#define SILENCE_MS 100

static inline bool is_silent(const struct leg *source, const struct forward_env *env)
{
	return env->now_ms - source->heard_ms > SILENCE_MS + env->away_ms;
}

/* One accepted packet on its way to its listeners. */
struct delivery {
	struct forward_packet *packet;
	struct forward_env *env;
	struct leg *source;
	const int16_t *pcm; /* its samples, decoded when first needed; of a wideband source, of what
			     * stands for a packet that is no voice (call/unvoiced.h), or NULL */
	uint64_t sum;	    /* of its payload's bytes, added up when first needed; 0 before */
	unsigned count;	    /* samples */
	bool again;	    /* the packet has come before */
	int16_t decoded[CODEC_MAX_SAMPLES];
};

/* Put the payload for `listener` at `payload`, which may be the packet's own place, and what its
 * bytes add up to (net/checksum.h) into `sum`; anything where the listener's port adds checksums.
 * Returns the TAINT_ bits of whose voices are in it. */
uint8_t hear_packet(struct delivery *d, struct leg *listener, uint8_t *payload, uint64_t *sum);

#endif

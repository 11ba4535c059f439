/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_GAP_H
#define BRIDGETAP_MEDIA_GAP_H

#include <stdbool.h>
#include <stdint.h>

#include "media/codec.h"
#include "media/pcm_ring.h"

/* What happens where a packet does not follow the newest sample of a ring: what is missing before
 * it is concealed there, for all listeners at once, and gives way if it comes late after all. What
 * did come stays as it is, bit for bit. The same samples stand in a gap that a listener made up for
 * itself while it could not yet know of the packet behind it (media/timeline.h), but for the end,
 * which leads over to that packet. */

/* The newest stretch of a ring that is concealed. All zero: none. Worker-owned, as the ring is. */
struct gap {
	uint32_t from;
	uint16_t length; /* 0: there is none */
};

enum gap_verdict {
	GAP_NONE,      /* the ring begins with this packet */
	GAP_LOST,      /* what should have come before it did not; concealed */
	GAP_LATE,      /* it has filled the place it belongs to */
	GAP_DUPLICATE, /* it was there; nothing was done */
	GAP_TOO_OLD,   /* older than the ring reaches back; nothing was done */
};

/* Write a packet of `count` samples (at most CODEC_MAX_SAMPLES) that pcm_ring_append() has not
 * taken; `hurried` as conceal_begin_after() has it. */
enum gap_verdict gap_write(struct gap *gap, struct pcm_ring *ring, const struct codec *codec,
	uint32_t timestamp, const uint8_t *coded, unsigned count, bool hurried);

#endif

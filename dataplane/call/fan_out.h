/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_FAN_OUT_H
#define BRIDGETAP_CALL_FAN_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "call/hear.h"

/* From one accepted packet to all that leave because of it. The worker that owns the call. */

/* Whether no listener will change to the clock of `source` now. */
static inline bool is_settled(const struct leg *source, const struct forward_env *env)
{
	return (int32_t)(env->now_ms - source->settled_ms) < 0;
}

/* Send what the listeners of a delivery are to hear. Takes the packet's mbuf. */
void fan_out(struct delivery *d);

/* The same to some of them alone: bits of the source's hearers. */
void fan_out_to(struct delivery *d, uint32_t hearers) __attribute__((cold));

/* Send the payload itself to them, by the payload types that they have for it: d->count is how much
 * of the timeline it stands for, its length is its own. The packet's mbuf stays the caller's. */
void fan_out_as_it_is(struct delivery *d, uint32_t hearers) __attribute__((cold));

/* Send them nothing because of the packet, without a gap in their streams. */
void fan_out_nothing(struct delivery *d, uint32_t hearers) __attribute__((cold));

#endif

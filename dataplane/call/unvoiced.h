/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_UNVOICED_H
#define BRIDGETAP_CALL_UNVOICED_H

#include <stdbool.h>
#include <stdint.h>

#include "call/forward.h"

/* Packets of a leg's stream that are no voice, by payload types of their own: telephone events (RFC
 * 4733) and comfort noise (RFC 3389). Parties that understand them get them as they are; to all
 * others goes what they stand for, silence or noise, with the other voices they hear in it.
 * Telephone events go from agent and customer alone to each other, and to a recorder that was given
 * a payload type for them; they never come from a monitor, nor go to one (M30). The worker that
 * owns the call. */

/* Whether the packet, which is not of its leg's codec, is one of these. */
bool unvoiced_accept(const struct forward_packet *packet) __attribute__((cold));

/* When such a packet came, in timestamp units, which it did at `arrival`: where timestamps stand
 * still, what leaves the jitter as it is, unless a stream begins with it. Once its source is known
 * to be right. */
uint32_t unvoiced_arrival(const struct forward_packet *packet, uint32_t arrival)
	__attribute__((cold));

/* As forward_deliver(), of such a packet. */
void unvoiced_deliver(struct forward_packet *packet, struct forward_env *env) __attribute__((cold));

#endif

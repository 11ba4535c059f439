/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_HEAR_WIDE_H
#define BRIDGETAP_CALL_HEAR_WIDE_H

#include "call/hear.h"

/* hear_packet() for a listener where any voice in its row, or what it hears itself, is wideband:
 * all voices are summed as linear samples at the listener's own rate, a narrow one interpolated, a
 * wide one limited to the narrow band, and encoded by what the listener's encoder was left at.
 *
 * While there is nothing to add, a listener with the source's own codec gets its packets untouched.
 * From there to what is encoded here and back the receiver's decoder must not notice, so that no
 * click is heard: its state is that of our own decoder of the source's packets, from which the
 * encoder goes on; and as the way through decoder and encoder takes longer by the codec's delay
 * than what is untouched, the one goes over into the other within a ramp. On the way back the last
 * of the packet is as it came, behind what was encoded to be at the same place. */
uint8_t hear_wide(struct delivery *d, struct leg *listener, uint8_t *payload, uint64_t *sum);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_ADMIT_H
#define BRIDGETAP_CALL_ADMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "call/forward.h"

/* Who may send to a leg, and how much (M32): what only few packets need. The worker that owns the
 * call.
 *
 * A leg that does not learn takes media from the signalled source alone. One that learns takes the
 * signalled source, if there is one, at once and for good. Another source is learned when it has
 * sent LEARN_PACKETS with consecutive sequence numbers, of one SSRC and a payload type of the leg,
 * not faster than they are spoken and with no long gap; while one source is at it, by the length of
 * its packets, others wait.
 * Where the far end before this one sent from is not learned again.
 * The signalled source still takes over from a learned one, once, until the time to learn is over.
 * After that, and after the signalled source has come, nothing changes without a control update.
 *
 * A leg that sends more than `rate_limit` times the packets that its voice needs is held to that
 * rate, after RATE_BURST packets at once. */

#define LEARN_PACKETS 3
#define RATE_BURST    RTP_SOURCE_ROUND

/* Look at a packet that does not come from the source that is open: true where it may pass; else it
 * is dropped. */
bool admit_source(struct forward_packet *packet, struct forward_env *env);

/* Take note of a packet that rtp_source_goes_on() has not: true where it is accepted; else it is
 * dropped. */
bool admit_stream(struct forward_packet *packet, uint32_t arrival, struct forward_env *env);

/* Tell of the source that the leg has learned, until the call's state has it: the event may have
 * been lost, or not have been followed for want of memory. The worker, now and then. */
void admit_tell_learned(const struct leg *leg, struct forward_env *env);

#endif

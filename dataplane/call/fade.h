/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_FADE_H
#define BRIDGETAP_CALL_FADE_H

#include <stdbool.h>
#include <stdint.h>

#include "call/call.h"
#include "media/mix.h"

/* What a listener still hears of voices that have left its row: their next few samples, on their
 * way to silence, in the packet after. There is something while leg.fading is not 0; of a listener
 * in a wide codec it is in its wide side (call/wide.h). The worker that owns the call. */

/* Keep that of a voice that `leg` heard by `term` of the call `old`, which `leg`'s replaces. */
void fade_voice(struct leg *leg, const struct call *old, const struct term *term, uint64_t now_us);

/* Add to it, for a listener in G.711; the caller sets leg.fading. */
void fade_add(struct leg *leg, int16_t pcm[static MIX_RAMP_SAMPLES]);

/* End it. Returns whether it is still time for it; `pcm` has it then, of a listener in G.711. */
bool fade_take(struct leg *leg, uint64_t now_us, int16_t pcm[static MIX_RAMP_SAMPLES]);

/* It goes on in the leg that replaces `old`. */
void fade_take_over(struct leg *leg, const struct leg *old, uint64_t now_us);

#endif

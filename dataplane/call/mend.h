/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_MEND_H
#define BRIDGETAP_CALL_MEND_H

#include "call/forward.h"

/* Write an accepted packet to the ring of its leg where it does not follow the newest sample there:
 * something was lost, it comes late, or the stream has begun anew. Who hears it in a mix is told.
 * The worker that owns the call. */
void mend_voice(const struct forward_packet *packet, struct forward_env *env);

/* Something was lost before an accepted packet, and has been made up for in its leg's ring: tell
 * who hears it in a mix. Likewise. */
void mend_was_lost(const struct forward_packet *packet, struct forward_env *env);

#endif

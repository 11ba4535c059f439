/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_DATAPLANE_LINK_WIRE_H
#define BRIDGETAP_DATAPLANE_LINK_WIRE_H

#include "bridgetap/dataplane/v1/dataplane.pb-c.h"
#include "monitor/world.h"

/* From calls as the control plane knows them to calls as the data plane does, and back. */

typedef Bridgetap__Dataplane__V1__Call WireCall;

/* An Operation that puts `call` as it is now, packed, on the heap; its size into `size`. Its
 * bytes are a function of the call alone. NULL where memory is short. */
uint8_t *wire_pack_put(const struct call *call, size_t *size);

/* An Operation that removes the call of this wire id, likewise. */
uint8_t *wire_pack_remove(const char *wire_id, size_t *size);

/* Whether the data plane's `theirs` is what `call` is now. */
bool wire_equals(const struct call *call, const WireCall *theirs);

/* Take back a call that the data plane has and the control plane does not know of. 0, or -errno
 * with one sentence in `sentence` (`size` bytes) where it cannot be: it should be removed. */
int wire_restore(struct world *world, const WireCall *theirs, char *sentence, size_t size);

/* The data plane will tell anew which legs are silent. */
void wire_forget_silence(struct call *call);

/* Take in what the data plane tells of a leg of `call`, and pass it on to world.media. */
void wire_note_event(struct call *call, const Bridgetap__Dataplane__V1__Event *wire);

#endif

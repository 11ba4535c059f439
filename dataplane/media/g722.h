/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_G722_H
#define BRIDGETAP_MEDIA_G722_H

#include "media/codec.h"

/* ITU-T G.722 at 64 kbit/s, by spandsp: 16,000 samples a second, two to a byte. Its RTP clock is
 * one of 8,000 Hz all the same (RFC 3551 section 4.5.2), so that a byte is a tick. */

#define G722_DELAY 22 /* samples from a coder's input to a decoder's output: the filters' */

extern const struct codec_stateful g722;

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_COMFORT_NOISE_H
#define BRIDGETAP_MEDIA_COMFORT_NOISE_H

#include <stdint.h>

/* Comfort noise, RFC 3389: a payload that says how loud the silence is that follows. Pure. */

#define COMFORT_NOISE_PAYLOAD_TYPE 13 /* static, of an 8 kHz clock */

/* Fill `pcm` with `count` samples of noise as loud as the first byte of the payload says, in -dBov.
 * The noise is white: what the rest of the payload says of its spectrum may be left unused (section
 * 4). `seed` chooses which noise; the same one gives the same samples. */
void comfort_noise_write(int16_t *pcm, unsigned count, const uint8_t *payload, uint32_t seed);

#endif

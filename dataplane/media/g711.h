/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_G711_H
#define BRIDGETAP_MEDIA_G711_H

#include <stdint.h>

/* ITU-T G.711. Linear samples are 16 bits, left-aligned, as the ITU-T software tool library
 * (G.191) has them: 14 significant bits for mu-law, 13 for A-law. Scalar reference; any thread. */

int16_t g711_ulaw_decode(uint8_t code);
int16_t g711_alaw_decode(uint8_t code);
uint8_t g711_ulaw_encode(int16_t sample);
uint8_t g711_alaw_encode(int16_t sample);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_RESAMPLE_H
#define BRIDGETAP_MEDIA_RESAMPLE_H

#include <stdint.h>

/* Between 8,000 and 16,000 samples a second, by one half-band filter of 51 taps with linear phase:
 * flat within 0.01 dB up to 3.4 kHz, 60 dB down from 4.6 kHz on, and a delay of 25 samples at the
 * higher rate (1.6 ms). There is no state: the samples before the first one are read where they
 * are, so that the same input gives the same output however it is cut into packets. Pure functions,
 * any thread; inputs and outputs do not overlap. */

#define RESAMPLE_BEFORE                                                           \
	25 /* samples at the lower rate that are looked at before an output's own \
	    */

/* `count` samples at the lower rate from twice as many; `wide` is preceded by 2 * RESAMPLE_BEFORE
 * samples. */
void resample_halve(int16_t *narrow, const int16_t *wide, unsigned count);

/* 2 * `count` samples from `count` at the lower rate; `narrow` is preceded by RESAMPLE_BEFORE
 * samples. */
void resample_double(int16_t *wide, const int16_t *narrow, unsigned count);

#endif

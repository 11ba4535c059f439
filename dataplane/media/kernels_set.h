/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_KERNELS_SET_H
#define BRIDGETAP_MEDIA_KERNELS_SET_H

#include "media/kernels.h"

/* What the sets share with each other and with kernels_init(), and nobody else needs. */

extern const struct kernels kernels_scalar, kernels_sse42, kernels_avx2, kernels_avx512;

/* Fill the tables of a set from the reference in g711.c. */
void kernels_scalar_init(void);
void kernels_avx512_init(void);

/* What is inlined into a kernel knows its law, and whether it adds, as constants. */
#define INLINE static inline __attribute__((always_inline))

/* Encoders make a float of a magnitude, whose exponent and first mantissa bits are segment and
 * step. For that each law wants the leading one of segment 0 at bit 7 and that of the next segment
 * at bit 8: mu-law adds its bias, and A-law, whose first two segments have the same step, takes the
 * mean of the magnitude and 256 where that is more.
 *
 * A 16-bit sample in the upper half of 32 bits then has this exponent in segment 0. */
#define ULAW_BIAS	 132
#define SEGMENT_EXPONENT (127 + 16 + 7)
#define FLOAT_SHIFT	 19 /* leaves the exponent and 4 bits of mantissa */

/* Codes are inverted, A-law's in every second bit; a set bit 7 then means a positive sample. */
#define ULAW_INVERSION 0xff
#define ALAW_INVERSION 0xd5

#endif

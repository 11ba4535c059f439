/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <immintrin.h>

#include "media/kernels_set.h"
#include "media/matrix.h"

#include "fastpath.h"

/* Packing and unpacking work within lanes of 128 bits: the two middle quarters change places. */
#define SWAP_MIDDLE(v) _mm256_permute4x64_epi64(v, 0xd8)

#define VEC	      __m256i
#define V(op)	      _mm256_##op
#define VI(op)	      _mm256_##op##_si256
#define LOAD_HALF(p)  _mm_loadu_si128((const __m128i *)(p))
#define SPREAD(p)     _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(p)))
#define TO_LANES(v)   SWAP_MIDDLE(v)
#define FROM_LANES(v) SWAP_MIDDLE(v)
#include "media/kernels_vec.h"

#define KERNELS_SET  kernels_avx2
#define KERNELS_NAME "avx2"
#define KERNELS_BITS 256
#include "media/kernels_table.h"

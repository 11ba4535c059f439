/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <nmmintrin.h>

#include "media/kernels_set.h"
#include "media/matrix.h"

#include "fastpath.h"

#define VEC	      __m128i
#define V(op)	      _mm_##op
#define VI(op)	      _mm_##op##_si128
#define LOAD_HALF(p)  _mm_loadl_epi64((const __m128i *)(p))
#define SPREAD(p)     _mm_loadu_si128((const __m128i *)(p))
#define TO_LANES(v)   (v)
#define FROM_LANES(v) (v)
#include "media/kernels_vec.h"

#define KERNELS_SET  kernels_sse42
#define KERNELS_NAME "sse42"
#define KERNELS_BITS 128
#include "media/kernels_table.h"

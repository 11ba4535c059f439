/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/kernels.h"

#include <stddef.h>

#include "media/kernels_set.h"

#include "fastpath.h"

static const struct kernels *const sets[] = {
	&kernels_scalar,
	&kernels_sse42,
	&kernels_avx2,
	&kernels_avx512,
};

#define SET_COUNT (sizeof(sets) / sizeof(sets[0]))

const struct kernels *kernels = &kernels_scalar;

const struct kernels *kernels_get(unsigned index)
{
	return index < SET_COUNT ? sets[index] : NULL;
}

bool kernels_can_run(const struct kernels *set)
{
	if (set == &kernels_scalar)
		return true;
	if (set == &kernels_sse42)
		return __builtin_cpu_supports("sse4.2");
	if (set == &kernels_avx2)
		return __builtin_cpu_supports("avx2");
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
	       __builtin_cpu_supports("bmi2");
}

void kernels_init(unsigned max_bits)
{
	kernels_scalar_init();
	if (kernels_can_run(&kernels_avx512)) /* it is built for such a CPU, loops of bytes too */
		kernels_avx512_init();
	for (unsigned i = 0; i < SET_COUNT; i++)
		if (sets[i]->bits <= max_bits && kernels_can_run(sets[i]))
			kernels = sets[i];
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/plan.h"
#include "media/matrix.h"

/* A matrix that is wrong in the worst way: everybody hears everybody, and recorder legs are to hold
 * the monitor. The data plane is linked with this in place of its own code for one test, which
 * shows that the guard of the recording port holds on its own (M29). */
uint16_t matrix_gain(unsigned listener, unsigned source, unsigned mode)
{
	(void)mode;
	return listener != source && source != ROLE_RECORDER ? GAIN_UNITY : 0;
}

/* The linker's --wrap=plan_call leads calls here, and __real_ to the code itself. */
int __real_plan_call(const WireCall *call, const struct realm_set *realms, unsigned seats_max,
	struct leg_plan *plans, unsigned *count, struct refusal *refusal);
int __wrap_plan_call(const WireCall *call, const struct realm_set *realms, unsigned seats_max,
	struct leg_plan *plans, unsigned *count, struct refusal *refusal);

int __wrap_plan_call(const WireCall *call, const struct realm_set *realms, unsigned seats_max,
	struct leg_plan *plans, unsigned *count, struct refusal *refusal)
{
	int ret = __real_plan_call(call, realms, seats_max, plans, count, refusal);

	for (unsigned i = 0; ret == 0 && i < *count; i++)
		if (plans[i].role == ROLE_RECORDER)
			plans[i].records |= 1 << ROLE_MONITOR;
	return ret;
}

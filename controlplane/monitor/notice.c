/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/notice.h"

#include "monitor/world.h"

void notify(const struct notice *notice)
{
	const struct world *world = notice->organisation->world;

	if (world->notify != NULL && *notice->user != '\0')
		world->notify(world->hooks_arg, notice);
}

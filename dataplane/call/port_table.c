/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/port_table.h"

#include "fastpath.h"

static struct leg **slot_of(struct port_table *table, const struct leg *leg)
{
	const struct leg_rest *rest = leg_rest(leg);
	int slot = port_table_slot(table, rest->realm, rest->local_port);

	return &table->realm[rest->realm].legs[slot];
}

void port_table_insert(struct port_table *table, struct call *call)
{
	for (unsigned i = 0; i < call->leg_count; i++)
		*slot_of(table, &call->legs[i]) = &call->legs[i];
}

void port_table_remove(struct port_table *table, const struct call *call)
{
	for (unsigned i = 0; i < call->leg_count; i++)
		*slot_of(table, &call->legs[i]) = NULL;
}

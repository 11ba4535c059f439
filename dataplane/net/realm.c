/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/realm.h"

int realm_find(const struct realm_set *set, uint16_t port_id, const struct frame *frame)
{
	for (unsigned i = 0; i < set->count; i++) {
		const struct realm *realm = &set->realm[i];

		if (realm->port_id == port_id && realm->vlan == frame->vlan &&
			memcmp(realm->address.address, frame->destination.address,
				sizeof(realm->address.address)) == 0)
			return (int)i;
	}
	return -1;
}

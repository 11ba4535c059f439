/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/realm.h"

#define LAST_BYTE 15

void realm_set_index(struct realm_set *set)
{
	memset(set->first, 0, sizeof(set->first));
	for (unsigned i = set->count; i-- > 0;) {
		uint8_t *first = &set->first[set->realm[i].address.address[LAST_BYTE]];

		set->realm[i].tags = VLAN_TAGS(set->realm[i].service_vlan, set->realm[i].vlan);
		set->next[i] = *first;
		*first = (uint8_t)(i + 1);
	}
}

int realm_find(const struct realm_set *set, uint16_t port_id, const struct frame *frame)
{
	unsigned next = set->first[frame->destination.address[LAST_BYTE]];

	while (next != 0) {
		const struct realm *realm = &set->realm[next - 1];

		if (realm->port_id == port_id && realm->tags == frame->tags &&
			memcmp(realm->address.address, frame->destination.address,
				sizeof(realm->address.address)) == 0)
			return (int)(next - 1);
		next = set->next[next - 1];
	}
	return -1;
}

bool realm_is_local(const struct realm_set *set, const uint8_t *address)
{
	unsigned next = set->first[address[LAST_BYTE]];

	for (; next != 0; next = set->next[next - 1])
		if (memcmp(set->realm[next - 1].address.address, address, 16) == 0)
			return true;
	return false;
}

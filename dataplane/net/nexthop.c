/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/nexthop.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <uthash.h>

#define REFRESH_SLICE 256 /* the whole table in 32 calls */

struct nexthop_key {
	uint8_t remote[16];
	uint32_t realm;
};

struct nexthop {
	struct nexthop_key key;
	UT_hash_handle hh;
	uint32_t references;
	uint16_t number;
	struct endpoint via;
	struct l2_header header;
};

struct nexthop_table {
	const struct realm_set *realms;
	unsigned ifindex[REALM_MAX]; /* of each realm, as it is now */
	struct rtnetlink *rtnl;
	nexthop_publish_fn *publish;
	void *arg;
	struct nexthop *by_key;
	struct nexthop *by_number[NEXTHOP_MAX];
	uint16_t next_number;
	uint16_t next_refresh;
};

struct nexthop_table *nexthop_table_create(const struct realm_set *realms, struct rtnetlink *rtnl,
	nexthop_publish_fn *publish, void *arg)
{
	struct nexthop_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return NULL;
	table->realms = realms;
	for (unsigned r = 0; r < realms->count; r++)
		table->ifindex[r] = realms->realm[r].ifindex;
	table->rtnl = rtnl;
	table->publish = publish;
	table->arg = arg;
	return table;
}

static void nexthop_free(struct nexthop_table *table, struct nexthop *hop)
{
	HASH_DEL(table->by_key, hop);
	table->by_number[hop->number] = NULL;
	free(hop);
}

void nexthop_table_destroy(struct nexthop_table *table)
{
	struct nexthop *hop, *next;

	if (table == NULL)
		return;
	HASH_ITER (hh, table->by_key, hop, next)
		nexthop_free(table, hop);
	free(table);
}

static int free_number(struct nexthop_table *table)
{
	for (unsigned tries = 0; tries < NEXTHOP_MAX; tries++) {
		uint16_t number = table->next_number++ % NEXTHOP_MAX;

		if (number != NEXTHOP_NONE && table->by_number[number] == NULL)
			return number;
	}
	return -ENOSPC;
}

/* Append `type` as the EtherType of what follows, and a tag of `vlan` behind it. */
static void add_tag(struct l2_header *header, uint16_t type, uint16_t vlan)
{
	const uint16_t words[] = { rte_cpu_to_be_16(type), rte_cpu_to_be_16(vlan) };

	memcpy(header->bytes + header->length, words, sizeof(words));
	header->length += sizeof(words);
}

static struct endpoint remote_of(const struct nexthop *hop)
{
	struct endpoint remote = { .port = 0 };

	memcpy(remote.address, hop->key.remote, sizeof(remote.address));
	return remote;
}

static void set_mac(
	struct nexthop_table *table, struct nexthop *hop, const struct rte_ether_addr *mac)
{
	const struct realm *realm = &table->realms->realm[hop->key.realm];
	struct endpoint remote = remote_of(hop);
	uint16_t ethertype = endpoint_is_ipv4(&remote) ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6;
	struct rte_ether_hdr ethernet = { .dst_addr = *mac };
	struct l2_header header = { .length = offsetof(struct rte_ether_hdr, ether_type) };

	rte_eth_macaddr_get(realm->port_id, &ethernet.src_addr);
	memcpy(header.bytes, &ethernet, header.length);
	if (realm->service_vlan != 0)
		add_tag(&header, realm->service_tpid, realm->service_vlan);
	if (realm->vlan != 0)
		add_tag(&header, RTE_ETHER_TYPE_VLAN, realm->vlan);
	ethertype = rte_cpu_to_be_16(ethertype);
	memcpy(header.bytes + header.length, &ethertype, sizeof(ethertype));
	header.length += sizeof(ethertype);
	if (memcmp(&hop->header, &header, sizeof(header)) == 0)
		return;
	hop->header = header;
	table->publish(table->arg, hop->number, &header);
}

/* Find out the way; the MAC address may come later, as an event. */
static int resolve(struct nexthop_table *table, struct nexthop *hop)
{
	const struct realm *realm = &table->realms->realm[hop->key.realm];
	unsigned ifindex = table->ifindex[hop->key.realm];
	struct endpoint remote = remote_of(hop), via;
	struct rte_ether_addr mac;
	bool fixed;
	int ret;

	if (realm->has_next_hop || ifindex == 0 || table->rtnl == NULL) {
		hop->via = remote;
		if (realm->has_next_hop)
			set_mac(table, hop, &realm->next_hop);
		return 0;
	}
	ret = rtnetlink_route(table->rtnl, ifindex, &remote, &via);
	if (ret < 0)
		return ret;
	hop->via = via;
	if (rtnetlink_neighbour(table->rtnl, ifindex, &hop->via, &mac, &fixed) == 0)
		set_mac(table, hop, &mac);
	return fixed ? 0 : rtnetlink_probe(table->rtnl, ifindex, &hop->via);
}

int nexthop_get(struct nexthop_table *table, unsigned realm, const struct endpoint *remote)
{
	struct nexthop_key key;
	struct nexthop *hop;
	int ret;

	memset(&key, 0, sizeof(key));
	memcpy(key.remote, remote->address, sizeof(key.remote));
	key.realm = realm;
	HASH_FIND(hh, table->by_key, &key, sizeof(key), hop);
	if (hop != NULL) {
		hop->references++;
		return hop->number;
	}

	ret = free_number(table);
	if (ret < 0)
		return ret;
	hop = calloc(1, sizeof(*hop));
	if (hop == NULL)
		return -ENOMEM;
	hop->key = key;
	hop->number = (uint16_t)ret;
	hop->references = 1;
	HASH_ADD(hh, table->by_key, key, sizeof(key), hop);
	table->by_number[hop->number] = hop;
	/* The number may have been another's: nothing may go out by what that one had. */
	table->publish(table->arg, hop->number, &hop->header);
	ret = resolve(table, hop);
	if (ret < 0) {
		nexthop_free(table, hop);
		return ret;
	}
	return hop->number;
}

void nexthop_put(struct nexthop_table *table, uint16_t number)
{
	struct nexthop *hop = table->by_number[number];

	if (hop != NULL && --hop->references == 0)
		nexthop_free(table, hop);
}

static void neighbour_changed(
	void *arg, unsigned ifindex, const struct endpoint *via, const struct rte_ether_addr *mac)
{
	struct nexthop_table *table = arg;
	struct nexthop *hop, *next;

	HASH_ITER (hh, table->by_key, hop, next)
		if (table->ifindex[hop->key.realm] == ifindex &&
			!table->realms->realm[hop->key.realm].has_next_hop &&
			endpoint_equal(&hop->via, via))
			set_mac(table, hop, mac);
}

/* A route that is gone for the moment is no reason to stop: the last way stays. */
static void refresh(struct nexthop_table *table, unsigned count)
{
	for (; count > 0; count--) {
		struct nexthop *hop = table->by_number[table->next_refresh];

		if (hop != NULL)
			resolve(table, hop);
		table->next_refresh = (table->next_refresh + 1) % NEXTHOP_MAX;
	}
}

static bool is_within(const uint8_t *address, const struct endpoint *network, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	return memcmp(address, network->address, bytes) == 0 &&
	       (rest == 0 || (address[bytes] ^ network->address[bytes]) >> (8 - rest) == 0);
}

static void route_changed(void *arg, const struct endpoint *network, unsigned bits)
{
	struct nexthop_table *table = arg;
	struct nexthop *hop, *next;

	HASH_ITER (hh, table->by_key, hop, next)
		if (is_within(hop->key.remote, network, bits))
			resolve(table, hop);
}

/* An interface that was made anew has another number, and routes and neighbours of its own. What
 * is told of it may be out of date. */
static void find_interface(struct nexthop_table *table, unsigned realm)
{
	unsigned ifindex = if_nametoindex(table->realms->realm[realm].interface);
	struct nexthop *hop, *next;

	if (ifindex == 0 || ifindex == table->ifindex[realm])
		return;
	table->ifindex[realm] = ifindex;
	HASH_ITER (hh, table->by_key, hop, next)
		if (hop->key.realm == realm)
			resolve(table, hop);
}

static void interface_changed(void *arg, const char *name)
{
	struct nexthop_table *table = arg;

	for (unsigned r = 0; r < table->realms->count; r++)
		if (strcmp(table->realms->realm[r].interface, name) == 0)
			find_interface(table, r);
}

void nexthop_table_refresh(struct nexthop_table *table)
{
	refresh(table, REFRESH_SLICE);
}

void nexthop_table_read_events(struct nexthop_table *table)
{
	const struct rtnetlink_watcher watcher = {
		.neighbour = neighbour_changed,
		.route = route_changed,
		.interface = interface_changed,
		.arg = table,
	};

	if (rtnetlink_read_events(table->rtnl, &watcher) == -ENOBUFS) {
		for (unsigned r = 0; r < table->realms->count; r++)
			find_interface(table, r);
		refresh(table, NEXTHOP_MAX);
	}
}

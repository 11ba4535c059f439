/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/steering.h"

#include <errno.h>
#include <string.h>

#define KEY_MIN	   40 /* bytes; what the tuple of IPv6 needs */
#define WINDOW	   32 /* bits of a hash */
#define PORT_BITS  6  /* of the pair of ports; its own lowest bit tells RTP from RTCP */
#define GROUPS_MAX 64 /* of 64 entries of a redirection table */

/* Bits of the tuple: addresses, source port, destination port, in network order. */
#define TUPLE_IPV4 (32 + 32 + 16 + 16)
#define TUPLE_IPV6 (128 + 128 + 16 + 16)

/* The key bit that makes bit PORT_BITS of the destination port the hash's lowest bit. Hash bit b,
 * counted from the lowest, is tuple bit b + (key bit) - (WINDOW - 1), counted from the first. */
#define KEY_BIT(tuple) ((tuple)-1 - PORT_BITS + WINDOW - 1)

uint16_t steering_queue(uint16_t port, uint16_t queues)
{
	unsigned hash = 0;

	for (unsigned bit = 0; bit < PORT_BITS; bit++)
		hash |= (port >> (PORT_BITS - bit) & 1u) << bit;
	return (uint16_t)(hash % queues);
}

static void set_bit(uint8_t *key, unsigned bit)
{
	key[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

void steering_key(uint8_t *key, unsigned size)
{
	memset(key, 0, size);
	set_bit(key, KEY_BIT(TUPLE_IPV4));
	set_bit(key, KEY_BIT(TUPLE_IPV6));
}

void steering_table(struct rte_eth_rss_reta_entry64 *table, unsigned size, uint16_t queues)
{
	for (unsigned i = 0; i < size; i++) {
		struct rte_eth_rss_reta_entry64 *group = &table[i / RTE_ETH_RETA_GROUP_SIZE];

		group->mask = UINT64_MAX;
		group->reta[i % RTE_ETH_RETA_GROUP_SIZE] = (uint16_t)(i % STEERING_PERIOD % queues);
	}
}

static bool table_fits(unsigned size)
{
	return size != 0 && size % STEERING_PERIOD == 0 &&
	       size / RTE_ETH_RETA_GROUP_SIZE <= GROUPS_MAX;
}

/* The key, its length and the kinds of packets for a device. False where it cannot steer. */
static bool choose(const struct rte_eth_dev_info *info, uint8_t *key, struct rte_eth_rss_conf *rss)
{
	/* Drivers that say nothing of the key take one of the usual size. */
	uint8_t size = info->hash_key_size != 0 ? info->hash_key_size : KEY_MIN;
	uint64_t udp = info->flow_type_rss_offloads &
		       (RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP);

	if (!(udp & RTE_ETH_RSS_NONFRAG_IPV4_UDP) || size < KEY_MIN || size > STEERING_KEY_MAX ||
		!table_fits(info->reta_size))
		return false;
	steering_key(key, size);
	*rss = (struct rte_eth_rss_conf){ .rss_key = key, .rss_key_len = size, .rss_hf = udp };
	return true;
}

bool steering_configure(const struct rte_eth_dev_info *info, uint16_t queues, uint8_t *key,
	struct rte_eth_conf *conf)
{
	if (queues < 2 || !choose(info, key, &conf->rx_adv_conf.rss_conf))
		return false;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	return true;
}

/* Some drivers take the key when they are configured, others when it is updated. */
static int set_key(uint16_t port_id, struct rte_eth_rss_conf *rss)
{
	uint8_t key[STEERING_KEY_MAX] = { 0 };
	struct rte_eth_rss_conf now = { .rss_key = key, .rss_key_len = sizeof(key) };
	int ret = rte_eth_dev_rss_hash_update(port_id, rss);

	if (rte_eth_dev_rss_hash_conf_get(port_id, &now) < 0)
		return ret;
	return memcmp(key, rss->rss_key, rss->rss_key_len) == 0 ? 0 : -EIO;
}

int steering_start(uint16_t port_id, uint16_t queues)
{
	struct rte_eth_rss_reta_entry64 table[GROUPS_MAX];
	uint8_t key[STEERING_KEY_MAX];
	struct rte_eth_rss_conf rss;
	struct rte_eth_dev_info info;
	int ret = rte_eth_dev_info_get(port_id, &info);

	if (ret < 0)
		return ret;
	if (!choose(&info, key, &rss))
		return -ENOTSUP;
	ret = set_key(port_id, &rss);
	if (ret < 0)
		return ret;
	steering_table(table, info.reta_size, queues);
	return rte_eth_dev_rss_reta_update(port_id, table, info.reta_size);
}

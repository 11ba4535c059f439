/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_STEERING_H
#define BRIDGETAP_NET_STEERING_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

/* Which queue a packet arrives on where the NIC can choose: by its destination port alone, so that
 * whoever hands out ports decides which worker gets the packets.
 *
 * The means is RSS. The Toeplitz hash of a tuple is the sum (exclusive or) of the key's 32 bits
 * from bit i on, for every bit i that is set in the tuple. With a key of a single bit the hash is
 * a window on the tuple: here bits 6 to 0 of the destination port, in reverse order, so that bit
 * 6 is the lowest. The redirection table looks at the lowest six of them: an RTP port and the
 * RTCP port above it are one.
 *
 * There is a key bit for IPv4 and one for IPv6. The first shows six bits of an IPv6 source, too
 * (0x7e of its twelfth byte). In most static addresses they are zero; the packets of others arrive
 * at another queue and are handed over. */

#define STEERING_PERIOD	 64 /* pairs of ports after which the queues repeat */
#define STEERING_KEY_MAX 64 /* bytes of the longest RSS key there is room for */

/* The queue, of `queues`, at which a packet to UDP port `port` arrives. Any thread. */
uint16_t steering_queue(uint16_t port, uint16_t queues);

/* The RSS key, of `size` (40 to STEERING_KEY_MAX) bytes. */
void steering_key(uint8_t *key, unsigned size);

/* The redirection table, of `size` entries, a multiple of 64. */
void steering_table(struct rte_eth_rss_reta_entry64 *table, unsigned size, uint16_t queues);

/* Ask for RSS in `conf` where the device of `info` can steer; `key` (STEERING_KEY_MAX bytes) must
 * last until rte_eth_dev_configure(). False, with nothing changed, where it cannot, or where there
 * is nothing to choose. Main lcore. */
bool steering_configure(const struct rte_eth_dev_info *info, uint16_t queues, uint8_t *key,
	struct rte_eth_conf *conf);

/* Load key and redirection table into a port that has been configured so and started, and see that
 * it has them. 0 or -errno. Main lcore. */
int steering_start(uint16_t port_id, uint16_t queues);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_TX_BATCH_H
#define BRIDGETAP_NET_TX_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include "net/counters.h"
#include "net/frame.h"
#include "net/guard.h"
#include "net/nexthop.h"

#define TX_BATCH_SIZE 64

/* Packets on their way to one transmit queue. Belongs to the worker that owns the queue. */
struct tx_batch {
	uint16_t port_id;
	uint16_t queue_id;
	uint16_t count;
	bool adds_checksums;	   /* the port does, of IPv4 and UDP */
	bool has_peer;		   /* without whom nothing is sent; see link_is_up() */
	struct guard_queue *guard; /* NULL unless the port is the recording port */
	struct rte_mbuf *mbufs[TX_BATCH_SIZE];
};

/* Whether the peer of a port of shared memory is there. DPDK 22.11's driver looks where the shared
 * rings are before it looks whether there is a peer: asked beforehand, it finds them in place. */
static inline bool link_is_up(uint16_t port_id)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(port_id, &link) == 0 && link.link_status;
}

/* Send what is there; what the port does not take, or the guard stops, is freed and counted. */
void tx_batch_flush(struct tx_batch *batch, struct counters *counters);

/* Ask the port for the checksums of a packet whose headers, `length` bytes after those of Ethernet,
 * header_template_write() has put at `start`. */
static inline void tx_batch_offload(
	struct rte_mbuf *mbuf, uint8_t *start, uint8_t length, const struct l2_header *l2)
{
	header_leave_checksums(start, length);
	mbuf->l2_len = l2->length & 127;
	mbuf->l3_len = (length - sizeof(struct rte_udp_hdr)) & 511;
	mbuf->ol_flags |= length == HEADER_IPV4_SIZE ? RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM
						     : RTE_MBUF_F_TX_IPV6;
	mbuf->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
}

/* Hand over `mbuf`, which now belongs to the batch. */
static inline void tx_batch_add(
	struct tx_batch *batch, struct rte_mbuf *mbuf, struct counters *counters)
{
	batch->mbufs[batch->count++] = mbuf;
	if (batch->count == TX_BATCH_SIZE)
		tx_batch_flush(batch, counters);
}

#endif

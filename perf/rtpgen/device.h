/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_DEVICE_H
#define BRIDGETAP_RTPGEN_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "rtpgen/ip.h"
#include "rtpgen/options.h"

/* A DPDK port of any driver, and what waits to be sent by it. One thread. A function that returns
 * -1 has said why. */

struct leg;

#define DEVICE_BURST   32
#define DEVICE_PENDING (2 * DEVICE_BURST)

struct device {
	uint16_t id;
	bool recording;
	struct rte_ether_addr mac;
	struct ip_address first_address; /* of those that ARP or ND are answered for */
	unsigned addresses;
	unsigned pending;
	struct rte_mbuf *mbufs[DEVICE_PENDING];
	struct leg *legs[DEVICE_PENDING]; /* whose packet it is; NULL for none of theirs */
};

/* Start DPDK and make the pool of packets. */
int device_start_dpdk(const struct options *options, struct rte_mempool **pool);

/* Create a port from `devargs` and wait until its link is up. */
int device_open(struct device *device, const char *devargs, struct rte_mempool *pool);
void device_close(struct device *device);

#endif

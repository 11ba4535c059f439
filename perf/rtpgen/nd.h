/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_ND_H
#define BRIDGETAP_RTPGEN_ND_H

#include <stdbool.h>

#include "rtpgen/device.h"

/* Who has an IPv6 address (RFC 4861): answered for ours, asked for the appliance's. What arp.h is
 * for IPv4. */

/* Turn a solicitation for one of our addresses into its advertisement, in place. False where it is
 * none. */
bool nd_answer(const struct device *device, struct rte_mbuf *mbuf);

/* Write a solicitation for `address` into an empty mbuf. */
void nd_ask(const struct device *device, struct rte_mbuf *mbuf, const struct ip_address *address);

/* The address and MAC address that an advertisement is about; false where it is none. */
bool nd_take_answer(struct rte_mbuf *mbuf, struct ip_address *address, struct rte_ether_addr *mac);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_ARP_H
#define BRIDGETAP_RTPGEN_ARP_H

#include <stdbool.h>

#include "rtpgen/device.h"

/* Who has an IPv4 address (RFC 826): answered for ours, asked for the appliance's. */

/* Turn a request for one of our addresses into its answer, in place. False where it is none. */
bool arp_answer(const struct device *device, struct rte_mbuf *mbuf);

/* Write a request for `address` into an empty mbuf. */
void arp_ask(const struct device *device, struct rte_mbuf *mbuf, const struct ip_address *address);

/* The address and MAC address that an answer is about; false where it is none. */
bool arp_take_answer(struct rte_mbuf *mbuf, struct ip_address *address, struct rte_ether_addr *mac);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_VERIFY_H
#define BRIDGETAP_NET_VERIFY_H

#include <rte_mbuf.h>

/* Verify the checksums of `count` received packets in place of a port that cannot: what is found is
 * noted in each mbuf's ol_flags as a port would. A UDP checksum that is the sum of the pseudo
 * header alone is one that a sender on this machine has left to be finished on the way, which a
 * virtual interface never does: noted as "none", as are datagrams of IPv4 without one. What has
 * been found already stands, and what is no UDP is left alone. Any thread. */
void verify_checksums(struct rte_mbuf **mbufs, unsigned count);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_XDP_TRANSMIT_H
#define BRIDGETAP_NET_XDP_TRANSMIT_H

/* How an XDP program may send a packet back out of the interface it came in by. Main lcore. */
enum xdp_transmit {
	XDP_TRANSMIT_NONE,
	XDP_TRANSMIT_TX,       /* by XDP_TX */
	XDP_TRANSMIT_REDIRECT, /* by a redirect to the same interface */
};

/* NICs do XDP_TX. One end of a veth pair takes XDP_TX, but wakes the other end up for it only if
 * that one runs an XDP program; for a redirect it does where the other end runs NAPI, which it does
 * with GRO as well. That may change at any time; the kernel tells since Linux 6.3, and an older one
 * is taken to say no. */
enum xdp_transmit xdp_transmit(unsigned ifindex);

#endif

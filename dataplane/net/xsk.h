/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_XSK_H
#define BRIDGETAP_NET_XSK_H

#include <stdint.h>

/* AF_XDP sockets as the kernel sees them. DPDK 22.11's driver counts what the kernel dropped for
 * want of buffers, but not what it dropped because the ring that the worker reads was full, which
 * is where an overload shows. The sockets belong to the driver; here they are only asked. Main
 * lcore only. */

/* The descriptors of all AF_XDP sockets of this process into `fds`, `most` of them at most; returns
 * how many there are. */
unsigned xsk_find(int *fds, unsigned most);

/* Packets that socket `fd` has lost because its ring was full; 0 where it cannot be asked. */
uint64_t xsk_ring_full(int fd);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_XDP_H
#define BRIDGETAP_NET_XDP_H

#include <stdint.h>

#include "bpf/steer.h"
#include "net/realm.h"

/* The host side of bpf/steer.bpf.c. DPDK's AF_XDP driver loads and attaches the program when the
 * port is set up; its maps are found through the interface, so nothing is left in a file system.
 * Main lcore only. */

/* Detach a steer program that an unclean exit left on `ifindex`. 0, also where there is none;
 * -EBUSY where the interface runs an XDP program that is not ours; else -errno. */
int xdp_detach_stale(unsigned ifindex);

/* Tell the program on `ifindex` the realms of `set` that live on `port_id`. From then on their
 * RTP and RTCP comes to the data plane. 0 or -errno (-ENOENT: no steer program there). */
int xdp_steer_realms(unsigned ifindex, const struct realm_set *set, uint16_t port_id);

/* A file descriptor of the map called `name` of the steer program on `ifindex`, for the caller to
 * close, or -errno (-ENOENT: no such program or map there). */
int xdp_open_map(unsigned ifindex, const char *name);

/* Sum the per-CPU counters of the program on `ifindex`. 0 or -errno. */
int xdp_read_counters(unsigned ifindex, uint64_t counters[static STEER_COUNTER_COUNT]);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_NET_PORT_H
#define BRIDGETAP_NET_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_mempool.h>

#include "net/guard.h"
#include "net/reclaim.h"

#define PORT_MAX	16 /* also of the numbers that DPDK gives its devices */
#define PORT_NAME_SIZE	32
#define PORT_QUEUES_MAX 16

/* A DPDK port of any driver. Set up and taken down by the main lcore; while it runs, queue n
 * belongs to worker n. */
enum verify_checksums {
	VERIFY_AUTO, /* of what comes from a network */
	VERIFY_ALWAYS,
	VERIFY_NEVER,
};

struct port {
	char name[PORT_NAME_SIZE]; /* the configuration's */
	char devargs[256];	   /* DPDK's: "net_af_xdp0,iface=eth1", "0000:3b:00.0", ... */
	uint16_t id;
	uint16_t queues;
	unsigned ifindex;    /* of the kernel interface underneath; 0 without one */
	bool steered;	     /* runs our XDP program: the kernel sees all that is not RTP */
	bool hashes;	     /* its NIC chooses queues, see net/steering.h */
	bool adds_checksums; /* of IPv4 and UDP, to what it sends */
	enum verify_checksums verify; /* the configuration's */
	bool verifies;		      /* the workers do, in place of the port (net/verify.h) */
	bool has_peer;		      /* another process, which comes and goes (net_memif) */
	bool recording;		      /* guarded: passes nothing but agent and customer */
	bool tagged;		      /* some realm is behind VLAN tags */
	bool relays;		      /* where it is steered: its XDP program may forward calls */
	int sockets[PORT_QUEUES_MAX]; /* of an AF_XDP port, to be asked what they have lost */
	unsigned socket_count;
	struct reclaim reclaim[PORT_QUEUES_MAX]; /* likewise */
	struct guard_queue guard_queues[PORT_QUEUES_MAX];
};

struct port_set {
	unsigned count;
	struct port port[PORT_MAX];
};

/* Create, configure and start the ports of `set`, whose names, devargs, `recording` and
 * `tagged` are filled in, with `queues` queue pairs each and buffers from `pool`. AF_XDP ports get
 * the XDP program `steer_path`; recording ports get `guard`. On failure says what to do on the log,
 * takes down what was set up, and returns -errno. */
int port_set_start(struct port_set *set, uint16_t queues, struct rte_mempool *pool,
	const char *steer_path, const struct guard *guard);

void port_set_stop(struct port_set *set);

/* Packets that came to the port and were lost because no worker took them in time. Main lcore. */
uint64_t port_rx_missed(const struct port *port);

#endif

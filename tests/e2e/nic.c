/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */

/* A NIC of several queues between the kernel's interfaces and an appliance behind memif, for tests
 * on machines that have none: it gives each frame to the queue that the RSS hash of its tuple says,
 * by the key and redirection table that net/steering.h would load into a real one. With --spread it
 * knows nothing of RSS and takes the queues in turn. */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_thash.h>

#include "net/frame.h"
#include "net/steering.h"

#define BURST	  32
#define WIRES_MAX 4
#define RETA_SIZE 128
#define KEY_SIZE  40

/* Two ports between which frames go to and fro. */
struct wire {
	uint16_t kernel;    /* net_af_packet on an interface; one queue */
	uint16_t appliance; /* net_memif; `queues` */
};

static struct wire wires[WIRES_MAX];
static unsigned wire_count;
static uint16_t queues;
static bool spread;
static uint8_t key[KEY_SIZE] __rte_aligned(4);
static struct rte_eth_rss_reta_entry64 table[RETA_SIZE / RTE_ETH_RETA_GROUP_SIZE];
static volatile sig_atomic_t stopping;

static void stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "nic: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* --- queues --- */

static uint32_t word_at(const uint8_t *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return rte_be_to_cpu_32(word);
}

static uint16_t rss_queue(const struct frame *frame)
{
	bool ipv4 = endpoint_is_ipv4(&frame->source);
	unsigned skip = ipv4 ? 12 : 0, words = 0, entry;
	uint32_t tuple[9];

	for (unsigned i = skip; i < 16; i += 4)
		tuple[words++] = word_at(frame->source.address + i);
	for (unsigned i = skip; i < 16; i += 4)
		tuple[words++] = word_at(frame->destination.address + i);
	tuple[words++] = (uint32_t)frame->source.port << 16 | frame->destination.port;
	entry = rte_softrss(tuple, words, key) % RETA_SIZE;
	return table[entry / RTE_ETH_RETA_GROUP_SIZE].reta[entry % RTE_ETH_RETA_GROUP_SIZE];
}

static uint16_t queue_for(const struct rte_mbuf *mbuf)
{
	static unsigned turn;
	struct frame frame;

	if (spread)
		return (uint16_t)(turn++ % queues);
	if (frame_parse(rte_pktmbuf_mtod(mbuf, const uint8_t *), rte_pktmbuf_data_len(mbuf),
		    &frame) != FRAME_OK)
		return 0; /* what is not hashed goes there */
	return rss_queue(&frame);
}

static unsigned carry(const struct wire *wire)
{
	struct rte_mbuf *mbufs[BURST];
	unsigned count = rte_eth_rx_burst(wire->kernel, 0, mbufs, BURST), total = count;

	for (unsigned i = 0; i < count; i++)
		if (rte_eth_tx_burst(wire->appliance, queue_for(mbufs[i]), &mbufs[i], 1) == 0)
			rte_pktmbuf_free(mbufs[i]);
	for (uint16_t q = 0; q < queues; q++) {
		count = rte_eth_rx_burst(wire->appliance, q, mbufs, BURST);
		total += count;
		for (unsigned sent = rte_eth_tx_burst(wire->kernel, 0, mbufs, (uint16_t)count);
			sent < count; sent++)
			rte_pktmbuf_free(mbufs[sent]);
	}
	return total;
}

/* --- set up --- */

static uint16_t start_port(const char *devargs, uint16_t count, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = { 0 };
	struct rte_dev_iterator iterator;
	uint16_t id = RTE_MAX_ETHPORTS, each;

	if (rte_dev_probe(devargs) < 0)
		die(devargs);
	RTE_ETH_FOREACH_MATCHING_DEV(each, devargs, &iterator)
	id = each;
	if (id == RTE_MAX_ETHPORTS || rte_eth_dev_configure(id, count, count, &conf) < 0)
		die(devargs);
	for (uint16_t q = 0; q < count; q++)
		if (rte_eth_rx_queue_setup(id, q, 1024, SOCKET_ID_ANY, NULL, pool) < 0 ||
			rte_eth_tx_queue_setup(id, q, 1024, SOCKET_ID_ANY, NULL) < 0)
			die(devargs);
	if (rte_eth_dev_start(id) < 0)
		die(devargs);
	return id;
}

/* INTERFACE=SOCKET */
static void add_wire(char *argument, struct rte_mempool *pool)
{
	char devargs[256], *socket = strchr(argument, '=');
	struct wire *wire = &wires[wire_count];

	if (socket == NULL || wire_count == WIRES_MAX)
		die("give up to four wires: INTERFACE=SOCKET");
	*socket++ = '\0';
	snprintf(devargs, sizeof(devargs), "net_af_packet%u,iface=%s", wire_count, argument);
	wire->kernel = start_port(devargs, 1, pool);
	snprintf(devargs, sizeof(devargs), "net_memif%u,role=client,socket=%s,socket-abstract=no",
		wire_count, socket);
	wire->appliance = start_port(devargs, queues, pool);
	wire_count++;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "spread", no_argument, NULL, 's' },
		{ "queues", required_argument, NULL, 'q' },
		{ NULL, 0, NULL, 0 },
	};
	char *eal[] = { argv[0], "--in-memory", "--no-pci", "--no-telemetry", "--log-level=error",
		"--lcores", "0@0", NULL };
	const struct timespec pause = { .tv_nsec = 20000 };
	struct rte_mempool *pool;
	int option;

	while ((option = getopt_long(argc, argv, "sq:", options, NULL)) != -1) {
		if (option == 's')
			spread = true;
		else if (option == 'q')
			queues = (uint16_t)atoi(optarg);
	}
	if (queues == 0)
		die("--queues is missing");
	signal(SIGTERM, stop);
	if (rte_eal_init(7, eal) < 0)
		die("DPDK does not start");
	pool = rte_pktmbuf_pool_create("nic", 8191, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (pool == NULL)
		die("no memory");
	steering_key(key, sizeof(key));
	steering_table(table, RETA_SIZE, queues);
	for (int i = optind; i < argc; i++)
		add_wire(argv[i], pool);
	puts("ready:");
	fflush(stdout);
	while (!stopping) {
		unsigned count = 0;

		for (unsigned i = 0; i < wire_count; i++)
			count += carry(&wires[i]);
		if (count == 0)
			nanosleep(&pause, NULL);
	}
	return rte_eal_cleanup() < 0;
}

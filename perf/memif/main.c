/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "blast/streams.h"

/* Streams of RTP into a memif port as fast as the other side takes them, and a count of what comes
 * back: bridgetap-bench-memif EAL... -- STREAMS FROM_MAC TO_MAC WARM_SECONDS SECONDS.
 * Prints, of windows of a tenth of a second each, "median, least and most packets back a second",
 * and the share of bursts that found no room. */

#define BURST		 32
#define DESCRIPTORS	 1024
#define ROUND		 8 /* bursts */
#define PAUSE_US	 5
#define HEADER		 (STREAM_FRAME - STREAM_SAMPLES - 12) /* where that of RTP begins */
#define POOL_SIZE	 65535
#define SECONDS_MAX	 30
#define WINDOWS_A_SECOND 10

static struct rte_mempool *pool;
/* One a stream, sent again and again. The other side reads it where it is: there are more streams
 * than the ring holds, so that a packet has been read before the next of its stream is written. */
static struct rte_mbuf **mbufs;
static uint32_t *packets; /* a stream, sent so far */
static unsigned stream_count;

static void die(const char *sentence)
{
	fprintf(stderr, "bridgetap-bench-memif: %s\n", sentence);
	exit(EXIT_FAILURE);
}

static uint16_t start_port(void)
{
	const struct rte_eth_conf conf = { 0 };
	uint16_t port = rte_eth_find_next(0), rx = DESCRIPTORS, tx = DESCRIPTORS;

	if (port >= RTE_MAX_ETHPORTS)
		die("there is no port: give --vdev net_memif0,...");
	if (rte_eth_dev_configure(port, 1, 1, &conf) < 0 ||
		rte_eth_dev_adjust_nb_rx_tx_desc(port, &rx, &tx) < 0 ||
		rte_eth_rx_queue_setup(port, 0, rx, SOCKET_ID_ANY, NULL, pool) < 0 ||
		rte_eth_tx_queue_setup(port, 0, tx, SOCKET_ID_ANY, NULL) < 0 ||
		rte_eth_dev_start(port) < 0)
		die("the port does not start");
	return port;
}

/* The driver links up once the other side has connected. */
static void wait_for_link(uint16_t port)
{
	struct rte_eth_link link = { 0 };

	for (unsigned i = 0; i < 1000; i++) {
		if (rte_eth_link_get_nowait(port, &link) == 0 && link.link_status)
			return;
		rte_delay_ms(10);
	}
	die("nobody has connected within 10 seconds");
}

static void prepare(const char *path, const char *from, const char *to)
{
	struct stream *streams;
	int count = streams_load(&streams, path);
	uint8_t from_mac[6], to_mac[6];

	if (count < 0 || count <= DESCRIPTORS || count >= POOL_SIZE / 2)
		die("the streams cannot be read, or there are not between 1,024 and 32,767");
	if (mac_parse(from_mac, from) < 0 || mac_parse(to_mac, to) < 0)
		die("the MAC addresses cannot be read");
	stream_count = (unsigned)count;
	mbufs = calloc(stream_count, sizeof(*mbufs));
	packets = calloc(stream_count, sizeof(*packets));
	if (mbufs == NULL || packets == NULL ||
		rte_pktmbuf_alloc_bulk(pool, mbufs, stream_count) < 0)
		die("out of memory");
	for (unsigned i = 0; i < stream_count; i++) {
		stream_init(&streams[i], from_mac, to_mac, i);
		memcpy(rte_pktmbuf_append(mbufs[i], STREAM_FRAME), streams[i].frame, STREAM_FRAME);
	}
	free(streams);
}

struct counts {
	uint64_t back, bursts, full;
};

/* Make it packet `packet` of its stream. */
static void number(struct rte_mbuf *mbuf, uint32_t packet)
{
	uint8_t *rtp = rte_pktmbuf_mtod_offset(mbuf, uint8_t *, HEADER);
	uint16_t sequence = rte_cpu_to_be_16((uint16_t)packet);
	uint32_t timestamp = rte_cpu_to_be_32(packet * STREAM_SAMPLES);

	memcpy(rtp + 2, &sequence, sizeof(sequence));
	memcpy(rtp + 4, &timestamp, sizeof(timestamp));
}

/* What the burst from stream `first` on will read. */
static void prefetch(unsigned first)
{
	for (unsigned i = first; i < first + BURST && i < stream_count; i++) {
		rte_prefetch0(mbufs[i]);
		for (unsigned at = 0; at < STREAM_FRAME; at += RTE_CACHE_LINE_SIZE)
			rte_prefetch0(rte_pktmbuf_mtod_offset(mbufs[i], uint8_t *, at));
	}
}

/* The next packets of streams from `*next` on. One that found no room is sent the next time.
 * Returns whether there was room for all. */
static bool send_burst(uint16_t port, unsigned *next, struct counts *counts)
{
	struct rte_mbuf *burst[BURST];
	unsigned count = RTE_MIN((unsigned)BURST, stream_count - *next), sent;

	for (unsigned i = 0; i < count; i++) {
		burst[i] = mbufs[*next + i];
		number(burst[i], packets[*next + i]);
		rte_mbuf_refcnt_update(burst[i], 1);
	}
	prefetch(*next + count);
	sent = rte_eth_tx_burst(port, 0, burst, (uint16_t)count);
	for (unsigned i = 0; i < sent; i++)
		packets[*next + i]++;
	for (unsigned i = sent; i < count; i++)
		rte_mbuf_refcnt_update(burst[i], -1);
	counts->bursts++;
	counts->full += sent < count;
	*next = (*next + sent) % stream_count;
	return sent == count;
}

/* Returns whether there may be more. */
static bool receive_burst(uint16_t port, struct counts *counts)
{
	struct rte_mbuf *burst[BURST];
	uint16_t count = rte_eth_rx_burst(port, 0, burst, BURST);

	counts->back += count;
	rte_pktmbuf_free_bulk(burst, count);
	return count == BURST;
}

static struct counts run(uint16_t port, double seconds)
{
	uint64_t end = rte_rdtsc() + (uint64_t)(seconds * (double)rte_get_tsc_hz());
	struct counts counts = { 0 };
	static unsigned next;

	while (rte_rdtsc() < end) {
		bool more = false;

		for (unsigned i = 0; i < ROUND; i++) {
			bool sent = send_burst(port, &next, &counts);
			bool received = receive_burst(port, &counts);

			more |= sent || received;
		}
		/* Looking at rings that the other side works on would slow it down. */
		if (!more)
			rte_delay_us_block(PAUSE_US);
	}
	return counts;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void measure(uint16_t port, double seconds)
{
	static double back[SECONDS_MAX * WINDOWS_A_SECOND];
	unsigned windows = (unsigned)(seconds * WINDOWS_A_SECOND);
	struct counts all = { 0 };

	for (unsigned i = 0; i < windows; i++) {
		struct counts counts = run(port, 1.0 / WINDOWS_A_SECOND);

		back[i] = (double)counts.back * WINDOWS_A_SECOND;
		all.bursts += counts.bursts;
		all.full += counts.full;
	}
	qsort(back, windows, sizeof(back[0]), by_value);
	printf("counts %.0f %.0f %.0f %.3f\n", back[windows / 2], back[0], back[windows - 1],
		(double)all.full / (double)all.bursts);
}

int main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv);
	double warm, seconds;
	uint16_t port;

	if (used < 0 || argc - used != 6)
		die("see perf/bench/memif.py for how it is called");
	argv += used;
	warm = strtod(argv[4], NULL);
	seconds = strtod(argv[5], NULL);
	if (!(warm >= 0 && seconds * WINDOWS_A_SECOND >= 1 && warm + seconds <= SECONDS_MAX))
		die("30 seconds at most");
	pool = rte_pktmbuf_pool_create("pool", POOL_SIZE, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	if (pool == NULL)
		die("no memory: are there hugepages?");
	prepare(argv[1], argv[2], argv[3]);
	port = start_port();
	wait_for_link(port);
	run(port, warm);
	measure(port, seconds);
	rte_eth_dev_stop(port);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "blast/receive.h"
#include "blast/streams.h"

/* Streams of RTP through the kernel's networking, each a packet every 20 ms, and a count of what
 * comes back. Frames leave by a packet socket, which costs less than a UDP socket a stream, and
 * are counted by a BPF program as they arrive. Ends by itself.
 * Prints "sent, late, received, streams heard". */

#define FRAME_NS    20000000ull
#define BATCH	    32
#define SECONDS_MAX 60
#define RATE_MAX    2000000 /* packets a second */

struct options {
	const char *interface, *streams, *sink;
	uint8_t to[6];
	unsigned active; /* of the streams; 0 for all */
	bool frames;	 /* what comes back are frames of an XDP program */
	double warm, seconds;
};

static void die(const char *what, int error)
{
	fprintf(stderr, "bridgetap-bench-blast: %s%s%s\n", what, error ? ": " : "",
		error ? strerror(-error) : "");
	exit(EXIT_FAILURE);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

/* A packet socket on the interface that sends without a queueing discipline and receives nothing;
 * `from` is set to the interface's own address. */
static int open_sender(const char *interface, uint8_t from[6])
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET };
	struct ifreq request = { 0 };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	address.sll_ifindex = (int)if_nametoindex(interface);
	if (address.sll_ifindex == 0 || ioctl(fd, SIOCGIFHWADDR, &request) < 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) < 0 ||
		bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	memcpy(from, request.ifr_hwaddr.sa_data, 6);
	return fd;
}

/* The next packets of `count` streams from `first` on, around the end. Returns how many left. */
static unsigned send_batch(
	int fd, struct stream *streams, unsigned total, uint64_t first, unsigned count)
{
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	int sent;

	memset(messages, 0, sizeof(messages));
	for (unsigned i = 0; i < count; i++) {
		struct stream *stream = &streams[(first + i) % total];

		stream_advance(stream);
		parts[i] = (struct iovec){ stream->frame, STREAM_FRAME };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(fd, messages, count, MSG_DONTWAIT);
	return sent < 0 ? 0 : (unsigned)sent;
}

/* Groups of one to BATCH packets, at random: a sender in step with the kernel's timer tick would
 * have that find it always, or never, at the same work, and CPU time is counted by ticks. */
static unsigned next_group(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return 1 + (*state >> 16) % BATCH;
}

struct counts {
	uint64_t due, sent, late;
};

/* Send what is due at its time until `end`. */
static void run(struct stream *streams, unsigned total, int fd, uint64_t end, struct counts *counts)
{
	uint64_t begin = now_ns(), now;
	uint32_t state = 1;
	unsigned group = next_group(&state);

	*counts = (struct counts){ 0 };
	while ((now = now_ns()) < end) {
		uint64_t due = (now - begin) * total / FRAME_NS, waiting = due - counts->due;

		/* Nobody catches up with more than a round. */
		if (waiting > total) {
			counts->late += waiting - total;
			counts->due += waiting - total;
		}
		if (waiting >= group) {
			counts->sent += send_batch(fd, streams, total, counts->due, group);
			counts->due += group;
			group = next_group(&state);
		}
	}
}

static struct options parse(int argc, char **argv)
{
	static const struct option names[] = { { "interface", 1, NULL, 'i' },
		{ "streams", 1, NULL, 's' }, { "to", 1, NULL, 't' }, { "sink", 1, NULL, 'k' },
		{ "active", 1, NULL, 'a' }, { "frames", 0, NULL, 'f' }, { "warm", 1, NULL, 'w' },
		{ "seconds", 1, NULL, 'd' }, { 0 } };
	struct options options = { .seconds = 1 };
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 'i')
			options.interface = optarg;
		else if (option == 's')
			options.streams = optarg;
		else if (option == 'k')
			options.sink = optarg;
		else if (option == 'f')
			options.frames = true;
		else if (option == 'a')
			options.active = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'w')
			options.warm = strtod(optarg, NULL);
		else if (option == 'd')
			options.seconds = strtod(optarg, NULL);
		else if (option != 't' || mac_parse(options.to, optarg) < 0)
			die("see perf/bench/peer_lab.py for how it is called", 0);
	}
	if (options.interface == NULL || options.streams == NULL || options.sink == NULL ||
		options.warm < 0 || options.seconds <= 0 ||
		options.warm + options.seconds > SECONDS_MAX)
		die("--interface, --streams, --sink and at most 60 seconds are a must", 0);
	return options;
}

int main(int argc, char **argv)
{
	struct options options = parse(argc, argv);
	static struct receiver receiver;
	struct stream *streams;
	struct counts counts;
	uint8_t from[6];
	uint64_t packets;
	unsigned heard;
	int fd, total, ret;

	total = streams_load(&streams, options.streams);
	if (total < 0)
		die(options.streams, total);
	if (options.active > 0 && options.active < (unsigned)total)
		total = (int)options.active;
	if (total > (int)(RATE_MAX * FRAME_NS / 1000000000ull))
		die("more streams than two million packets a second make", 0);
	fd = open_sender(options.interface, from);
	if (fd < 0)
		die(options.interface, fd);
	for (int i = 0; i < total; i++)
		stream_init(&streams[i], from, options.to, (unsigned)i);
	ret = receiver_open(
		&receiver, options.sink, (int)if_nametoindex(options.interface), options.frames);
	if (ret < 0)
		die("cannot open what receives", ret);

	run(streams, (unsigned)total, fd, now_ns() + (uint64_t)(options.warm * 1e9), &counts);
	receiver_reset(&receiver);
	/* Whoever measures reads its clocks at these two lines. */
	puts("begin");
	fflush(stdout);
	run(streams, (unsigned)total, fd, now_ns() + (uint64_t)(options.seconds * 1e9), &counts);
	packets = receiver_count(&receiver, &heard);
	puts("end");
	fflush(stdout);
	printf("counts %lu %lu %lu %u\n", counts.sent, counts.late, packets, heard);
	receiver_close(&receiver);
	free(streams);
	return 0;
}

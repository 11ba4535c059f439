/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_PERF_STREAMS_H
#define BRIDGETAP_PERF_STREAMS_H

#include <netinet/in.h>
#include <stdint.h>

/* Streams of RTP as ready Ethernet frames: IPv4, 20 ms of G.711, 214 bytes, no UDP checksum. */

#define STREAM_SAMPLES 160
#define STREAM_FRAME   (14 + 20 + 8 + 12 + STREAM_SAMPLES)

struct stream {
	struct in_addr local, remote;
	uint16_t local_port, remote_port; /* host order */
	uint16_t sequence;
	uint32_t timestamp;
	uint8_t frame[STREAM_FRAME];
};

/* Read "LOCAL PORT REMOTE PORT" lines. Returns how many there are, with `*streams` for the caller
 * to free(), or -errno; -EINVAL for a line that is none of that. */
int streams_load(struct stream **streams, const char *path);

/* Fill in all of the frame. Addresses are those of Ethernet; `number` tells streams apart. */
void stream_init(
	struct stream *stream, const uint8_t from[6], const uint8_t to[6], unsigned number);

/* Make the frame the next packet of its stream. */
void stream_advance(struct stream *stream);

/* Parse "02:00:5e:00:00:01". Returns 0 or -EINVAL. */
int mac_parse(uint8_t mac[6], const char *text);

#endif

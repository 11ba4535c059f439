/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "burst/packets.h"

#include <string.h>

#include <rte_malloc.h>

#include "media/rtp.h"

#define SAMPLES	   160
#define FRAME_SIZE (14 + 20 + 8 + 12 + SAMPLES)

static const uint64_t seed = 88172645463325252ull;

void packets_fill(
	struct rte_mbuf *mbuf, const struct speaker *speaker, uint32_t round, uint16_t port)
{
	uint8_t *data = (uint8_t *)rte_pktmbuf_append(mbuf, FRAME_SIZE), *rtp = data + 42;
	struct endpoint to = speaker->local, from = speaker->remote;
	struct header_template header;
	struct rtp_packet packet = {
		/* Begun at random, as RFC 3550 wants it: all in step would favour some lines of the
		 * caches and some banks of the memory. */
		.sequence = (uint16_t)(round + speaker->ssrc),
		.timestamp = round * SAMPLES + speaker->ssrc,
		.ssrc = speaker->ssrc,
	};

	memset(data, 0, 14);
	data[12] = 0x08;
	for (unsigned i = 0; i < SAMPLES; i++)
		rtp[12 + i] = (uint8_t)(i * 37 + 11); /* noise */
	rtp_write_header(rtp, &packet);
	header_template_init(&header, &from, &to, 0);
	memcpy(data + 14, header.bytes, 28);
	data[16] = (uint8_t)((FRAME_SIZE - 14) >> 8);
	data[17] = (uint8_t)(FRAME_SIZE - 14);
	data[38] = (uint8_t)((8 + 12 + SAMPLES) >> 8);
	data[39] = (uint8_t)(8 + 12 + SAMPLES);
	mbuf->port = port;
}

unsigned *packets_shuffle(unsigned count)
{
	unsigned *order = rte_malloc(NULL, count * sizeof(*order), 0);
	uint64_t state = seed;

	for (unsigned i = 0; order != NULL && i < count; i++) {
		unsigned j = i;

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		if (i > 0)
			j = (unsigned)(state % (i + 1));
		order[i] = order[j];
		order[j] = i;
	}
	return order;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "burst/packets.h"

#include <string.h>

#include <rte_malloc.h>

#include "media/rtp.h"
#include "net/checksum.h"

#define SAMPLES	   160
#define FRAME_SIZE (14 + 20 + 8 + 12 + SAMPLES)

static const uint64_t seed = 88172645463325252ull;

void packets_fill(
	struct rte_mbuf *mbuf, const struct speaker *speaker, uint32_t round, uint16_t port)
{
	uint8_t *data = (uint8_t *)rte_pktmbuf_append(mbuf, FRAME_SIZE);
	uint8_t *rtp = data + 14 + HEADER_IPV4_SIZE;
	struct header_template header;
	struct rtp_packet packet = {
		/* Begun at random, as RFC 3550 wants it: all in step would favour some lines of the
		 * caches and some banks of the memory. */
		.sequence = (uint16_t)(round + speaker->ssrc),
		.timestamp = round * SAMPLES + speaker->ssrc,
		.ssrc = speaker->ssrc,
		.payload_type = speaker->payload_type,
	};

	memset(data, 0, 14);
	data[12] = 0x08;
	for (unsigned i = 0; i < SAMPLES; i++)
		rtp[RTP_HEADER_SIZE + i] = (uint8_t)(i * 37 + 11); /* noise */
	rtp_write_header(rtp, &packet);
	header_template_init(&header, &speaker->remote, &speaker->local, 0);
	header_template_write(header.bytes, header.length, rtp, RTP_HEADER_SIZE + SAMPLES,
		checksum_add(0, rtp, RTP_HEADER_SIZE + SAMPLES));
	mbuf->port = port;
	/* What any NIC for 10 GbE says. */
	mbuf->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
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

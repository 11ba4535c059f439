/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_RTP_H
#define BRIDGETAP_MEDIA_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RTP packets, RFC 3550 section 5.1. Pure functions, any thread. */

#define RTP_HEADER_SIZE 12

/* What makes a datagram unfit to be RTP; each has a drop counter of its own. */
enum rtp_fault {
	RTP_OK,
	RTP_TRUNCATED,	   /* shorter than the fixed header */
	RTP_BAD_VERSION,   /* version is not 2 */
	RTP_BAD_CSRC,	   /* CSRC list runs past the end */
	RTP_BAD_EXTENSION, /* header extension runs past the end */
	RTP_BAD_PADDING,   /* padding of 0, or longer than what is left */
};

/* A view of a parsed packet, all in host order. `payload` points into the datagram that was
 * parsed and lives as long as that; CSRCs, extension and padding are outside of it. */
struct rtp_packet {
	const uint8_t *payload;
	uint32_t timestamp;
	uint32_t ssrc;
	uint16_t sequence;
	uint16_t payload_length; /* bytes, may be 0 */
	uint8_t payload_type;	 /* 0 to 127 */
	bool marker;
};

/* Parse `length` bytes of a UDP payload. `packet` is filled only on RTP_OK. */
enum rtp_fault rtp_parse(const uint8_t *data, size_t length, struct rtp_packet *packet);

/* Whether a datagram on an RTP port is RTCP (RFC 5761 section 4: packet types 192 to 223). */
bool rtp_is_rtcp(const uint8_t *data, size_t length);

/* Write the fixed header of `packet` (no CSRC, no extension, no padding) to `header`. Returns the
 * sum of its three 32-bit words as they lie in memory, which the UDP checksum needs: to read back
 * what was just written is slow. */
uint64_t rtp_write_header(uint8_t header[static RTP_HEADER_SIZE], const struct rtp_packet *packet);

/* Whether sequence number or timestamp `a` comes after `b`, with wrap-around. */
static inline bool rtp_sequence_after(uint16_t a, uint16_t b)
{
	return (int16_t)(a - b) > 0;
}

static inline bool rtp_timestamp_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

#endif

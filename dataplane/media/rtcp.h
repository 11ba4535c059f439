/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_RTCP_H
#define BRIDGETAP_MEDIA_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Compound RTCP packets, RFC 3550 section 6. Pure functions, any thread. */

#define RTCP_LOST_MIN (-0x800000)
#define RTCP_LOST_MAX 0x7fffff

/* What makes a datagram unfit to be RTCP; each has a drop counter of its own. */
enum rtcp_fault {
	RTCP_OK,
	RTCP_TRUNCATED,	  /* shorter than a header and an SSRC */
	RTCP_BAD_VERSION, /* of any packet in it is not 2 */
	RTCP_BAD_FIRST,	  /* begins with neither SR nor RR */
	RTCP_BAD_LENGTH,  /* the lengths of its packets do not add up to its own */
	RTCP_BAD_PADDING, /* of another packet than the last, of no whole words, or past it */
	RTCP_BAD_REPORT,  /* SR or RR that has no room for its report blocks */
	RTCP_BAD_SDES,	  /* chunks or items past the end */
	RTCP_BAD_BYE,	  /* sources or reason past the end */
	RTCP_BAD_APP,	  /* no room for SSRC and name */
};

/* A point of time by the clock on the wall: seconds since 1900 and their 2^-32 parts. */
struct rtcp_ntp {
	uint32_t seconds;
	uint32_t fraction;
};

/* The middle 32 bits, in units of 2^-16 seconds, as report blocks have them. */
static inline uint32_t rtcp_ntp_middle(struct rtcp_ntp ntp)
{
	return ntp.seconds << 16 | ntp.fraction >> 16;
}

/* `unix_us` are microseconds since 1970. */
struct rtcp_ntp rtcp_ntp_from_us(uint64_t unix_us);

/* What a sender says of its stream: of an SR. */
struct rtcp_sender {
	struct rtcp_ntp ntp;
	uint32_t timestamp; /* RTP's, of the same moment */
	uint32_t packets;   /* sent since the stream began */
	uint32_t octets;    /* of payload */
};

/* What a receiver says of one stream: of an SR or RR. */
struct rtcp_block {
	uint32_t ssrc;
	uint8_t fraction_lost;	/* since the last report, in 1/256 */
	int32_t lost;		/* 24 bits with a sign */
	uint32_t highest;	/* sequence number, with its cycles in the upper half */
	uint32_t jitter;	/* timestamp units */
	uint32_t last_sr;	/* middle of the NTP time of the last SR that came; 0 for none */
	uint32_t since_last_sr; /* units of 2^-16 seconds */
};

/* What of a compound packet concerns whoever sends `ours` and receives `theirs`. */
struct rtcp_summary {
	uint32_t ssrc;		   /* who sent it */
	struct rtcp_sender sender; /* of an SR of `theirs` */
	struct rtcp_block block;   /* about `ours` */
	bool has_sender;
	bool has_block;
	bool says_bye; /* `theirs` leaves */
};

/* Parse `length` bytes of a UDP payload. `summary` is filled only on RTCP_OK. Packets of unknown
 * types, profile extensions and what else is not asked for are checked for their lengths and
 * skipped. */
enum rtcp_fault rtcp_parse(const uint8_t *data, size_t length, uint32_t ours, uint32_t theirs,
	struct rtcp_summary *summary);

#endif

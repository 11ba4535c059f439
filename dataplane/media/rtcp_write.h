/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_RTCP_WRITE_H
#define BRIDGETAP_MEDIA_RTCP_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/rtcp.h"

/* Compound RTCP packets as we send them. Pure functions, any thread. */

/* The canonical name of a stream, which says nothing: 16 letters and digits (RFC 7022). */
#define RTCP_CNAME_SIZE 16

/* The most that rtcp_write() writes: SR with one block, SDES, BYE; a multiple of 4. */
#define RTCP_WRITE_MAX (8 + 20 + 24 + 8 + 2 + RTCP_CNAME_SIZE + 2 + 8)

_Static_assert(RTCP_WRITE_MAX % 4 == 0, "RTCP is words");

struct rtcp_compound {
	uint32_t ssrc;			  /* of who sends it */
	const struct rtcp_sender *sender; /* NULL: an RR */
	const struct rtcp_block *block;	  /* NULL for none */
	bool bye;
};

/* Write an SR or RR, an SDES with the CNAME, and a BYE where it is asked for (RFC 3550 section
 * 6.1), at `out`. Returns the number of bytes. */
unsigned rtcp_write(const struct rtcp_compound *compound, uint8_t out[static RTCP_WRITE_MAX]);

/* The CNAME that goes with an SSRC, not terminated. A function of the SSRC alone: it stays the same
 * when the appliance restarts, says no more than the SSRC, and has nothing in common with those of
 * the other legs of a call. */
void rtcp_cname(uint32_t ssrc, char name[static RTCP_CNAME_SIZE]);

#endif

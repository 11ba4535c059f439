/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_RTCP_TIMER_H
#define BRIDGETAP_MEDIA_RTCP_TIMER_H

#include <stdbool.h>
#include <stdint.h>

/* When the next report is due: RFC 3550 sections 6.2, 6.3 and A.7, of a session with two members at
 * most, in which a BYE need not wait. Time and randomness are passed in. Owned by the worker that
 * owns the call. Its milliseconds may wrap. All
 * zero is a session that has not begun. */
struct rtcp_timer {
	uint32_t previous_ms; /* when the last report was sent, or the session began */
	uint32_t due_ms;
	uint16_t size; /* average of a packet's bytes, with IP and UDP, times 16 */
	bool begun;
	bool sent; /* a report was: the first interval is half as long */
};

#define RTCP_BANDWIDTH 500 /* bytes a second: 5 % of G.711's 80 kbit/s (RFC 3550 section 6.2) */

/* Milliseconds between two reports (RFC 3550 A.7). `members` and `senders` include ourselves;
 * `size` is the average packet's, in bytes; `random` are 32 even bits, of which the interval varies
 * from half to one and a half. */
uint32_t rtcp_interval_ms(unsigned members, unsigned senders, bool we_send, unsigned size,
	bool initial, uint32_t random);

/* Begin: the first report is due in a while. */
void rtcp_timer_begin(struct rtcp_timer *timer, uint32_t now_ms, uint32_t random);

/* Whether it is time to look closer. */
static inline bool rtcp_timer_is_due(const struct rtcp_timer *timer, uint32_t now_ms)
{
	return (int32_t)(now_ms - timer->due_ms) >= 0;
}

/* Whether a report is to be sent now: it is due, and would still be if the interval were computed
 * anew ("timer reconsideration"). */
bool rtcp_timer_expires(struct rtcp_timer *timer, uint32_t now_ms, unsigned members,
	unsigned senders, bool we_send, uint32_t random);

/* A report of `size` bytes, with IP and UDP, was sent: the next one is due in a while. */
void rtcp_timer_sent(struct rtcp_timer *timer, uint32_t now_ms, unsigned size, unsigned members,
	unsigned senders, bool we_send, uint32_t random);

/* One of `size` bytes came in. */
void rtcp_timer_received(struct rtcp_timer *timer, unsigned size);

#endif

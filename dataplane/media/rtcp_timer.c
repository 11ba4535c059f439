/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/rtcp_timer.h"

#include "fastpath.h"

#define INTERVAL_MIN_MS 5000u
#define COMPENSATION	1.21828 /* e - 3/2: reconsideration makes intervals shorter than meant */
#define SIZE_EXPECTED	120	/* of the first report */

uint32_t rtcp_interval_ms(unsigned members, unsigned senders, bool we_send, unsigned size,
	bool initial, uint32_t random)
{
	double least = initial ? INTERVAL_MIN_MS / 2 : INTERVAL_MIN_MS;
	double bandwidth = RTCP_BANDWIDTH, interval;
	unsigned count = members;

	/* A few senders share a quarter, the others the rest. */
	if (senders * 4 <= members) {
		bandwidth *= we_send ? 0.25 : 0.75;
		count = we_send ? senders : members - senders;
	}
	interval = 1e3 * size * count / bandwidth;
	if (interval < least)
		interval = least;
	return (uint32_t)(interval * (0.5 + random / 4294967296.0) / COMPENSATION);
}

static void average(struct rtcp_timer *timer, unsigned size)
{
	timer->size = (uint16_t)(timer->size + size - timer->size / 16);
}

static uint32_t interval(const struct rtcp_timer *timer, unsigned members, unsigned senders,
	bool we_send, uint32_t random)
{
	return rtcp_interval_ms(members, senders, we_send, timer->size / 16, !timer->sent, random);
}

void rtcp_timer_begin(struct rtcp_timer *timer, uint32_t now_ms, uint32_t random)
{
	*timer = (struct rtcp_timer){
		.begun = true,
		.previous_ms = now_ms,
		.size = SIZE_EXPECTED * 16,
	};
	timer->due_ms = now_ms + interval(timer, 1, 0, false, random);
}

bool rtcp_timer_expires(struct rtcp_timer *timer, uint32_t now_ms, unsigned members,
	unsigned senders, bool we_send, uint32_t random)
{
	if (!rtcp_timer_is_due(timer, now_ms))
		return false;
	timer->due_ms = timer->previous_ms + interval(timer, members, senders, we_send, random);
	return rtcp_timer_is_due(timer, now_ms);
}

void rtcp_timer_sent(struct rtcp_timer *timer, uint32_t now_ms, unsigned size, unsigned members,
	unsigned senders, bool we_send, uint32_t random)
{
	average(timer, size);
	timer->sent = true;
	timer->previous_ms = now_ms;
	timer->due_ms = now_ms + interval(timer, members, senders, we_send, random);
}

void rtcp_timer_received(struct rtcp_timer *timer, unsigned size)
{
	if (size > 1500)
		size = 1500;
	average(timer, size);
}

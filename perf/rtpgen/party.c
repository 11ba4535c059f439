/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/party.h"

#include "rtpgen/voice.h"

const char *mode_name(enum mode mode)
{
	static const char *const names[] = { "forward", "listen", "whisper", "barge" };

	return names[mode];
}

const char *party_name(enum party party)
{
	static const char *const names[] = { "customer", "agent", "supervisor",
		"recorder of the customer", "recorder of the agent" };

	return names[party];
}

unsigned party_bit(enum party party)
{
	switch (party) {
	case PARTY_CUSTOMER:
		return HEARS_CUSTOMER;
	case PARTY_AGENT:
		return HEARS_AGENT;
	default:
		return HEARS_MONITOR;
	}
}

unsigned party_hears(enum party listener, enum mode mode)
{
	static const unsigned table[PARTIES][MODES] = {
		[PARTY_CUSTOMER] = { HEARS_AGENT, HEARS_AGENT, HEARS_AGENT,
			HEARS_AGENT | HEARS_MONITOR },
		[PARTY_AGENT] = { HEARS_CUSTOMER, HEARS_CUSTOMER, HEARS_CUSTOMER | HEARS_MONITOR,
			HEARS_CUSTOMER | HEARS_MONITOR },
		[PARTY_MONITOR] = { 0, HEARS_AGENT | HEARS_CUSTOMER, HEARS_AGENT | HEARS_CUSTOMER,
			HEARS_AGENT | HEARS_CUSTOMER },
		[PARTY_RECORDED_CUSTOMER] = { HEARS_CUSTOMER, HEARS_CUSTOMER, HEARS_CUSTOMER,
			HEARS_CUSTOMER },
		[PARTY_RECORDED_AGENT] = { HEARS_AGENT, HEARS_AGENT, HEARS_AGENT, HEARS_AGENT },
	};

	return table[listener][mode];
}

enum party party_clock(enum party listener)
{
	return listener == PARTY_CUSTOMER || listener == PARTY_RECORDED_AGENT ? PARTY_AGENT
									      : PARTY_CUSTOMER;
}

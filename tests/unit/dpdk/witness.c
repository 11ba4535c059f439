/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "witness.h"

static const uint8_t voice[CODEC_MAX_SAMPLES] = { 0x42, 0x17 };

static uint64_t before[COUNTER_COUNT];
static struct rtp_packet last[PARTY_COUNT];
static bool spoken[PARTY_COUNT];

static bool is_loss(unsigned counter)
{
	return counter >= COUNTER_drop_frame_truncated || counter == COUNTER_event_lost;
}

void witness_hears(enum party party, unsigned samples)
{
	struct heard heard = hear(party);

	assert_int_equal(heard.count, FRAME);
	assert_memory_equal(heard.payload, voice, FRAME);
	if (spoken[party]) {
		assert_int_equal(heard.rtp.ssrc, last[party].ssrc);
		assert_int_equal((uint16_t)(heard.rtp.sequence - last[party].sequence), 1);
		assert_int_equal(heard.rtp.timestamp - last[party].timestamp, samples);
	}
	last[party] = heard.rtp;
	spoken[party] = true;
	hears_nothing(party);
}

static void speak(enum party from, enum party to)
{
	say_payload(from, voice, FRAME);
	witness_hears(to, FRAME);
}

void witness_round_beside(void)
{
	now_us += FRAME_US;
	speak(OTHER_AGENT, OTHER_CUSTOMER);
	speak(OTHER_CUSTOMER, OTHER_AGENT);
	speak(CUSTOMER, AGENT);
}

void witness_round(void)
{
	witness_round_beside();
	speak(AGENT, CUSTOMER);
}

void witness_begin(unsigned parties)
{
	memset(spoken, 0, sizeof(spoken));
	worker->rate_limit = 4;
	put_call(parties);
	put_other_call();
	for (unsigned i = 0; i < 5; i++)
		witness_round();
	for (unsigned c = 0; c < COUNTER_COUNT; c++)
		before[c] = counted(c);
}

uint64_t witness_counted(enum counter counter)
{
	return counted(counter) - before[counter];
}

void witness_end(const char *what, enum counter counter, uint64_t count)
{
	/* And life goes on. */
	for (unsigned i = 0; i < 5; i++)
		witness_round();
	for (unsigned p = 0; p < PARTY_COUNT; p++)
		if (p != REC_AGENT && p != REC_CUSTOMER)
			hears_nothing(p);
	for (unsigned c = 0; c < COUNTER_COUNT; c++) {
		uint64_t expected = c == counter ? count : 0;

		if ((is_loss(c) || c == counter) && witness_counted(c) != expected)
			fail_msg("%s: %s is %lu, not %lu", what, counter_name(c),
				(unsigned long)witness_counted(c), (unsigned long)expected);
	}
	worker->rate_limit = 0;
}

void witness_end_well(const char *what)
{
	witness_end(what, COUNTER_drop_refused_source, 0);
}

struct rte_mbuf *forge(unsigned count)
{
	struct rte_mbuf *mbuf = build(AGENT, voice, FRAME);

	lose(AGENT, (unsigned)-1);
	mbuf->ol_flags = 0;
	if (count < FRAME)
		rte_pktmbuf_trim(mbuf, (uint16_t)(FRAME - count));
	return mbuf;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <string.h>

#include "rtpgen/histogram.h"
#include "rtpgen/party.h"
#include "rtpgen/stream.h"
#include "rtpgen/voice.h"

#define FRAME 160

/* --- quantiles --- */

static void quantiles_are_right_to_their_precision(void **state)
{
	static struct histogram h;

	(void)state;
	assert_int_equal(histogram_quantile(&h, 0.5), 0);
	for (uint64_t ns = 1; ns <= 1000000; ns++)
		histogram_add(&h, ns);
	for (unsigned percent = 1; percent <= 100; percent++) {
		uint64_t found = histogram_quantile(&h, percent / 100.0);

		assert_in_range(found, percent * 10000, percent * 10000 * 1.016 + 1);
	}
	histogram_add(&h, UINT64_MAX);
	assert_true(histogram_quantile(&h, 1) > 1000000);
}

/* Nearest rank: the smallest of the values that so many do not exceed. */
static void a_tail_is_where_it_is(void **state)
{
	static struct histogram h;

	(void)state;
	for (unsigned i = 0; i < 9990; i++)
		histogram_add(&h, 3000);
	for (unsigned i = 0; i < 9; i++)
		histogram_add(&h, 700000);
	histogram_add(&h, 5000000);
	assert_in_range(histogram_quantile(&h, 0.5), 3000, 3047);
	assert_in_range(histogram_quantile(&h, 0.999), 3000, 3047);
	assert_in_range(histogram_quantile(&h, 0.9991), 700000, 711200);
	assert_in_range(histogram_quantile(&h, 0.9999), 700000, 711200);
	assert_int_equal(histogram_quantile(&h, 1), 5000000);
}

static void each_duration_falls_into_a_bucket_that_is_near_it(void **state)
{
	(void)state;
	for (uint64_t ns = 1; ns < UINT64_C(60000000000); ns += 1 + ns / 37) {
		static struct histogram h;

		memset(&h, 0, sizeof(h));
		histogram_add(&h, ns);
		histogram_add(&h, UINT64_MAX);
		assert_in_range(histogram_quantile(&h, 0.5), ns, ns + ns / 64 + 1);
	}
}

/* --- order --- */

static bool take_at(struct stream *stream, uint16_t sequence, uint32_t timestamp, uint32_t arrival)
{
	return stream_take(stream, &(struct stream_packet){ .ssrc = 7,
					   .sequence = sequence,
					   .timestamp = timestamp,
					   .arrival = arrival,
					   .samples = FRAME });
}

static bool take(struct stream *stream, uint16_t sequence)
{
	/* Arrives exactly when it should. */
	return take_at(stream, sequence, sequence * FRAME, 50 + sequence * FRAME);
}

static void loss_order_and_repeats_are_told_apart(void **state)
{
	struct stream stream = { 0 };

	(void)state;
	for (unsigned i = 65530; i < 65550; i++)
		if (i != 65540 && i != 65541)
			assert_true(take(&stream, (uint16_t)i));
	assert_int_equal(stream_gaps(&stream), 2);
	assert_true(take(&stream, (uint16_t)65540));
	assert_false(take(&stream, (uint16_t)65540));
	assert_false(take(&stream, (uint16_t)65549));
	assert_int_equal(stream_gaps(&stream), 1);
	assert_int_equal(stream.late, 1);
	assert_int_equal(stream.duplicates, 2);
	assert_false(stream_take(
		&stream, &(struct stream_packet){ .ssrc = 8, .sequence = 14, .samples = FRAME }));
	assert_int_equal(stream.other_ssrc, 1);
}

static void a_step_of_the_timestamp_is_seen(void **state)
{
	struct stream stream = { 0 };

	(void)state;
	take_at(&stream, 1, 0, 0);
	take_at(&stream, 2, FRAME, FRAME);
	assert_int_equal(stream.discontinued, 0);
	take_at(&stream, 3, 5 * FRAME, 5 * FRAME);
	assert_int_equal(stream.discontinued, 1);
	stream_clear(&stream);
	assert_int_equal(stream.discontinued + stream.received + stream_gaps(&stream), 0);
}

static void a_marked_step_forward_is_the_end_of_a_silence(void **state)
{
	struct stream stream = { 0 };
	struct stream_packet packet = { .ssrc = 7, .sequence = 1, .samples = FRAME };

	(void)state;
	stream_take(&stream, &packet);
	packet.sequence++;
	packet.timestamp = 9 * FRAME;
	packet.marker = true;
	stream_take(&stream, &packet);
	assert_int_equal(stream.resumed, 1);
	assert_int_equal(stream.discontinued, 0);
	/* No mark makes a step back right. */
	packet.sequence++;
	packet.timestamp = 5 * FRAME;
	stream_take(&stream, &packet);
	assert_int_equal(stream.resumed, 1);
	assert_int_equal(stream.discontinued, 1);
}

static void jitter_is_that_of_the_rfc(void **state)
{
	struct stream stream = { 0 };

	(void)state;
	for (uint16_t i = 0; i < 100; i++)
		take(&stream, i);
	assert_int_equal(stream.jitter, 0);
	/* Every other packet late by 80: the mean difference of two is 80. */
	for (uint16_t i = 100; i < 600; i++)
		take_at(&stream, i, i * FRAME, 50 + i * FRAME + (i & 1) * 80);
	assert_in_range(stream.jitter / 16, 78, 81);
}

/* RFC 3550 section 6.4.1 as it is written, J += (|D(i-1,i)| - J) / 16, in real numbers; section A.8
 * rounds to a sixteenth of a unit at each step. */
static void jitter_follows_the_formula(void **state)
{
	struct stream stream = { 0 };
	double expected = 0, before = 0;
	uint32_t random = 1;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		double late, difference;

		random = random * 1103515245 + 12345;
		late = (random >> 16) % 400;
		difference = i == 0 ? 0 : late > before ? late - before : before - late;
		take_at(&stream, (uint16_t)i, i * FRAME, i * FRAME + (uint32_t)late);
		expected += (difference - expected) / 16;
		before = late;
		assert_in_range((int)(stream.jitter / 16.0 - expected + 100), 98, 102);
	}
	assert_in_range((unsigned)expected, 50, 250);
}

/* --- who is heard --- */

static enum voice_verdict judge(unsigned heard_voice, unsigned heard, unsigned expected)
{
	struct voice_expected e = { .voice = 3, .expected = (uint8_t)expected };
	uint8_t payload[FRAME];

	e.allowed = e.expected;
	memset(payload, voice_code(heard_voice, heard, VOICE_PCMU), sizeof(payload));
	return voice_judge(&e, payload, sizeof(payload));
}

static void one_voice_is_told_from_every_other(void **state)
{
	(void)state;
	assert_int_equal(voice_init(), 0);
	assert_int_equal(judge(3, HEARS_AGENT, HEARS_AGENT), VOICE_EXACT);
	assert_int_equal(judge(3, HEARS_AGENT, HEARS_AGENT | HEARS_MONITOR), VOICE_PARTIAL);
	assert_int_equal(judge(3, HEARS_MONITOR, HEARS_AGENT), VOICE_WRONG);
	for (unsigned voice = 0; voice < VOICES; voice++)
		if (voice != 3)
			assert_int_equal(judge(voice, HEARS_AGENT, HEARS_AGENT), VOICE_WRONG);
}

static void a_ramp_is_no_wrong_voice(void **state)
{
	struct voice_expected e = { .voice = 3, .expected = HEARS_AGENT, .allowed = HEARS_AGENT };
	uint8_t payload[FRAME];

	(void)state;
	voice_init();
	memset(payload, voice_code(3, HEARS_AGENT, VOICE_PCMU), sizeof(payload));
	memset(payload, 0xff, 40); /* silence */
	assert_int_equal(voice_judge(&e, payload, sizeof(payload)), VOICE_PARTIAL);
	memset(payload, voice_code(3, HEARS_MONITOR, VOICE_PCMU), 40);
	assert_int_equal(voice_judge(&e, payload, sizeof(payload)), VOICE_WRONG);
}

static void the_recorder_hears_no_monitor_in_any_mode(void **state)
{
	(void)state;
	for (enum mode mode = 0; mode < MODES; mode++) {
		assert_int_equal(party_hears(PARTY_RECORDED_AGENT, mode), HEARS_AGENT);
		assert_int_equal(party_hears(PARTY_RECORDED_CUSTOMER, mode), HEARS_CUSTOMER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_right_to_their_precision),
		cmocka_unit_test(a_tail_is_where_it_is),
		cmocka_unit_test(each_duration_falls_into_a_bucket_that_is_near_it),
		cmocka_unit_test(loss_order_and_repeats_are_told_apart),
		cmocka_unit_test(a_step_of_the_timestamp_is_seen),
		cmocka_unit_test(a_marked_step_forward_is_the_end_of_a_silence),
		cmocka_unit_test(jitter_is_that_of_the_rfc),
		cmocka_unit_test(jitter_follows_the_formula),
		cmocka_unit_test(one_voice_is_told_from_every_other),
		cmocka_unit_test(a_ramp_is_no_wrong_voice),
		cmocka_unit_test(the_recorder_hears_no_monitor_in_any_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

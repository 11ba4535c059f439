/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "fixture.h"

#include <math.h>
#include <stdlib.h>

#include "media/comfort_noise.h"

/* Telephone events and comfort noise on their way through a call. */

#define TWO	 (1u << AGENT | 1u << CUSTOMER)
#define THREE	 (TWO | 1u << MONITOR)
#define RECORDED (1u << REC_AGENT | 1u << REC_CUSTOMER)
#define ALL	 (THREE | RECORDED)

#define A 1000
#define C 4000
#define M 14000

#define KEY 5
#define END 0x80

/* As each party has negotiated it. */
static const uint8_t event_type[PARTY_COUNT] = { [AGENT] = 101, [CUSTOMER] = 96, [MONITOR] = 110 };

/* All three parties in G.722; recorders stay in G.711. */
static int new_wide_call(void **state)
{
	new_call(state);
	for (unsigned p = AGENT; p <= MONITOR; p++) {
		plans[p].codec = CODEC_G722;
		plans[p].payload_type = 9;
	}
	return 0;
}

static void start(enum mode mode, unsigned parties)
{
	for (unsigned i = 0; i < PARTY_COUNT; i++)
		plans[i].telephone_event = event_type[i];
	plans[MONITOR].mode = mode;
	put_call(parties);
	for (unsigned i = 0; i < 20; i++) {
		struct heard ignored;

		if (parties >> MONITOR & 1)
			say(MONITOR, M);
		say(AGENT, A);
		say(CUSTOMER, C);
		now_us += FRAME_US;
		for (unsigned p = 0; p < PARTY_COUNT; p++)
			while (take(p, &ignored)) {
			}
	}
}

static void press(enum party party, uint8_t flags, uint16_t duration)
{
	uint8_t payload[] = { KEY, (uint8_t)(flags | 10), (uint8_t)(duration >> 8),
		(uint8_t)duration };

	say_unvoiced(party, event_type[party], payload, sizeof(payload));
}

static int level_of(const struct heard *heard)
{
	return heard->pcm[heard->samples - 1];
}

static void assert_near(int level, int expected)
{
	assert_in_range(level - expected + 1000, 1000 - abs(expected) / 20 - 40,
		1000 + abs(expected) / 20 + 40);
}

/* What comes next follows `last` without a gap. */
static void assert_goes_on(const struct heard *last, const struct heard *next, unsigned samples)
{
	assert_int_equal((uint16_t)(next->rtp.sequence - last->rtp.sequence), 1);
	assert_int_equal(next->rtp.timestamp - last->rtp.timestamp, samples);
	assert_int_equal(next->rtp.ssrc, last->rtp.ssrc);
}

static void a_key_reaches_the_other_party_as_it_is(void **state)
{
	struct heard before, first, heard;

	(void)state;
	start(MODE_NONE, TWO);
	say(CUSTOMER, C);
	before = hear(AGENT);
	for (uint16_t n = 1; n <= 5; n++) {
		now_us += FRAME_US;
		press(CUSTOMER, n == 5 ? END : 0, (uint16_t)(n * FRAME));
		heard = hear(AGENT);
		assert_int_equal(heard.rtp.payload_type, event_type[AGENT]);
		assert_int_equal(heard.count, 4);
		assert_int_equal(heard.payload[0], KEY);
		assert_int_equal(heard.payload[2] << 8 | heard.payload[3], n * FRAME);
		if (n == 1)
			first = heard;
		/* All of an event have the timestamp of its beginning. */
		assert_int_equal(heard.rtp.timestamp, first.rtp.timestamp);
		assert_int_equal((uint16_t)(heard.rtp.sequence - before.rtp.sequence), n);
	}
	assert_int_equal(first.rtp.timestamp - before.rtp.timestamp, FRAME);
	pass(CUSTOMER, 5 * FRAME);
	now_us += FRAME_US;
	say(CUSTOMER, C);
	before = hear(AGENT);
	assert_goes_on(&heard, &before, 5 * FRAME);
	hears_nothing(CUSTOMER);
	assert_int_equal(counted(COUNTER_telephone_events), 5);
	assert_int_equal(counted(COUNTER_drop_payload_type), 0);
}

static void a_key_is_told_once(void **state)
{
	uint8_t codes[8];

	(void)state;
	start(MODE_LISTEN, THREE);
	for (unsigned key = 0; key < 2; key++) {
		for (uint16_t n = 1; n <= 3; n++)
			press(CUSTOMER, n == 3 ? END : 0, (uint16_t)(n * FRAME));
		press(CUSTOMER, END, 3 * FRAME);
		pass(CUSTOMER, 4 * FRAME);
		say(CUSTOMER, C);
	}
	assert_int_equal(told_keys(CUSTOMER, codes, COUNT_OF(codes)), 2);
	assert_int_equal(codes[0], KEY);
	press(MONITOR, 0, FRAME);
	assert_int_equal(told_keys(MONITOR, codes, COUNT_OF(codes)), 0);
}

/* Who is not to have the key hears the others on as if its sender were silent. */
static void all_others_hear_the_other_voices_meanwhile(void **state)
{
	struct heard last, heard;
	unsigned frames = 0;

	(void)state;
	start(MODE_LISTEN, ALL);
	say(AGENT, A);
	say(CUSTOMER, C);
	last = hear(MONITOR);
	hear(REC_CUSTOMER);
	for (uint16_t n = 1; n <= 8; n++) {
		/* The end is sent three times. */
		uint16_t duration = (uint16_t)((n < 6 ? n : 6) * FRAME);

		now_us += FRAME_US;
		say(AGENT, A);
		press(CUSTOMER, n >= 6 ? END : 0, duration);
		while (take(MONITOR, &heard)) {
			assert_int_equal(heard.rtp.payload_type, plans[MONITOR].payload_type);
			assert_int_equal(heard.count, FRAME);
			assert_goes_on(&last, &heard, FRAME);
			assert_near(level_of(&heard), A);
			last = heard;
			frames++;
		}
	}
	assert_int_equal(frames, 6);
	pass(CUSTOMER, 6 * FRAME);
	now_us += FRAME_US;
	say(CUSTOMER, C);
	heard = hear(MONITOR);
	assert_goes_on(&last, &heard, FRAME);
	for (unsigned i = 0; i < 6; i++) {
		heard = hear(REC_CUSTOMER);
		assert_int_equal(heard.count, FRAME);
		assert_near(level_of(&heard), 0);
	}
	assert_near(level_of((heard = hear(REC_CUSTOMER), &heard)), C);
	assert_int_equal(counted(COUNTER_guard_dropped), 0);
}

static void a_recorder_gets_keys_where_it_has_a_payload_type_for_them(void **state)
{
	struct heard heard;

	(void)state;
	plans[REC_CUSTOMER].telephone_event = 101;
	put_call(ALL & ~(1u << MONITOR));
	plans[CUSTOMER].telephone_event = event_type[CUSTOMER];
	put_call(ALL & ~(1u << MONITOR));
	say(CUSTOMER, C);
	hear(REC_CUSTOMER);
	press(CUSTOMER, 0, FRAME);
	heard = hear(REC_CUSTOMER);
	assert_int_equal(heard.rtp.payload_type, 101);
	assert_int_equal(heard.payload[0], KEY);
	assert_int_equal(counted(COUNTER_guard_dropped), 0);
}

static void a_monitors_key_reaches_nobody(void **state)
{
	static const enum mode modes[] = { MODE_LISTEN, MODE_WHISPER, MODE_BARGE };

	(void)state;
	for (size_t m = 0; m < COUNT_OF(modes); m++) {
		start(modes[m], ALL);
		for (uint16_t n = 1; n <= 5; n++) {
			struct heard heard;

			now_us += FRAME_US;
			press(MONITOR, 0, (uint16_t)(n * FRAME));
			say(AGENT, A);
			say(CUSTOMER, C);
			for (unsigned p = 0; p < PARTY_COUNT; p++)
				while (take(p, &heard))
					assert_int_equal(
						heard.rtp.payload_type, plans[p].payload_type);
		}
		pass(MONITOR, 5 * FRAME);
	}
	assert_int_equal(counted(COUNTER_telephone_events), 15);
}

/* As RFC 4733 recommends it, a packet each 50 ms, whatever the packets of voice hold. */
static void a_key_that_is_told_of_every_50_ms_costs_nobody_anything(void **state)
{
	const unsigned update = 400, length = 20 * update;
	uint32_t first = 0, end = 0;
	unsigned spoken = 0;
	struct heard heard;

	(void)state;
	start(MODE_LISTEN, ALL);
	for (unsigned ms = 0; ms < 1000; ms += 10) {
		if (ms % 50 == 0)
			press(CUSTOMER, ms == 950 ? END : 0, (uint16_t)(ms / 50 * update + update));
		if (ms % 20 == 0)
			say(AGENT, A);
		now_us += 10000;
		while (take(MONITOR, &heard)) {
			first = spoken == 0 ? heard.rtp.timestamp : first;
			end = heard.rtp.timestamp + heard.count;
			spoken += heard.count;
			/* What is not there yet of the agent is made up for, and no more is lost.
			 */
			for (unsigned i = 0; i < heard.samples && heard.rtp.payload_type == 0; i++)
				assert_in_range(heard.pcm[i] + 100, 0, A + A / 10 + 100);
		}
	}
	assert_int_equal(spoken, length);
	assert_int_equal(end - first, length);
	/* And for whom it is one of the others, it stays where it was. */
	assert_in_range(counted(COUNTER_mix_moved), 0, 2);
	pass(CUSTOMER, length);
	say(CUSTOMER, C);
	heard = hear(MONITOR);
	assert_int_equal(heard.rtp.timestamp, end);
}

static void keys_are_told_of_in_every_stream(void **state)
{
	uint8_t codes[8];

	(void)state;
	start(MODE_LISTEN, THREE);
	press(CUSTOMER, END, FRAME);
	assert_int_equal(told_keys(CUSTOMER, codes, COUNT_OF(codes)), 1);
	/* Another stream, which may begin at any timestamp. */
	for (uint32_t n = 1; n <= 8; n++) {
		now_us += 2 * FRAME_US;
		new_stream(CUSTOMER, 0xbb00 + n);
		set_clock(CUSTOMER, n * 0x20000000);
		say(CUSTOMER, C);
		press(CUSTOMER, END, FRAME);
		assert_int_equal(told_keys(CUSTOMER, codes, COUNT_OF(codes)), 1);
	}
	/* And within one stream, whatever its keys' timestamps do. */
	set_clock(CUSTOMER, 0x90000000);
	press(CUSTOMER, END, FRAME);
	set_clock(CUSTOMER, 0x20000000);
	press(CUSTOMER, END, FRAME);
	assert_int_equal(told_keys(CUSTOMER, codes, COUNT_OF(codes)), 2);
}

/* RFC 4733 section 2.5.1.3. */
static void a_key_that_is_held_for_long_is_told_of_once(void **state)
{
	uint8_t codes[8];
	uint16_t last = 0;

	(void)state;
	start(MODE_LISTEN, THREE);
	for (unsigned segment = 0; segment < 3; segment++) {
		for (unsigned duration = FRAME; duration <= UINT16_MAX; duration += FRAME) {
			struct heard heard;

			last = (uint16_t)duration;
			press(CUSTOMER, 0, last);
			now_us += FRAME_US;
			while (take(AGENT, &heard) || take(MONITOR, &heard)) {
			}
		}
		pass(CUSTOMER, last);
	}
	press(CUSTOMER, END, FRAME);
	pass(CUSTOMER, FRAME);
	assert_int_equal(told_keys(CUSTOMER, codes, COUNT_OF(codes)), 1);
	/* The same key once more, as soon as can be. */
	press(CUSTOMER, 0, FRAME);
	assert_int_equal(told_keys(CUSTOMER, codes, COUNT_OF(codes)), 1);
}

static void a_stream_may_begin_with_a_key(void **state)
{
	(void)state;
	plans[CUSTOMER].telephone_event = event_type[CUSTOMER];
	put_call(TWO);
	set_clock(CUSTOMER, 0x40000000);
	for (unsigned n = 1; n <= 3; n++) {
		press(CUSTOMER, 0, (uint16_t)(n * FRAME));
		now_us += FRAME_US;
	}
	pass(CUSTOMER, 3 * FRAME);
	say(CUSTOMER, C);
	assert_int_equal(counted(COUNTER_rx_accepted), 4);
	assert_int_equal(counted(COUNTER_clock_restarted), 0);
}

/* For longer than any window of those who read along: of its frames nothing is known but what
 * stands for them. */
static void who_has_never_spoken_presses_keys(void **state)
{
	struct heard heard;

	(void)state;
	plans[AGENT].telephone_event = event_type[AGENT];
	plans[MONITOR].mode = MODE_LISTEN;
	put_call(THREE);
	for (unsigned key = 0; key < 4; key++) {
		for (uint16_t n = 1; n <= 100; n++) {
			now_us += FRAME_US;
			press(AGENT, 0, (uint16_t)(n * FRAME));
			say(CUSTOMER, C);
			heard = hear(MONITOR);
			assert_near(level_of(&heard), C);
			hear(CUSTOMER);
			hear(AGENT);
		}
		pass(AGENT, 100 * FRAME);
	}
}

static void keys_that_nobody_has_negotiated_are_dropped(void **state)
{
	static const uint8_t payload[] = { KEY, 10, 0, FRAME };

	(void)state;
	put_call(TWO);
	say(CUSTOMER, C);
	hear(AGENT);
	say_unvoiced(CUSTOMER, 101, payload, sizeof(payload));
	say_unvoiced(CUSTOMER, COMFORT_NOISE_PAYLOAD_TYPE, payload, 1);
	hears_nothing(AGENT);
	assert_int_equal(counted(COUNTER_drop_payload_type), 2);
}

static void an_event_of_no_whole_length_is_dropped(void **state)
{
	static const uint8_t payload[] = { KEY, 10, 0, FRAME, 0 };

	(void)state;
	start(MODE_NONE, TWO);
	for (unsigned length = 1; length <= 5; length++)
		if (length != 4)
			say_unvoiced(CUSTOMER, event_type[CUSTOMER], payload, length);
	hears_nothing(AGENT);
	assert_int_equal(counted(COUNTER_drop_payload_type), 4);
	assert_int_equal(counted(COUNTER_telephone_events), 0);
}

/* A party without telephone events gets silence for them, in a stream without gaps. Where nothing
 * is known of the state that its decoder is in, that has 200 ms to come to rest, and as
 * long to find to the voice again. */
static void a_party_that_knows_no_keys_hears_silence(void **state)
{
	unsigned unrest = plans[CUSTOMER].codec == CODEC_G722 ? 10 : 0;
	struct heard last, heard;

	(void)state;
	plans[CUSTOMER].telephone_event = event_type[CUSTOMER];
	put_call(TWO);
	say(CUSTOMER, C);
	last = hear(AGENT);
	for (uint16_t n = 1; n <= 14; n++) {
		now_us += FRAME_US;
		press(CUSTOMER, n >= 12 ? END : 0, (uint16_t)((n < 12 ? n : 12) * FRAME));
	}
	for (unsigned n = 0; n < 12; n++) {
		heard = hear(AGENT);
		assert_goes_on(&last, &heard, FRAME);
		if (n >= unrest)
			assert_near(level_of(&heard), 0);
		else
			assert_in_range(abs(level_of(&heard)), 0, abs(level_of(&last)) + 40);
		last = heard;
	}
	pass(CUSTOMER, 12 * FRAME);
	for (unsigned n = 0; n <= unrest; n++) {
		say(CUSTOMER, C);
		heard = hear(AGENT);
		assert_goes_on(&last, &heard, FRAME);
		assert_in_range(level_of(&heard) + 40, 0, C + C / 20 + 80);
		last = heard;
	}
	assert_near(level_of(&heard), C);
}

/* --- comfort noise --- */

static const uint8_t noise[] = { 40, 7, 9 };

static void comfort_noise_reaches_who_understands_it(void **state)
{
	struct heard last, heard;

	(void)state;
	plans[AGENT].comfort_noise = plans[CUSTOMER].comfort_noise = true;
	put_call(TWO | RECORDED);
	say(CUSTOMER, C);
	last = hear(AGENT);
	hear(REC_CUSTOMER);
	now_us += FRAME_US;
	say_unvoiced(CUSTOMER, COMFORT_NOISE_PAYLOAD_TYPE, noise, sizeof(noise));
	heard = hear(AGENT);
	assert_int_equal(heard.rtp.payload_type, COMFORT_NOISE_PAYLOAD_TYPE);
	assert_int_equal(heard.count, sizeof(noise));
	assert_memory_equal(heard.payload, noise, sizeof(noise));
	assert_goes_on(&last, &heard, FRAME);
	/* To the recorder it is a frame of noise as loud. */
	heard = hear(REC_CUSTOMER);
	assert_int_equal(heard.rtp.payload_type, plans[REC_CUSTOMER].payload_type);
	assert_int_equal(heard.count, FRAME);
	/* And what comes after a second of silence begins a talkspurt where it should. */
	last = heard;
	now_us += 50 * FRAME_US;
	pass(CUSTOMER, 50 * FRAME);
	say(CUSTOMER, C);
	heard = hear(REC_CUSTOMER);
	assert_goes_on(&last, &heard, 50 * FRAME);
	assert_int_equal(counted(COUNTER_comfort_noise), 1);
}

static void who_falls_silent_gives_the_clock_to_others_at_once(void **state)
{
	struct heard last, heard;

	(void)state;
	plans[CUSTOMER].comfort_noise = true;
	start(MODE_BARGE, THREE);
	say(MONITOR, M);
	say(CUSTOMER, C);
	hear(MONITOR);
	last = hear(AGENT);
	now_us += FRAME_US;
	say(MONITOR, M);
	say_unvoiced(CUSTOMER, COMFORT_NOISE_PAYLOAD_TYPE, noise, sizeof(noise));
	heard = hear(AGENT); /* it has no comfort noise: a frame, mixed with the monitor's voice */
	assert_goes_on(&last, &heard, FRAME);
	last = heard;
	for (unsigned n = 0; n < 20; n++) {
		now_us += FRAME_US;
		say(MONITOR, M);
		heard = hear(AGENT);
		assert_int_equal((uint16_t)(heard.rtp.sequence - last.rtp.sequence), 1);
		assert_near(level_of(&heard), M);
		last = heard;
	}
}

/* How loud the rest of what was heard is, where filters have settled and whoever else speaks says
 * one level. */
static double noise_in(const struct heard *heard)
{
	unsigned begin = heard->samples / 2, count = heard->samples - begin;
	double mean = 0, squares = 0;

	for (unsigned i = begin; i < heard->samples; i++)
		mean += heard->pcm[i];
	mean /= count;
	for (unsigned i = begin; i < heard->samples; i++)
		squares += (heard->pcm[i] - mean) * (heard->pcm[i] - mean);
	return sqrt(squares / count);
}

/* By itself, and beside a voice. */
static void comfort_noise_is_as_loud_as_it_says(void **state)
{
	struct heard alone, beside;
	/* 40 dB below a square wave of full scale; of so few samples within 2 dB. */
	const double loud = 32767 * pow(10, -40 / 20.0), most = pow(10, 2 / 20.0);

	(void)state;
	plans[CUSTOMER].comfort_noise = true;
	start(MODE_LISTEN, ALL);
	say(AGENT, 0);
	now_us += FRAME_US;
	say_unvoiced(CUSTOMER, COMFORT_NOISE_PAYLOAD_TYPE, noise, sizeof(noise));
	alone = hear(REC_CUSTOMER);
	beside = hear(MONITOR);
	assert_in_range(lrint(noise_in(&alone)), lrint(loud / most), lrint(loud * most));
	assert_in_range(lrint(noise_in(&beside)), lrint(loud / most), lrint(loud * most));
}

/* What stood for a key was encoded here; a moment after it the packets are untouched again. */
static void a_voice_is_forwarded_again_after_a_key(void **state)
{
	struct heard last, heard;
	uint64_t forwarded;

	(void)state;
	plans[CUSTOMER].telephone_event = event_type[CUSTOMER];
	put_call(TWO);
	for (unsigned i = 0; i < 20; i++) {
		say(CUSTOMER, C);
		last = hear(AGENT);
		now_us += FRAME_US;
	}
	for (uint16_t n = 1; n <= 5; n++) {
		press(CUSTOMER, n == 5 ? END : 0, (uint16_t)(n * FRAME));
		heard = hear(AGENT);
		assert_goes_on(&last, &heard, FRAME);
		assert_int_equal(heard.count, FRAME);
		last = heard;
		now_us += FRAME_US;
	}
	assert_near(level_of(&last), 0);
	pass(CUSTOMER, 5 * FRAME);
	forwarded = counted(COUNTER_forwarded);
	for (unsigned i = 0; i < 20; i++) {
		say(CUSTOMER, C);
		heard = hear(AGENT);
		assert_goes_on(&last, &heard, FRAME);
		assert_in_range(abs(level_of(&heard)), 0, 2 * C);
		last = heard;
		now_us += FRAME_US;
	}
	assert_near(level_of(&heard), C);
	assert_true(counted(COUNTER_forwarded) - forwarded >= 15);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, new_call, end_call)
#define WIDE(name)                                                        \
	{                                                                 \
#name "_in_wideband", name, new_wide_call, end_call, NULL \
	}
	const struct CMUnitTest tests[] = {
		TEST(a_key_reaches_the_other_party_as_it_is),
		TEST(a_key_is_told_once),
		TEST(all_others_hear_the_other_voices_meanwhile),
		TEST(a_recorder_gets_keys_where_it_has_a_payload_type_for_them),
		TEST(a_monitors_key_reaches_nobody),
		TEST(a_key_that_is_told_of_every_50_ms_costs_nobody_anything),
		TEST(keys_are_told_of_in_every_stream),
		TEST(a_key_that_is_held_for_long_is_told_of_once),
		TEST(a_stream_may_begin_with_a_key),
		TEST(who_has_never_spoken_presses_keys),
		TEST(keys_that_nobody_has_negotiated_are_dropped),
		TEST(an_event_of_no_whole_length_is_dropped),
		TEST(a_party_that_knows_no_keys_hears_silence),
		TEST(comfort_noise_reaches_who_understands_it),
		TEST(who_falls_silent_gives_the_clock_to_others_at_once),
		TEST(comfort_noise_is_as_loud_as_it_says),
		TEST(a_voice_is_forwarded_again_after_a_key),
		WIDE(a_key_reaches_the_other_party_as_it_is),
		WIDE(all_others_hear_the_other_voices_meanwhile),
		WIDE(a_recorder_gets_keys_where_it_has_a_payload_type_for_them),
		WIDE(who_has_never_spoken_presses_keys),
		WIDE(a_monitors_key_reaches_nobody),
		WIDE(a_party_that_knows_no_keys_hears_silence),
		WIDE(comfort_noise_reaches_who_understands_it),
		WIDE(who_falls_silent_gives_the_clock_to_others_at_once),
		WIDE(comfort_noise_is_as_loud_as_it_says),
		WIDE(a_voice_is_forwarded_again_after_a_key),
	};

	return cmocka_run_group_tests_name("unvoiced", tests, start_eal, stop_eal);
}

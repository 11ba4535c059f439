/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "fixture.h"

#include <math.h>
#include <stdlib.h>

/* What agent and customer hear of a monitor who barges in over a network that is not what it should
 * be. They say nothing but a constant level; the monitor has a voice, a tone of 125 Hz. */

#define THREE (1u << AGENT | 1u << CUSTOMER | 1u << MONITOR)
#define LOUD  6000
#define STEP  1200 /* the voice's own steps, and G.711's, are smaller */

/* What each of the two has heard of the monitor. */
static struct {
	double loudness; /* RMS of the newest packet */
	int last;
	bool unbroken;
	unsigned clicks;
	unsigned packets;
	uint16_t sequence;
} listeners[2];

static uint32_t spoken; /* samples of the monitor's voice */

static int barge_in(void **state)
{
	new_call(state);
	memset(listeners, 0, sizeof(listeners));
	spoken = 0;
	plans[MONITOR].mode = MODE_BARGE;
	put_call(THREE);
	return 0;
}

/* The same in G.722. */
static int barge_in_wide(void **state)
{
	barge_in(state);
	remove_call();
	for (unsigned p = AGENT; p <= MONITOR; p++) {
		plans[p].codec = CODEC_G722;
		plans[p].payload_type = 9;
	}
	put_call(THREE);
	return 0;
}

static bool is_wide(void)
{
	return plans[MONITOR].codec == CODEC_G722;
}

/* The level of agent and customer. One that never changes is not what G.722 is made for. */
#define OWN (is_wide() ? 100 : 1000)

/* `count` ticks of the voice. */
static void say_voice(int16_t *pcm, unsigned count)
{
	unsigned scale = is_wide() ? CODEC_WIDE : 1;

	for (unsigned i = 0; i < count * scale; i++)
		pcm[i] = (int16_t)(LOUD *
				   sin((spoken * scale + i) % (64 * scale) * M_PI / (32 * scale)));
	spoken += count;
}

static void monitor_speaks(unsigned count)
{
	int16_t pcm[CODEC_MAX_SAMPLES * CODEC_WIDE];

	say_voice(pcm, count);
	say_pcm(MONITOR, pcm, count);
}

static void monitor_is_lost(void)
{
	lose(MONITOR, 1);
	spoken += FRAME;
}

/* A packet that arrives later. */
static struct rte_mbuf *monitor_is_late(void)
{
	uint8_t payload[FRAME];
	int16_t pcm[FRAME];

	say_voice(pcm, FRAME);
	codec_get(CODEC_PCMU)->encode(payload, pcm, FRAME);
	return build(MONITOR, payload, FRAME);
}

static struct rte_mbuf *level_of(enum party party)
{
	int16_t pcm[FRAME];
	uint8_t payload[FRAME];

	for (unsigned i = 0; i < FRAME; i++)
		pcm[i] = OWN;
	codec_get(CODEC_PCMU)->encode(payload, pcm, FRAME);
	return build(party, payload, FRAME);
}

static void attend(enum party party)
{
	__typeof__(listeners[0]) *listener = &listeners[party];
	struct heard heard;

	while (take(party, &heard)) {
		double sum = 0;

		for (unsigned i = 0; i < heard.samples; i++) {
			int sample = heard.pcm[i] - OWN;

			if (listener->unbroken && abs(sample - listener->last) > STEP)
				listener->clicks++;
			listener->last = sample;
			listener->unbroken = true;
			sum += (double)sample * sample;
		}
		listener->loudness = sqrt(sum / heard.samples);
		/* Each packet of the other party goes out once, in its order. */
		if (listener->packets++ > 0)
			assert_int_equal((uint16_t)(listener->sequence + 1), heard.rtp.sequence);
		listener->sequence = heard.rtp.sequence;
	}
}

/* The two say their level; and a packet's time passes. */
static void both_speak(void)
{
	struct heard ignored;

	say(AGENT, OWN);
	say(CUSTOMER, OWN);
	attend(AGENT);
	attend(CUSTOMER);
	while (take(MONITOR, &ignored)) {
	}
	now_us += FRAME_US;
}

static void both_hear_the_monitor(void)
{
	for (unsigned i = 0; i < 2; i++)
		if (listeners[i].loudness < LOUD / sqrt(2) * 0.8)
			fail_msg("%s hears %.0f of the monitor", i ? "the customer" : "the agent",
				listeners[i].loudness);
}

/* But for what G.722 makes of a level. */
static void nobody_hears_the_monitor(void)
{
	for (unsigned i = 0; i < 2; i++)
		assert_true(listeners[i].loudness < (is_wide() ? 150 : 50));
}

static void no_clicks(void)
{
	assert_int_equal(listeners[0].clicks + listeners[1].clicks, 0);
}

static void all_speak(unsigned frames)
{
	while (frames-- > 0) {
		monitor_speaks(FRAME);
		both_speak();
	}
}

/* --- tests --- */

static void what_is_lost_of_the_monitor_is_concealed(void **state)
{
	(void)state;
	all_speak(20);
	for (unsigned i = 0; i < 30; i++) {
		monitor_is_lost();
		both_speak();
		both_hear_the_monitor();
		all_speak(1);
		both_hear_the_monitor();
		all_speak(8);
	}
	no_clicks();
	assert_int_equal(counted(COUNTER_voice_lost), 30);
}

/* Nobody looks for a pitch while more waits than there is time for: what is missing is left silent.
 */
static void who_has_fallen_behind_leaves_gaps_and_makes_no_clicks(void **state)
{
	(void)state;
	all_speak(20);
	for (unsigned i = 0; i < 20; i++) {
		bool behind = i % 2;

		worker->full_rounds = behind ? WORKER_HURRY_ROUNDS : WORKER_HURRY_ROUNDS - 1;
		monitor_is_lost();
		both_speak();
		all_speak(1);
		for (unsigned party = 0; behind && party < 2; party++)
			assert_true(listeners[party].loudness < LOUD / 2.0);
		if (!behind)
			both_hear_the_monitor();
		all_speak(8);
		both_hear_the_monitor();
	}
	worker->full_rounds = 0;
	no_clicks();
	assert_int_equal(counted(COUNTER_voice_lost), 20);
	assert_int_equal(counted(COUNTER_mix_hurried), 10);
}

/* More than one packet in a row: what comes before a gap is heard once, and then fades. */
static void what_lacks_for_long_is_not_heard_again_and_again(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		double before = LOUD;

		all_speak(20);
		both_hear_the_monitor();
		for (unsigned n = 0; n < 6; n++) {
			monitor_is_lost();
			both_speak();
			if (n > 1)
				assert_true(listeners[CUSTOMER].loudness < before);
			before = listeners[CUSTOMER].loudness;
		}
		nobody_hears_the_monitor();
	}
	no_clicks();
}

/* The parties' own path has no such thing: its losses are theirs (M25). */
static void what_is_lost_of_a_party_is_left_to_the_listener(void **state)
{
	uint8_t payload[FRAME];
	struct heard heard;

	(void)state;
	plans[MONITOR].mode = MODE_LISTEN;
	put_call(THREE);
	for (unsigned i = 0; i < 200; i++) {
		for (unsigned k = 0; k < FRAME; k++)
			payload[k] = (uint8_t)random();
		if (i % 10 == 5) {
			lose(AGENT, 1);
		} else {
			say_payload(AGENT, payload, FRAME);
			heard = hear(CUSTOMER);
			assert_memory_equal(heard.payload, payload, FRAME);
		}
		hears_nothing(CUSTOMER);
		say(CUSTOMER, OWN);
		hear(AGENT);
		hear(MONITOR);
		now_us += FRAME_US;
	}
	assert_int_equal(counted(COUNTER_voice_lost), 20);
}

static void packets_that_others_overtake_are_heard_all_the_same(void **state)
{
	(void)state;
	all_speak(50);
	for (unsigned i = 0; i < 50; i++) {
		struct rte_mbuf *late = monitor_is_late();

		both_speak();
		all_speak(3);
		inject(late);
		all_speak(10);
	}
	both_hear_the_monitor();
	no_clicks();
	assert_int_equal(counted(COUNTER_voice_late), 50);
	/* Each listener has fallen back far enough, and stays there. */
	assert_in_range(counted(COUNTER_mix_moved), 2, 30);
}

/* Who speaks at the same instants as those who hear them: what a mix begins with is enough. */
static void a_voice_that_always_comes_in_time_is_never_moved(void **state)
{
	(void)state;
	all_speak(600);
	both_hear_the_monitor();
	no_clicks();
	assert_int_equal(counted(COUNTER_mix_moved), 0);
	assert_int_equal(counted(COUNTER_mix_underrun), 0);
}

static void duplicates_change_nothing(void **state)
{
	(void)state;
	all_speak(20);
	for (unsigned i = 0; i < 100; i++) {
		struct rte_mbuf *once = monitor_is_late(),
				*again = rte_pktmbuf_copy(once, pool, 0, UINT32_MAX);

		again->port = once->port;
		inject(once);
		inject(again);
		both_speak();
		both_hear_the_monitor();
	}
	no_clicks();
	assert_int_equal(counted(COUNTER_voice_late), 0);
	assert_int_equal(counted(COUNTER_mix_underrun), 0);
}

/* Of the party whose packets are the clock, too, while something of the monitor lacks. */
static void duplicates_of_the_clock_change_nothing(void **state)
{
	struct rte_mbuf *once, *again;
	struct heard first, second;

	(void)state;
	all_speak(20);
	for (unsigned i = 0; i < 30; i++) {
		monitor_is_lost();
		both_speak();
		monitor_is_lost();
		once = level_of(AGENT);
		again = rte_pktmbuf_copy(once, pool, 0, UINT32_MAX);
		again->port = once->port;
		inject(once);
		first = hear(CUSTOMER);
		inject(again);
		second = hear(CUSTOMER);
		assert_int_equal(first.rtp.sequence, second.rtp.sequence);
		assert_memory_equal(first.payload, second.payload, FRAME);
		listeners[CUSTOMER].sequence++;
		say(CUSTOMER, OWN);
		attend(AGENT);
		now_us += FRAME_US;
		all_speak(5);
	}
	assert_int_equal(counted(COUNTER_mix_moved), 0);
}

/* One listener may be further behind than the other: neither is cut off. */
static void a_monitor_who_falls_silent_fades_for_everybody(void **state)
{
	struct leg *customer = leg_of(CUSTOMER);

	(void)state;
	all_speak(20);
	/* Where a frame ends the tone is then at its loudest. */
	leg_terms(customer)[1].timeline.offset -= 3 * FRAME;
	all_speak(5);
	memset(listeners, 0, sizeof(listeners));
	for (unsigned i = 0; i < 15; i++)
		both_speak();
	no_clicks();
	nobody_hears_the_monitor();
	assert_int_equal(leg_of(MONITOR)->ring.filled, 0);
}

static void a_monitor_on_hold_comes_back(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 6; round++) {
		all_speak(30);
		both_hear_the_monitor();
		for (unsigned i = 0; i < 100; i++) {
			both_speak();
			if (i > 6)
				nobody_hears_the_monitor();
			if (round % 3 == 1) /* its clock went on */
				monitor_is_lost();
		}
		if (round % 3 == 2)
			new_stream(MONITOR, 0x900 + round);
	}
	all_speak(30);
	both_hear_the_monitor();
	no_clicks();
}

/* The same stream by SSRC and sequence number, with a clock that was set back, or far ahead. */
static void a_monitor_whose_clock_was_set_is_heard_on(void **state)
{
	static const uint32_t clocks[] = { 5, 0x80000000, 0x7fff0000, 0x7ffef000, 12345 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(clocks); i++) {
		all_speak(30);
		set_clock(MONITOR, clocks[i]);
		all_speak(10);
		both_hear_the_monitor();
	}
}

static void packets_of_changing_length_make_no_gaps(void **state)
{
	static const unsigned lengths[] = { 80, 480, 160, 240, 320, 400 };
	unsigned left = 0, length = FRAME;

	(void)state;
	all_speak(20);
	for (unsigned i = 0; i < 3000; i++) {
		if (i % 500 == 0)
			length = lengths[i / 500];
		for (left += FRAME; left >= length; left -= length)
			monitor_speaks(length);
		both_speak();
		both_hear_the_monitor();
	}
	no_clicks();
	assert_in_range(counted(COUNTER_mix_underrun), 0, 10);
}

/* --- a worker that is held up for half a second --- */

#define HELD_UP 25 /* packets that wait meanwhile, of each */

static void put_in(struct rte_mbuf **mbufs, unsigned count)
{
	for (unsigned i = 0; i < count; i += WORKER_BURST)
		inject_burst(mbufs + i, RTE_MIN(count - i, (unsigned)WORKER_BURST));
	attend(AGENT);
	attend(CUSTOMER);
}

/* All three waited in one queue: everything is in its place, as if nothing had been. */
static void held_up_in_one_queue_everything_is_in_its_place(void **state)
{
	struct rte_mbuf *waiting[3 * HELD_UP];
	struct heard ignored;
	unsigned n = 0;

	(void)state;
	all_speak(50);
	for (unsigned i = 0; i < HELD_UP; i++) {
		waiting[n++] = monitor_is_late();
		waiting[n++] = level_of(AGENT);
		waiting[n++] = level_of(CUSTOMER);
	}
	now_us += HELD_UP * FRAME_US;
	put_in(waiting, n);
	both_hear_the_monitor();
	while (take(MONITOR, &ignored)) {
	}
	assert_int_equal(listeners[AGENT].packets, 50 + HELD_UP);
	all_speak(50);
	both_hear_the_monitor();
	no_clicks();
	assert_int_equal(counted(COUNTER_mix_underrun), 0);
}

/* The monitor's queue comes first, and all others seem to have been silent meanwhile. A worker that
 * has been away knows that they may not have been. */
static void after_a_hold_up_streams_go_on_by_their_clocks(void **state)
{
	struct rte_mbuf *waiting[2 * 7], *first[7];

	(void)state;
	for (unsigned knows = 0; knows < 2; knows++) {
		uint64_t changes = counted(COUNTER_clock_changed);

		all_speak(50);
		worker->absence = (struct absence){ .polled_us = now_us };
		for (unsigned i = 0; i < 7; i++) {
			first[i] = monitor_is_late();
			waiting[2 * i] = level_of(AGENT);
			waiting[2 * i + 1] = level_of(CUSTOMER);
		}
		now_us += 7 * FRAME_US;
		if (knows)
			absence_note(&worker->absence, now_us);
		put_in(first, 7);
		put_in(waiting, 14);
		assert_int_equal(counted(COUNTER_clock_changed) != changes, !knows);
	}
	/* And not for longer than it takes those to be heard who have waited. */
	assert_int_equal(worker->absence.away_ms, 140);
	absence_note(&worker->absence, now_us += 10000);
	assert_int_equal(worker->absence.away_ms, 140);
	for (unsigned i = 0; i < 10; i++)
		absence_note(&worker->absence, now_us += 10000);
	assert_int_equal(worker->absence.away_ms, 0);
}

/* Where a worker has but two thirds of its CPU, silence takes half as long again, and no more. */
static void who_is_called_away_often_tells_silence_all_the_same(void **state)
{
	struct absence absence = { .polled_us = 1 };
	uint64_t us = 1;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		absence_note(&absence, us += 25000);
		assert_in_range(absence.away_ms, 25, 50);
		for (unsigned ms = 0; ms < 50; ms++)
			absence_note(&absence, us += 1000);
	}
}

/* The monitor's waited in another one: what is stale when it comes is never heard. The monitor says
 * something new after it: how many packets until then? */
static void held_up_in_two_queues_nobody_hears_what_is_stale(void **state)
{
	struct rte_mbuf *waiting[2 * HELD_UP], *stale[HELD_UP];
	struct heard ignored;
	unsigned n = 0, until = 0;

	(void)state;
	all_speak(50);
	for (unsigned i = 0; i < HELD_UP; i++) {
		stale[i] = monitor_is_late();
		waiting[n++] = level_of(AGENT);
		waiting[n++] = level_of(CUSTOMER);
	}
	now_us += HELD_UP * FRAME_US;
	put_in(waiting, n);
	put_in(stale, HELD_UP);
	while (take(MONITOR, &ignored)) {
	}
	/* No packet more than what came in. */
	assert_int_equal(listeners[AGENT].packets, 50 + HELD_UP);
	assert_int_equal(listeners[CUSTOMER].packets, 50 + HELD_UP);
	no_clicks();
	for (; until < 20; until++) {
		say(MONITOR, 0);
		both_speak();
		if (listeners[AGENT].loudness < 50 && listeners[CUSTOMER].loudness < 50)
			break;
	}
	assert_in_range(until, 0, 6);
}

int main(void)
{
#define PLAYOUT_TEST(name) cmocka_unit_test_setup_teardown(name, barge_in, end_call)
#define WIDE_TEST(name)                                                   \
	{                                                                 \
#name "_in_wideband", name, barge_in_wide, end_call, NULL \
	}
	const struct CMUnitTest tests[] = {
		PLAYOUT_TEST(what_is_lost_of_the_monitor_is_concealed),
		PLAYOUT_TEST(who_has_fallen_behind_leaves_gaps_and_makes_no_clicks),
		PLAYOUT_TEST(what_lacks_for_long_is_not_heard_again_and_again),
		PLAYOUT_TEST(what_is_lost_of_a_party_is_left_to_the_listener),
		PLAYOUT_TEST(packets_that_others_overtake_are_heard_all_the_same),
		PLAYOUT_TEST(a_voice_that_always_comes_in_time_is_never_moved),
		PLAYOUT_TEST(duplicates_change_nothing),
		PLAYOUT_TEST(duplicates_of_the_clock_change_nothing),
		PLAYOUT_TEST(a_monitor_who_falls_silent_fades_for_everybody),
		PLAYOUT_TEST(a_monitor_on_hold_comes_back),
		PLAYOUT_TEST(a_monitor_whose_clock_was_set_is_heard_on),
		PLAYOUT_TEST(packets_of_changing_length_make_no_gaps),
		PLAYOUT_TEST(held_up_in_one_queue_everything_is_in_its_place),
		PLAYOUT_TEST(after_a_hold_up_streams_go_on_by_their_clocks),
		PLAYOUT_TEST(who_is_called_away_often_tells_silence_all_the_same),
		PLAYOUT_TEST(held_up_in_two_queues_nobody_hears_what_is_stale),
		WIDE_TEST(what_is_lost_of_the_monitor_is_concealed),
		WIDE_TEST(what_lacks_for_long_is_not_heard_again_and_again),
		WIDE_TEST(a_monitor_who_falls_silent_fades_for_everybody),
		WIDE_TEST(a_monitor_on_hold_comes_back),
		WIDE_TEST(packets_of_changing_length_make_no_gaps),
	};

	return cmocka_run_group_tests_name("playout", tests, start_eal, stop_eal);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "fixture.h"

#include <stdlib.h>

#define TWO	 (1u << AGENT | 1u << CUSTOMER)
#define THREE	 (TWO | 1u << MONITOR)
#define RECORDED (1u << REC_AGENT | 1u << REC_CUSTOMER)

/* Levels whose every sum can be told from every other, after G.711 has rounded them. */
#define A 1000
#define C 4000
#define M 14000

static void random_payload(uint8_t *payload)
{
	for (unsigned i = 0; i < FRAME; i++)
		payload[i] = (uint8_t)random();
}

/* One frame from each of the parties in the call; then let a frame's time pass. */
static void everybody_speaks(unsigned parties)
{
	if (parties >> MONITOR & 1)
		say(MONITOR, M);
	say(AGENT, A);
	say(CUSTOMER, C);
	now_us += FRAME_US;
}

static void speak_frames(unsigned parties, unsigned frames)
{
	struct heard ignored;

	while (frames-- > 0) {
		everybody_speaks(parties);
		for (unsigned i = 0; i < PARTY_COUNT; i++)
			while (take(i, &ignored)) {
			}
	}
}

static void join(enum mode mode, unsigned parties)
{
	plans[MONITOR].mode = mode;
	put_call(parties);
}

/* The level of a frame's last sample, where every ramp has ended. */
static void assert_level(const struct heard *heard, int expected, const char *who)
{
	int level = heard->pcm[heard->count - 1];
	int tolerance = abs(expected) / 20 + 40;

	if (abs(level - expected) > tolerance)
		fail_msg("%s hears %d, expected %d", who, level, expected);
}

static void what_is_forwarded_is_untouched_bit_for_bit(void **state)
{
	uint8_t payload[FRAME];

	(void)state;
	put_call(TWO);
	for (unsigned i = 0; i < 50; i++) {
		struct heard heard;

		random_payload(payload);
		say_payload(AGENT, payload, FRAME);
		heard = hear(CUSTOMER);
		assert_int_equal(heard.count, FRAME);
		assert_memory_equal(heard.payload, payload, FRAME);
		hears_nothing(AGENT);

		random_payload(payload);
		say_payload(CUSTOMER, payload, FRAME);
		heard = hear(AGENT);
		assert_memory_equal(heard.payload, payload, FRAME);
		hears_nothing(CUSTOMER);
		now_us += FRAME_US;
	}
	assert_int_equal(counted(COUNTER_forwarded), 100);
	assert_int_equal(counted(COUNTER_mixed), 0);
}

static void each_leg_is_sent_to_from_its_own_address(void **state)
{
	struct heard heard;
	char text[ENDPOINT_TEXT_SIZE];

	(void)state;
	put_call(TWO | RECORDED);
	say(AGENT, A);
	heard = hear(CUSTOMER);
	assert_string_equal(endpoint_format(&heard.source, text), "192.0.2.1:20002");
	assert_int_equal(heard.rtp.ssrc, 0x5001);
	heard = hear(REC_AGENT);
	assert_string_equal(endpoint_format(&heard.source, text), "198.51.100.1:20006");
	assert_int_equal(heard.rtp.ssrc, 0x5003);
	hears_nothing(REC_CUSTOMER);
}

static void packets_of_any_length_pass(void **state)
{
	static const unsigned counts[] = { 80, 160, 240, 320, 480, 1 };
	uint8_t payload[CODEC_MAX_SAMPLES];

	(void)state;
	put_call(TWO);
	memset(payload, 0x42, sizeof(payload));
	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		struct heard heard;

		say_payload(AGENT, payload, counts[i]);
		heard = hear(CUSTOMER);
		assert_int_equal(heard.count, counts[i]);
	}
}

static void codecs_are_translated(void **state)
{
	struct heard heard;

	(void)state;
	plans[CUSTOMER].codec = CODEC_PCMA;
	plans[CUSTOMER].payload_type = 8;
	put_call(TWO);
	say(AGENT, A);
	heard = hear(CUSTOMER);
	assert_int_equal(heard.rtp.payload_type, 8);
	assert_level(&heard, A, "customer");
	say(CUSTOMER, C);
	heard = hear(AGENT);
	assert_int_equal(heard.rtp.payload_type, 0);
	assert_level(&heard, C, "agent");
	assert_int_equal(counted(COUNTER_transcoded), 2);
}

static const struct {
	enum mode mode;
	int agent, customer, monitor;
} modes[] = {
	{ MODE_LISTEN, C, A, A + C },
	{ MODE_WHISPER, C + M, A, A + C },
	{ MODE_BARGE, C + M, A + M, A + C },
	{ MODE_NONE, C, A, -1 },
	{ 77, C, A, -1 },
};

static void each_mode_is_heard_as_it_should_be(void **state)
{
	for (size_t i = 0; i < COUNT_OF(modes); i++) {
		struct heard heard;

		new_call(state);
		join(modes[i].mode, THREE | RECORDED);
		speak_frames(THREE, 10);
		everybody_speaks(THREE);
		heard = hear(AGENT);
		assert_level(&heard, modes[i].agent, "agent");
		heard = hear(CUSTOMER);
		assert_level(&heard, modes[i].customer, "customer");
		if (modes[i].monitor >= 0) {
			heard = hear(MONITOR);
			assert_level(&heard, modes[i].monitor, "monitor");
		}
		hears_nothing(MONITOR);
		heard = hear(REC_AGENT);
		assert_level(&heard, A, "recorder's agent");
		heard = hear(REC_CUSTOMER);
		assert_level(&heard, C, "recorder's customer");
		hears_nothing(REC_AGENT);
		hears_nothing(REC_CUSTOMER);
		assert_int_equal(counted(COUNTER_guard_dropped), 0);
		end_call(state);
	}
}

/* Bit for bit, although a monitor speaks: privacy is not a small gain but none. */
static void a_listening_monitor_leaves_no_trace(void **state)
{
	uint8_t payload[FRAME];

	(void)state;
	join(MODE_LISTEN, THREE | RECORDED);
	for (unsigned i = 0; i < 50; i++) {
		struct heard heard;

		say(MONITOR, M);
		random_payload(payload);
		say_payload(AGENT, payload, FRAME);
		heard = hear(CUSTOMER);
		assert_memory_equal(heard.payload, payload, FRAME);
		heard = hear(REC_AGENT);
		assert_memory_equal(heard.payload, payload, FRAME);
		random_payload(payload);
		say_payload(CUSTOMER, payload, FRAME);
		heard = hear(AGENT);
		assert_memory_equal(heard.payload, payload, FRAME);
		now_us += FRAME_US;
	}
}

static void a_whisper_leaves_no_trace_with_customer_and_recorder(void **state)
{
	uint8_t payload[FRAME];

	(void)state;
	join(MODE_WHISPER, THREE | RECORDED);
	speak_frames(THREE, 5);
	for (unsigned i = 0; i < 50; i++) {
		struct heard heard;

		say(MONITOR, M);
		random_payload(payload);
		say_payload(AGENT, payload, FRAME);
		heard = hear(CUSTOMER);
		assert_memory_equal(heard.payload, payload, FRAME);
		heard = hear(REC_AGENT);
		assert_memory_equal(heard.payload, payload, FRAME);
		random_payload(payload);
		say_payload(CUSTOMER, payload, FRAME);
		heard = hear(REC_CUSTOMER);
		assert_memory_equal(heard.payload, payload, FRAME);
		hear(AGENT);
		now_us += FRAME_US;
	}
}

static void a_silent_monitor_leaves_the_payload_untouched(void **state)
{
	uint8_t payload[FRAME];
	struct heard heard;

	(void)state;
	join(MODE_BARGE, THREE);
	for (unsigned i = 0; i < 20; i++) {
		random_payload(payload);
		say_payload(CUSTOMER, payload, FRAME);
		heard = hear(AGENT);
		assert_memory_equal(heard.payload, payload, FRAME);
		now_us += FRAME_US;
	}
}

/* Whether `heard` is, bit for bit, `own` plus the FRAME samples at `other`. */
static bool is_sum(const struct heard *heard, const int16_t *own, const int16_t *other)
{
	const struct codec *codec = codec_get(CODEC_PCMU);
	int16_t sum[FRAME];
	uint8_t coded[FRAME];

	for (unsigned i = 0; i < FRAME; i++) {
		int both = own[i] + other[i];

		sum[i] = (int16_t)(both > INT16_MAX   ? INT16_MAX
				   : both < INT16_MIN ? INT16_MIN
						      : both);
	}
	codec->encode(coded, sum, FRAME);
	return memcmp(coded, heard->payload, FRAME) == 0;
}

/* Wherever the other voice lies in its ring: it takes 12.8 frames, so that some of them wrap. */
static void a_mix_is_the_exact_sum_of_its_voices(void **state)
{
	static int16_t agent[60 * FRAME];
	uint8_t payload[FRAME];
	int16_t customer[FRAME];
	struct heard heard;

	(void)state;
	join(MODE_LISTEN, THREE);
	for (unsigned frame = 0; frame < 60; frame++) {
		unsigned end = (frame + 1) * FRAME, at = end - FRAME;

		random_payload(payload);
		say_payload(AGENT, payload, FRAME);
		codec_get(CODEC_PCMU)->decode(agent + frame * FRAME, payload, FRAME);
		random_payload(payload);
		say_payload(CUSTOMER, payload, FRAME);
		codec_get(CODEC_PCMU)->decode(customer, payload, FRAME);
		heard = hear(MONITOR);
		hear(AGENT);
		hear(CUSTOMER);
		now_us += FRAME_US;
		if (frame < 10)
			continue; /* the agent's voice is still setting in */
		while (!is_sum(&heard, customer, agent + at)) {
			assert_true(at > 0 && at + PCM_RING_SAMPLES > end);
			at--;
		}
	}
}

static void one_mixed_recording_has_both_parties(void **state)
{
	struct heard heard;

	(void)state;
	plans[REC_AGENT].records = 1 << ROLE_AGENT | 1 << ROLE_CUSTOMER;
	join(MODE_BARGE, THREE | 1u << REC_AGENT);
	speak_frames(THREE, 10);
	everybody_speaks(THREE);
	heard = hear(REC_AGENT);
	assert_level(&heard, A + C, "recorder");
	assert_int_equal(counted(COUNTER_guard_dropped), 0);
}

/* --- streams stay continuous ---------------------------------------------------------------- */

struct follower {
	bool started;
	struct rtp_packet last;
};

static void assert_continuous(struct follower *f, const struct heard *heard, const char *who)
{
	if (f->started) {
		if (heard->rtp.ssrc != f->last.ssrc)
			fail_msg("%s: another SSRC", who);
		if ((uint16_t)(heard->rtp.sequence - f->last.sequence) != 1)
			fail_msg("%s: sequence %u after %u", who, heard->rtp.sequence,
				f->last.sequence);
		if (heard->rtp.timestamp - f->last.timestamp != FRAME)
			fail_msg("%s: timestamp step %u", who,
				heard->rtp.timestamp - f->last.timestamp);
	}
	f->last = heard->rtp;
	f->started = true;
}

static void a_stream_is_continuous_through_every_join_switch_and_leave(void **state)
{
	static const enum mode sequence[] = { MODE_NONE, MODE_LISTEN, MODE_WHISPER, MODE_BARGE,
		MODE_WHISPER, MODE_NONE, MODE_BARGE, MODE_LISTEN, MODE_NONE };
	struct follower followers[PARTY_COUNT] = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sequence); i++) {
		unsigned parties = (sequence[i] == MODE_NONE ? TWO : THREE) | RECORDED;

		join(sequence[i], parties);
		if (!(parties >> MONITOR & 1))
			followers[MONITOR].started = false;
		for (unsigned frame = 0; frame < 20; frame++) {
			struct heard heard;

			everybody_speaks(parties);
			for (unsigned p = 0; p < PARTY_COUNT; p++)
				while (take(p, &heard))
					assert_continuous(&followers[p], &heard, "listener");
		}
	}
	assert_int_equal(counted(COUNTER_clock_changed), 0);
}

/* Beyond half a cycle of sequence numbers, 11 minutes of 20 ms packets. */
static void a_long_call_goes_on(void **state)
{
	uint16_t last = 0;

	(void)state;
	join(MODE_BARGE, THREE | RECORDED);
	for (unsigned i = 0; i < 40000; i++) {
		struct heard heard;

		everybody_speaks(THREE);
		heard = hear(AGENT);
		if (i > 0)
			assert_int_equal((uint16_t)(heard.rtp.sequence - last), 1);
		last = heard.rtp.sequence;
		hear(CUSTOMER);
		hear(MONITOR);
		hear(REC_AGENT);
		hear(REC_CUSTOMER);
	}
	assert_int_equal(counted(COUNTER_tx_late), 0);
}

static void loss_and_order_of_the_way_in_are_kept(void **state)
{
	struct heard first, second;
	struct rte_mbuf *late;
	uint8_t payload[FRAME] = { 0 };

	(void)state;
	put_call(TWO);
	say(AGENT, A);
	first = hear(CUSTOMER);
	lose(AGENT, 3);
	say(AGENT, A);
	second = hear(CUSTOMER);
	assert_int_equal((uint16_t)(second.rtp.sequence - first.rtp.sequence), 4);
	assert_int_equal(second.rtp.timestamp - first.rtp.timestamp, 4 * FRAME);

	late = build(AGENT, payload, FRAME);
	say(AGENT, A);
	first = hear(CUSTOMER);
	inject(late);
	second = hear(CUSTOMER);
	assert_int_equal((uint16_t)(first.rtp.sequence - second.rtp.sequence), 1);
}

static void a_sender_that_restarts_does_not_break_the_stream(void **state)
{
	struct follower follower = { 0 };
	struct heard heard;

	(void)state;
	put_call(TWO);
	for (unsigned i = 0; i < 60; i++) {
		if (i % 20 == 19)
			new_stream(AGENT, 1000 + i);
		say(AGENT, A);
		heard = hear(CUSTOMER);
		assert_continuous(&follower, &heard, "customer");
		now_us += FRAME_US;
	}
	assert_int_equal(counted(COUNTER_ssrc_changed), 3);
	assert_true(told(EVENT_SSRC_CHANGED, AGENT));
}

static void a_transfer_does_not_break_the_customers_stream(void **state)
{
	struct follower follower = { 0 }, recording = { 0 };
	struct heard heard;

	(void)state;
	put_call(TWO | RECORDED);
	for (unsigned i = 0; i < 60; i++) {
		if (i == 30) {
			plans[AGENT].id = 555;
			plans[AGENT].local_port = 20100;
			plans[AGENT].remote.port = 4444;
			new_stream(AGENT, 0x777);
			put_call(TWO | RECORDED);
		}
		say(AGENT, A);
		say(CUSTOMER, C);
		heard = hear(CUSTOMER);
		assert_continuous(&follower, &heard, "customer");
		heard = hear(REC_AGENT);
		assert_continuous(&recording, &heard, "recorder");
		hear(AGENT);
		hear(REC_CUSTOMER);
		now_us += FRAME_US;
	}
}

/* --- switches ------------------------------------------------------------------------------- */

/* Over a switch no sample may step by more than a ramp's slope and G.711's rounding. */
static void assert_no_click(const struct heard *heard, int *last, int whole)
{
	int most = whole / MIX_RAMP_SAMPLES + whole / 12 + 80;

	for (unsigned i = 0; i < heard->count; i++) {
		if (*last != INT32_MIN && abs(heard->pcm[i] - *last) > most)
			fail_msg("a step from %d to %d", *last, heard->pcm[i]);
		*last = heard->pcm[i];
	}
}

static void a_switch_is_a_ramp_and_no_click(void **state)
{
	int agent = INT32_MIN, customer = INT32_MIN;
	uint64_t mixed_by_then = 0;

	(void)state;
	join(MODE_LISTEN, THREE);
	for (unsigned frame = 0; frame < 60; frame++) {
		struct heard heard;

		if (frame == 10)
			join(MODE_WHISPER, THREE);
		if (frame == 20)
			join(MODE_BARGE, THREE);
		if (frame == 30)
			join(MODE_WHISPER, THREE);
		if (frame == 40)
			join(MODE_BARGE, THREE);
		if (frame == 50)
			join(MODE_NONE, TWO); /* the monitor leaves */
		everybody_speaks(frame < 50 ? THREE : TWO);
		heard = hear(AGENT);
		assert_no_click(&heard, &agent, M);
		heard = hear(CUSTOMER);
		assert_no_click(&heard, &customer, M);
		while (take(MONITOR, &heard)) {
		}
		/* One packet after the leave there is nothing left to fade. */
		if (frame == 51)
			assert_int_equal(counted(COUNTER_mixed), mixed_by_then);
		mixed_by_then = counted(COUNTER_mixed);
	}
}

static void a_switch_takes_effect_with_the_next_packet(void **state)
{
	struct heard heard;

	(void)state;
	join(MODE_LISTEN, THREE);
	speak_frames(THREE, 10);
	join(MODE_BARGE, THREE);
	say(MONITOR, M);
	say(CUSTOMER, C);
	heard = hear(AGENT);
	assert_level(&heard, C, "agent"); /* the ring has just begun to fill */
	speak_frames(THREE, 5);
	join(MODE_LISTEN, THREE);
	everybody_speaks(THREE);
	heard = hear(AGENT);
	assert_level(&heard, C, "agent");
	assert_true(heard.pcm[0] > C + M / 2); /* faded within this packet */
	everybody_speaks(THREE);
	heard = hear(AGENT);
	assert_int_equal(heard.pcm[0], heard.pcm[FRAME - 1]);
}

/* Whom the call is transferred to hears nothing of a monitor who leaves with it, not even the end.
 */
static void a_new_agent_hears_nothing_of_a_monitor_who_has_left(void **state)
{
	struct heard heard;

	(void)state;
	for (unsigned later = 0; later < 2; later++) {
		join(MODE_WHISPER, THREE);
		speak_frames(THREE, 10);
		if (later) /* it has left already, and has still to fade */
			join(MODE_NONE, TWO);
		plans[AGENT].remote.port += 100;
		join(MODE_NONE, TWO);
		everybody_speaks(TWO);
		heard = hear(AGENT);
		for (unsigned i = 0; i < FRAME; i++)
			assert_int_equal(heard.pcm[i], heard.pcm[FRAME - 1]);
		assert_level(&heard, C, "agent");
	}
}

/* --- a silent primary ----------------------------------------------------------------------- */

static void a_whisper_goes_on_while_the_customer_is_silent(void **state)
{
	struct follower follower = { 0 };
	struct heard heard;

	(void)state;
	join(MODE_WHISPER, THREE);
	say(CUSTOMER, C);
	hear(AGENT);
	hear(MONITOR);
	for (unsigned i = 0; i < 20; i++) {
		everybody_speaks(THREE);
		heard = hear(AGENT);
		assert_continuous(&follower, &heard, "agent");
		hear(CUSTOMER);
		hear(MONITOR);
	}

	/* The customer is put on hold: nothing comes any more. */
	for (unsigned i = 0; i < 20; i++) {
		say(MONITOR, M);
		now_us += FRAME_US;
		if (!take(AGENT, &heard))
			continue;
		assert_int_equal((uint16_t)(heard.rtp.sequence - follower.last.sequence), 1);
		assert_true(rtp_timestamp_after(
			heard.rtp.timestamp, follower.last.timestamp + FRAME - 1));
		assert_level(&heard, M, "agent");
		follower.last = heard.rtp;
	}
	hears_nothing(CUSTOMER);
	assert_int_equal(counted(COUNTER_clock_changed), 1);

	/* And comes back: the customer clocks the stream again, at once. */
	lose(CUSTOMER, 20);
	for (unsigned i = 0; i < 10; i++) {
		say(CUSTOMER, C);
		say(MONITOR, M);
		now_us += FRAME_US;
		heard = hear(AGENT);
		assert_int_equal((uint16_t)(heard.rtp.sequence - follower.last.sequence), 1);
		follower.last = heard.rtp;
		hears_nothing(AGENT);
	}
	assert_level(&heard, C + M, "agent");
}

static void a_listening_monitor_never_clocks_anybody(void **state)
{
	(void)state;
	join(MODE_LISTEN, THREE | RECORDED);
	for (unsigned i = 0; i < 50; i++) {
		say(MONITOR, M);
		now_us += FRAME_US;
	}
	hears_nothing(AGENT);
	hears_nothing(CUSTOMER);
	hears_nothing(MONITOR);
	hears_nothing(REC_AGENT);
	hears_nothing(REC_CUSTOMER);
}

/* --- random lives --------------------------------------------------------------------------- */

/* Any order of joins, switches, leaves, transfers, losses and restarts: the recorder never gets
 * anything but the two voices, and no listener's stream breaks. */
static void no_sequence_of_events_lets_a_monitor_be_recorded(void **state)
{
	struct follower followers[PARTY_COUNT] = { 0 };
	unsigned parties = TWO | RECORDED;
	const unsigned seed = 20261120;

	(void)state;
	srandom(seed);
	put_call(parties);
	for (unsigned step = 0; step < 20000; step++) {
		struct heard heard;

		switch (random() % 12) {
		case 0:
			parties |= 1u << MONITOR;
			plans[MONITOR].mode = (enum mode)(random() % (MODE_COUNT + 1));
			put_call(parties);
			followers[MONITOR].started = false;
			break;
		case 1:
			parties &= ~(1u << MONITOR);
			put_call(parties);
			break;
		case 2:
			parties ^= RECORDED;
			put_call(parties);
			followers[REC_AGENT].started = followers[REC_CUSTOMER].started = false;
			break;
		case 3:
			new_stream((enum party)(random() % 3), (uint32_t)random());
			break;
		default:
			break;
		}
		for (unsigned p = 0; p < 3; p++) {
			static const int16_t levels[] = { A, C, M };

			if (!(parties >> p & 1))
				continue;
			if (random() % 30 == 0)
				lose(p, 1);
			else
				say(p, levels[p]);
		}
		now_us += FRAME_US;

		while (take(REC_AGENT, &heard)) {
			assert_int_equal(heard.payload[0], heard.payload[FRAME - 1]);
			assert_level(&heard, A, "recorder's agent");
		}
		while (take(REC_CUSTOMER, &heard)) {
			assert_int_equal(heard.payload[0], heard.payload[FRAME - 1]);
			assert_level(&heard, C, "recorder's customer");
		}
		for (unsigned p = 0; p < 3; p++)
			while (take(p, &heard)) {
				struct follower *f = &followers[p];
				uint16_t ahead = (uint16_t)(heard.rtp.sequence - f->last.sequence);

				if (f->started && (ahead == 0 || ahead > 50))
					fail_msg("seed %u step %u: party %u: sequence step %u",
						seed, step, p, ahead);
				if (f->started && !rtp_timestamp_after(
							  heard.rtp.timestamp, f->last.timestamp))
					fail_msg("seed %u step %u: time ran back", seed, step);
				f->last = heard.rtp;
				f->started = true;
			}
	}
	assert_int_equal(counted(COUNTER_guard_dropped), 0);
}

int main(void)
{
#define CALL_TEST(name) cmocka_unit_test_setup_teardown(name, new_call, end_call)
	const struct CMUnitTest tests[] = {
		CALL_TEST(what_is_forwarded_is_untouched_bit_for_bit),
		CALL_TEST(each_leg_is_sent_to_from_its_own_address),
		CALL_TEST(packets_of_any_length_pass),
		CALL_TEST(codecs_are_translated),
		CALL_TEST(each_mode_is_heard_as_it_should_be),
		CALL_TEST(a_listening_monitor_leaves_no_trace),
		CALL_TEST(a_whisper_leaves_no_trace_with_customer_and_recorder),
		CALL_TEST(a_silent_monitor_leaves_the_payload_untouched),
		CALL_TEST(a_mix_is_the_exact_sum_of_its_voices),
		CALL_TEST(one_mixed_recording_has_both_parties),
		CALL_TEST(a_stream_is_continuous_through_every_join_switch_and_leave),
		CALL_TEST(a_long_call_goes_on),
		CALL_TEST(loss_and_order_of_the_way_in_are_kept),
		CALL_TEST(a_sender_that_restarts_does_not_break_the_stream),
		CALL_TEST(a_transfer_does_not_break_the_customers_stream),
		CALL_TEST(a_switch_is_a_ramp_and_no_click),
		CALL_TEST(a_switch_takes_effect_with_the_next_packet),
		CALL_TEST(a_new_agent_hears_nothing_of_a_monitor_who_has_left),
		CALL_TEST(a_whisper_goes_on_while_the_customer_is_silent),
		CALL_TEST(a_listening_monitor_never_clocks_anybody),
		CALL_TEST(no_sequence_of_events_lets_a_monitor_be_recorded),
	};

	return cmocka_run_group_tests_name("call", tests, start_eal, stop_eal);
}

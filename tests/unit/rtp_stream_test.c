/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include "media/rtp_stream.h"

#define FRAME	 160
#define RATE	 8000
#define FRAME_US 20000

static struct rtp_packet nth(unsigned n, uint16_t sequence, uint32_t timestamp)
{
	return (struct rtp_packet){
		.sequence = (uint16_t)(sequence + n),
		.timestamp = timestamp + n * FRAME,
	};
}

static bool map(
	struct rtp_stream *stream, struct rtp_packet in, uint64_t now_us, struct rtp_packet *out)
{
	return rtp_stream_map(stream, &in, FRAME, now_us, out) != RTP_STREAM_BEFORE;
}

/* A stream that follows `in` from time 0 on, and has sent it: `out`. */
static void begin(
	struct rtp_stream *stream, uint32_t ssrc, struct rtp_packet in, struct rtp_packet *out)
{
	rtp_stream_init(stream, ssrc);
	rtp_stream_follow(stream, &in, FRAME, RATE, 0);
	assert_true(map(stream, in, 0, out));
}

static void offsets_are_constant_and_loss_passes_through(void **state)
{
	struct rtp_stream stream;
	struct rtp_packet in = nth(0, 65530, 0xffffff00), first = { 0 }, out = { 0 };

	(void)state;
	begin(&stream, 77, in, &first);
	assert_int_equal(first.ssrc, 77);
	for (unsigned n = 1; n < 100; n++) {
		if (n % 7 == 0)
			continue; /* lost on the way in */
		assert_true(map(&stream, nth(n, 65530, 0xffffff00), n * FRAME_US, &out));
		assert_int_equal((uint16_t)(out.sequence - first.sequence), n);
		assert_int_equal(out.timestamp - first.timestamp, n * FRAME);
		assert_int_equal(out.ssrc, 77);
	}
}

/* The one property that lets an appliance be restarted under a call. */
static void a_new_stream_of_the_same_ssrc_continues_where_the_old_one_was(void **state)
{
	struct rtp_stream before, after;
	struct rtp_packet in = nth(0, 5, 500), a = { 0 }, b = { 0 };

	(void)state;
	rtp_stream_init(&before, 1234);
	rtp_stream_init(&after, 1234);
	rtp_stream_follow(&before, &in, FRAME, RATE, 0);
	map(&before, in, 0, &a);
	in = nth(50, 5, 500);
	rtp_stream_follow(&after, &in, FRAME, RATE, 999);
	assert_true(map(&after, in, 999, &b));
	assert_int_equal((uint16_t)(b.sequence - a.sequence), 50);
	assert_int_equal(b.timestamp - a.timestamp, 50 * FRAME);
}

static void following_another_source_leaves_no_gap(void **state)
{
	struct rtp_stream stream;
	struct rtp_packet in = nth(0, 1000, 8000), last = { 0 }, out = { 0 };

	(void)state;
	begin(&stream, 9, in, &last);

	/* Half a second of silence, then another source takes over. */
	in = nth(0, 40000, 123456789);
	rtp_stream_follow(&stream, &in, FRAME, RATE, 500000);
	assert_true(map(&stream, in, 500000, &out));
	assert_int_equal((uint16_t)(out.sequence - last.sequence), 1);
	assert_int_equal(out.timestamp - last.timestamp, RATE / 2);
	assert_true(out.marker);

	/* The next one of that source follows directly and begins no talkspurt. */
	assert_true(map(&stream, nth(1, 40000, 123456789), 520000, &last));
	assert_int_equal((uint16_t)(last.sequence - out.sequence), 1);
	assert_int_equal(last.timestamp - out.timestamp, FRAME);
	assert_false(last.marker);
}

/* A takeover 3 ms after a frame must still advance by a whole frame; what the timestamps have run
 * ahead by is given back at the next pause, so they never drift away from the clock. */
static void timestamps_never_overlap_and_never_run_away(void **state)
{
	struct rtp_stream stream;
	struct rtp_packet in = nth(0, 0, 0), last = { 0 }, out = { 0 };
	uint64_t now = 0;
	uint32_t start;

	(void)state;
	begin(&stream, 9, in, &last);
	start = last.timestamp;
	for (unsigned i = 1; i <= 100; i++) {
		now += i % 2 ? 3000 : 150000;
		in = nth(0, (uint16_t)(i * 7919), i * 104729);
		rtp_stream_follow(&stream, &in, FRAME, RATE, now);
		assert_true(map(&stream, in, now, &out));
		assert_int_equal((uint16_t)(out.sequence - last.sequence), 1);
		assert_true(out.timestamp - last.timestamp >= FRAME);
		last = out;
	}
	assert_in_range(
		last.timestamp - start, now * RATE / 1000000 - FRAME, now * RATE / 1000000 + FRAME);
}

static void packets_from_before_the_takeover_are_not_sent(void **state)
{
	struct rtp_stream stream;
	struct rtp_packet in = nth(10, 0, 0), out = { 0 };

	(void)state;
	begin(&stream, 9, in, &out);
	assert_false(map(&stream, nth(9, 0, 0), 0, &out));
	assert_true(map(&stream, nth(12, 0, 0), 0, &out));
	assert_true(map(&stream, nth(11, 0, 0), 0, &out)); /* merely reordered */
}

/* Half a cycle of sequence numbers is 11 minutes of 20 ms packets. */
static void a_long_call_goes_on_past_all_sequence_numbers(void **state)
{
	struct rtp_stream stream;
	struct rtp_packet in = nth(0, 5, 500), first = { 0 }, out = { 0 };

	(void)state;
	begin(&stream, 1, in, &first);
	for (unsigned n = 1; n < 200000; n++) {
		assert_true(map(&stream, nth(n, 5, 500), (uint64_t)n * FRAME_US, &out));
		assert_int_equal((uint16_t)(out.sequence - first.sequence), n & UINT16_MAX);
	}
}

static void a_packet_left_out_is_not_missed(void **state)
{
	struct rtp_stream stream;
	struct rtp_packet in = nth(0, 0, 0), first = { 0 }, out = { 0 };

	(void)state;
	begin(&stream, 9, in, &first);
	for (unsigned n = 1; n <= 3; n++) {
		in = nth(n, 0, 0);
		rtp_stream_skip(&stream, &in);
	}
	assert_true(map(&stream, nth(4, 0, 0), 0, &out));
	assert_int_equal((uint16_t)(out.sequence - first.sequence), 1);
	assert_int_equal(out.timestamp - first.timestamp, 4 * FRAME);
	assert_true(out.marker);
	assert_false(map(&stream, nth(3, 0, 0), 0, &out)); /* not sent twice */
}

/* Somebody else may have used the number of the next packet for what is none of the stream. */
static void who_bears_the_number_of_one_left_out_takes_its_place(void **state)
{
	struct rtp_stream stream;
	struct rtp_packet in = nth(0, 0, 0), first = { 0 }, out = { 0 };

	(void)state;
	begin(&stream, 9, in, &first);
	in = nth(1, 0, 0);
	rtp_stream_skip(&stream, &in);
	for (unsigned n = 1; n <= 5; n++) {
		assert_true(map(&stream, nth(n, 0, 0), 0, &out));
		assert_int_equal((uint16_t)(out.sequence - first.sequence), n);
		assert_int_equal(out.timestamp - first.timestamp, n * FRAME);
	}
	/* But not once others have gone out. */
	in = nth(6, 0, 0);
	rtp_stream_skip(&stream, &in);
	assert_true(map(&stream, nth(7, 0, 0), 0, &out));
	assert_int_equal((uint16_t)(out.sequence - first.sequence), 6);
	assert_false(map(&stream, nth(6, 0, 0), 0, &out));
}

/* Others have taken the places around it: moving those after it up would repeat one. */
static void a_late_packet_left_out_stays_a_gap(void **state)
{
	struct rtp_stream stream;
	struct rtp_packet in = nth(0, 0, 0), first = { 0 }, out = { 0 };

	(void)state;
	begin(&stream, 9, in, &first);
	assert_true(map(&stream, nth(2, 0, 0), 0, &out));
	in = nth(1, 0, 0);
	rtp_stream_skip(&stream, &in);
	assert_true(map(&stream, nth(3, 0, 0), 0, &out));
	assert_int_equal((uint16_t)(out.sequence - first.sequence), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_are_constant_and_loss_passes_through),
		cmocka_unit_test(a_new_stream_of_the_same_ssrc_continues_where_the_old_one_was),
		cmocka_unit_test(following_another_source_leaves_no_gap),
		cmocka_unit_test(timestamps_never_overlap_and_never_run_away),
		cmocka_unit_test(packets_from_before_the_takeover_are_not_sent),
		cmocka_unit_test(a_long_call_goes_on_past_all_sequence_numbers),
		cmocka_unit_test(a_packet_left_out_is_not_missed),
		cmocka_unit_test(who_bears_the_number_of_one_left_out_takes_its_place),
		cmocka_unit_test(a_late_packet_left_out_stays_a_gap),
	};

	return cmocka_run_group_tests_name("rtp_stream", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spandsp.h>

#include "media/codec.h"

#define FRAME	160 /* bytes: 20 ms */
#define FRAMES	100
#define SAMPLES (FRAMES * FRAME * CODEC_WIDE)

static int16_t voice[SAMPLES];
static uint8_t coded[SAMPLES / CODEC_WIDE];
static int16_t heard[SAMPLES];

/* Noise with the slope of a voice's spectrum, louder and softer. */
static int make_voice(void **state)
{
	double low = 0;

	(void)state;
	srandom(722);
	for (unsigned i = 0; i < SAMPLES; i++) {
		low = 0.9 * low + (double)(random() % 8001 - 4000);
		voice[i] = (int16_t)(low * (0.6 + 0.4 * sin(i / 1500.0)));
	}
	return 0;
}

static const struct codec_stateful *codec(void)
{
	return codec_get(CODEC_G722)->stateful;
}

static void encode_frames(union codec_state *encoder, unsigned from, unsigned to)
{
	for (unsigned f = from; f < to; f++)
		codec()->encode(encoder, coded + f * FRAME, voice + f * FRAME * CODEC_WIDE, FRAME);
}

static void decode_frames(union codec_state *decoder, unsigned from, unsigned to)
{
	for (unsigned f = from; f < to; f++)
		codec()->decode(decoder, heard + f * FRAME * CODEC_WIDE, coded + f * FRAME, FRAME);
}

/* dB by which the voice that was spoken is above what else is heard. */
static double quality(unsigned from, unsigned to)
{
	double signal = 0, noise = 0;

	for (unsigned i = from * FRAME * CODEC_WIDE; i < to * FRAME * CODEC_WIDE; i++) {
		double said = voice[i - codec()->delay];

		signal += said * said;
		noise += (heard[i] - said) * (heard[i] - said);
	}
	return 10 * log10(signal / noise);
}

static void the_table_knows_its_rates(void **state)
{
	const struct codec *g722 = codec_get(CODEC_G722);

	(void)state;
	assert_string_equal(g722->name, "G722");
	assert_int_equal(g722->payload_type, 9);
	assert_int_equal(g722->clock_rate, 8000);
	assert_int_equal(g722->sample_rate, 16000);
	for (unsigned id = CODEC_PCMU; id <= CODEC_PCMA; id++) {
		assert_int_equal(codec_get(id)->sample_rate, codec_get(id)->clock_rate);
		assert_null(codec_get(id)->stateful);
	}
}

/* spandsp's decoder wraps there: what it makes of it is off by 65,536. */
static void what_is_too_loud_is_clipped(void **state)
{
	static int16_t loud[SAMPLES], theirs[SAMPLES];
	g722_decode_state_t *their_decoder = g722_decode_init(NULL, 64000, 0);
	union codec_state encoder, decoder;
	unsigned clipped = 0;

	(void)state;
	for (unsigned i = 0; i < SAMPLES; i++)
		loud[i] = random() & 1 ? INT16_MAX : INT16_MIN;
	codec()->start_encoder(&encoder);
	codec()->encode(&encoder, coded, loud, CODEC_MAX_SAMPLES);
	codec()->start_decoder(&decoder);
	codec()->decode(&decoder, heard, coded, CODEC_MAX_SAMPLES);
	g722_decode(their_decoder, theirs, coded, CODEC_MAX_SAMPLES);
	for (unsigned i = 0; i < CODEC_MAX_SAMPLES * CODEC_WIDE; i++) {
		if (heard[i] == theirs[i])
			continue;
		clipped++;
		assert_int_equal(heard[i], theirs[i] < 0 ? INT16_MAX : INT16_MIN);
	}
	assert_in_range(clipped, 1, CODEC_MAX_SAMPLES / 4);
	g722_decode_free(their_decoder);
}

/* Whatever it is cut into, it is what spandsp makes of the whole. */
static void packets_are_the_stream_that_spandsp_makes(void **state)
{
	static uint8_t want_coded[SAMPLES / CODEC_WIDE];
	static int16_t want_heard[SAMPLES];
	g722_encode_state_t *theirs = g722_encode_init(NULL, 64000, 0);
	g722_decode_state_t *their_decoder = g722_decode_init(NULL, 64000, 0);
	union codec_state encoder, decoder;

	(void)state;
	assert_int_equal(g722_encode(theirs, want_coded, voice, SAMPLES), sizeof(want_coded));
	assert_int_equal(
		g722_decode(their_decoder, want_heard, want_coded, sizeof(want_coded)), SAMPLES);
	codec()->start_encoder(&encoder);
	codec()->start_decoder(&decoder);
	encode_frames(&encoder, 0, FRAMES);
	decode_frames(&decoder, 0, FRAMES);
	assert_memory_equal(coded, want_coded, sizeof(coded));
	assert_memory_equal(heard, want_heard, sizeof(heard));
	g722_encode_free(theirs);
	g722_decode_free(their_decoder);
}

static void the_delay_is_what_the_codec_says(void **state)
{
	union codec_state encoder, decoder;

	(void)state;
	codec()->start_encoder(&encoder);
	codec()->start_decoder(&decoder);
	encode_frames(&encoder, 0, FRAMES);
	decode_frames(&decoder, 0, FRAMES);
	assert_true(quality(1, FRAMES) > 15); /* at any other delay it is below 8 */
}

/* Another encoder takes over in mid-stream, and the decoder goes on as if nothing had happened;
 * one that does not know what was sent before is heard. */
static void an_encoder_can_go_on_where_another_one_was(void **state)
{
	union codec_state first, second, decoder;
	double before, after, unaware;

	(void)state;
	codec()->start_encoder(&first);
	codec()->start_decoder(&decoder);
	encode_frames(&first, 0, 50);
	decode_frames(&decoder, 0, 50);
	before = quality(40, 50);

	codec()->start_encoder(&second);
	encode_frames(&second, 48, 50); /* what its filters would hold */
	codec()->encoder_follow(&second, &decoder);
	encode_frames(&second, 50, 51);
	first = decoder;
	decode_frames(&first, 50, 51);
	after = quality(50, 51);

	codec()->start_encoder(&second);
	encode_frames(&second, 50, 51);
	decode_frames(&decoder, 50, 51);
	unaware = quality(50, 51);
	assert_true(after > before - 3);
	assert_true(unaware < after - 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_knows_its_rates),
		cmocka_unit_test(what_is_too_loud_is_clipped),
		cmocka_unit_test(packets_are_the_stream_that_spandsp_makes),
		cmocka_unit_test(the_delay_is_what_the_codec_says),
		cmocka_unit_test(an_encoder_can_go_on_where_another_one_was),
	};

	codec_init(UINT_MAX);
	return cmocka_run_group_tests_name("g722", tests, make_voice, NULL);
}

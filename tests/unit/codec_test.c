/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <limits.h>
#include <stdlib.h>

#include <spandsp.h>

#include "media/codec.h"
#include "media/g711.h"

/* spandsp is the independent oracle for G.711. */

static void every_code_decodes_as_spandsp_does(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 256; code++) {
		assert_int_equal(g711_ulaw_decode((uint8_t)code), ulaw_to_linear((uint8_t)code));
		assert_int_equal(g711_alaw_decode((uint8_t)code), alaw_to_linear((uint8_t)code));
	}
}

/* For negative samples spandsp's mu-law negates where G.191 (and we) complement, which moves each
 * step of its coder by one sample: our code of s is its code of s + 1. */
static void every_sample_encodes_as_spandsp_does(void **state)
{
	(void)state;
	for (int sample = INT16_MIN; sample <= INT16_MAX; sample++) {
		int shifted = sample < -1 ? sample + 1 : sample;

		assert_int_equal(g711_ulaw_encode((int16_t)sample), linear_to_ulaw(shifted));
		assert_int_equal(g711_alaw_encode((int16_t)sample), linear_to_alaw(sample));
	}
}

static void every_code_survives_a_round_trip(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 256; code++) {
		/* mu-law has two zeros; the negative one comes back as the positive one. */
		uint8_t want = code == 0x7f ? 0xff : (uint8_t)code;

		assert_int_equal(g711_ulaw_encode(g711_ulaw_decode((uint8_t)code)), want);
		assert_int_equal(g711_alaw_encode(g711_alaw_decode((uint8_t)code)), code);
	}
}

static void kernels_in_use_equal_the_reference_on_every_input(void **state)
{
	int16_t *all = malloc(65536 * sizeof(*all));
	uint8_t codes[256], *coded = malloc(65536);
	int16_t pcm[256];

	(void)state;
	for (unsigned i = 0; i < 65536; i++)
		all[i] = (int16_t)(uint16_t)i;
	for (unsigned i = 0; i < 256; i++)
		codes[i] = (uint8_t)i;

	codec_get(CODEC_PCMU)->encode(coded, all, 65536);
	for (unsigned i = 0; i < 65536; i++)
		assert_int_equal(coded[i], g711_ulaw_encode(all[i]));
	codec_get(CODEC_PCMA)->encode(coded, all, 65536);
	for (unsigned i = 0; i < 65536; i++)
		assert_int_equal(coded[i], g711_alaw_encode(all[i]));

	codec_get(CODEC_PCMU)->decode(pcm, codes, 256);
	for (unsigned i = 0; i < 256; i++)
		assert_int_equal(pcm[i], g711_ulaw_decode(codes[i]));
	codec_get(CODEC_PCMA)->decode(pcm, codes, 256);
	for (unsigned i = 0; i < 256; i++)
		assert_int_equal(pcm[i], g711_alaw_decode(codes[i]));
	free(coded);
	free(all);
}

static void unknown_codecs_are_not_found(void **state)
{
	(void)state;
	assert_null(codec_get(CODEC_NONE));
	assert_null(codec_get(CODEC_COUNT));
	assert_null(codec_get(~0u));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_decodes_as_spandsp_does),
		cmocka_unit_test(every_sample_encodes_as_spandsp_does),
		cmocka_unit_test(every_code_survives_a_round_trip),
		cmocka_unit_test(kernels_in_use_equal_the_reference_on_every_input),
		cmocka_unit_test(unknown_codecs_are_not_found),
	};

	codec_init(UINT_MAX);
	return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <spandsp.h>

#include "media/codec.h"
#include "media/g711.h"
#include "media/kernels.h"
#include "media/matrix.h"

/* Every set that this CPU can run gives the same bits as the reference: the scalar functions of
 * g711.c and sums in 32 bits, written down here once more. spandsp judges the reference. Each test
 * runs once a set. */

#define MAX	   CODEC_MAX_SAMPLES
#define GUARD	   64
#define GUARD_BYTE 0xc5

static int16_t all_samples[65536];

static int16_t decode_one(uint8_t code, unsigned law)
{
	return law == LAW_ULAW ? g711_ulaw_decode(code) : g711_alaw_decode(code);
}

static uint8_t encode_one(int16_t sample, unsigned law)
{
	return law == LAW_ULAW ? g711_ulaw_encode(sample) : g711_alaw_encode(sample);
}

static int16_t saturated(int64_t sum)
{
	return (int16_t)(sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum);
}

/* xorshift: the same numbers in each run. */
static uint32_t next_random(void)
{
	static uint32_t state = 2463534242u;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void fill(void *memory, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)memory)[i] = (uint8_t)next_random();
}

static const struct kernels *set_of(void **state)
{
	const struct kernels *set = *state;

	if (!kernels_can_run(set)) {
		print_message("this CPU has no %s\n", set->name);
		skip();
	}
	return set;
}

/* --- values --- */

static void every_code_decodes_as_the_reference_and_spandsp_do(void **state)
{
	const struct kernels *set = set_of(state);
	uint8_t codes[256];
	int16_t pcm[256];

	for (unsigned i = 0; i < 256; i++)
		codes[i] = (uint8_t)i;
	for (unsigned law = 0; law < LAW_COUNT; law++) {
		set->decode[law](pcm, codes, 256);
		for (unsigned i = 0; i < 256; i++) {
			assert_int_equal(pcm[i], decode_one(codes[i], law));
			assert_int_equal(pcm[i], law == LAW_ULAW ? ulaw_to_linear(codes[i])
								 : alaw_to_linear(codes[i]));
		}
	}
}

/* spandsp's mu-law negates where G.191 (and we) complement: our code of s is its code of s + 1. */
static uint8_t spandsp_encode(int sample, unsigned law)
{
	if (law == LAW_ALAW)
		return linear_to_alaw(sample);
	return linear_to_ulaw(sample < -1 ? sample + 1 : sample);
}

static void every_sample_encodes_as_the_reference_and_spandsp_do(void **state)
{
	const struct kernels *set = set_of(state);
	uint8_t *coded = malloc(65536);

	for (unsigned law = 0; law < LAW_COUNT; law++) {
		set->encode[law](coded, all_samples, 65536);
		for (unsigned i = 0; i < 65536; i++) {
			assert_int_equal(coded[i], encode_one(all_samples[i], law));
			assert_int_equal(coded[i], spandsp_encode(all_samples[i], law));
		}
	}
	free(coded);
}

/* A sample's neighbours in a vector must not show in its code. */
static void a_code_does_not_depend_on_the_samples_around(void **state)
{
	static const int16_t neighbours[] = { 0, -1, 1, INT16_MAX, INT16_MIN };
	const struct kernels *set = set_of(state);
	int16_t *pcm = malloc(2 * sizeof(all_samples));
	uint8_t *coded = malloc(2 * 65536);

	for (unsigned law = 0; law < LAW_COUNT; law++)
		for (unsigned n = 0; n < COUNT_OF(neighbours); n++)
			for (unsigned side = 0; side < 2; side++) {
				for (unsigned i = 0; i < 65536; i++) {
					pcm[2 * i + side] = all_samples[i];
					pcm[2 * i + 1 - side] = neighbours[n];
				}
				set->encode[law](coded, pcm, 2 * 65536);
				for (unsigned i = 0; i < 2 * 65536; i++)
					assert_int_equal(coded[i], encode_one(pcm[i], law));
			}
	free(coded);
	free(pcm);
}

/* 16-bit words in memory order, added up as RFC 1071 has it, here on a little-endian machine. */
static uint64_t words_of(const uint8_t *bytes, unsigned count)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += (uint64_t)bytes[i] << (i % 2 * 8);
	return sum;
}

/* All 256 x 256 pairs of codes in all four pairs of laws, decoded, added and encoded. */
static void every_pair_of_codes_mixes_as_the_reference_does(void **state)
{
	const struct kernels *set = set_of(state);
	uint8_t first[256], second[256], sum[256], expected[256];
	int16_t a[256], b[256];

	for (unsigned i = 0; i < 256; i++)
		first[i] = (uint8_t)i;
	for (unsigned pair = 0; pair < LAW_COUNT * LAW_COUNT * 256; pair++) {
		unsigned from = pair & 1, to = pair >> 1 & 1, other = pair >> 2;

		for (unsigned i = 0; i < 256; i++)
			second[i] = (uint8_t)(i + other);
		set->decode[from](a, first, 256);
		set->decode[to](b, second, 256);
		set->mix_encode[to](sum, a, b, 256);
		for (unsigned i = 0; i < 256; i++)
			assert_int_equal(sum[i], encode_one(saturated(decode_one(first[i], from) +
								      decode_one(second[i], to)),
							 to));
		if (from != to)
			continue;
		memcpy(expected, sum, sizeof(expected));
		memset(sum, 0, sizeof(sum));
		assert_int_equal(set->mix[to](sum, first, second, 256), words_of(expected, 256));
		assert_memory_equal(sum, expected, sizeof(expected));
	}
}

/* Each sample with each corner, and a million of random pairs. */
static void any_two_samples_mix_as_the_reference_does(void **state)
{
	static const int16_t corners[] = { 0, 1, -1, 131, -132, 32635, -32636, INT16_MAX, INT16_MIN,
		INT16_MIN + 1, 16384, -16384 };
	const struct kernels *set = set_of(state);
	int16_t *other = malloc(sizeof(all_samples));
	uint8_t *coded = malloc(65536);

	for (unsigned round = 0; round < 32; round++) {
		unsigned law = round & 1, corner = round / 2;

		fill(other, sizeof(all_samples));
		for (unsigned i = 0; corner < COUNT_OF(corners) && i < 65536; i++)
			other[i] = corners[corner];
		set->mix_encode[law](coded, all_samples, other, 65536);
		for (unsigned i = 0; i < 65536; i++)
			assert_int_equal(
				coded[i], encode_one(saturated(all_samples[i] + other[i]), law));
	}
	free(coded);
	free(other);
}

static void sums_of_many_voices_are_exact_and_saturate_once(void **state)
{
	const struct kernels *set = set_of(state);
	int16_t voice[8][MAX], pcm[MAX];
	int32_t sum[MAX];

	for (unsigned round = 0; round < 200; round++) {
		unsigned voices = 1 + round % 8;

		fill(voice, sizeof(voice));
		if (round % 3 == 0)
			memset(voice, round % 2 ? 0x7f : 0x80, sizeof(voice) / 2);
		set->sum_start(sum, voice[0], MAX);
		for (unsigned v = 1; v < voices; v++)
			set->sum_add(sum, voice[v], MAX);
		set->sum_finish(pcm, sum, MAX);
		for (unsigned i = 0; i < MAX; i++) {
			int64_t want = 0;

			for (unsigned v = 0; v < voices; v++)
				want += voice[v][i];
			assert_int_equal(sum[i], want);
			assert_int_equal(pcm[i], saturated(want));
		}
	}
}

static void any_sum_saturates(void **state)
{
	static const int32_t corners[] = { 0, INT16_MAX, INT16_MAX + 1, INT16_MIN, INT16_MIN - 1,
		INT32_MAX, INT32_MIN, 65535, 65536, -65536 };
	const struct kernels *set = set_of(state);
	int32_t sum[MAX];
	int16_t pcm[MAX];

	fill(sum, sizeof(sum));
	for (unsigned i = 0; i < MAX; i += 3)
		sum[i] = corners[i / 3 % COUNT_OF(corners)];
	set->sum_finish(pcm, sum, MAX);
	for (unsigned i = 0; i < MAX; i++)
		assert_int_equal(pcm[i], saturated(sum[i]));
}

/* Every gain in every position of a vector, and products that are not a multiple of the unit. */
static void every_gain_scales_as_the_reference_does(void **state)
{
	const struct kernels *set = set_of(state);
	int16_t pcm[MAX];
	int32_t sum[MAX], before[MAX];

	fill(pcm, sizeof(pcm));
	pcm[0] = INT16_MIN;
	pcm[1] = INT16_MAX;
	pcm[2] = -1;
	for (int gain = 0; gain <= UINT16_MAX; gain += 1 + gain % 7) {
		int most = (UINT16_MAX - gain) / MAX, least = -gain / MAX;
		int step = gain % 3 == 0 ? 0 : gain % 3 == 1 ? most : least;

		fill(before, sizeof(before));
		for (unsigned i = 0; i < MAX; i++)
			before[i] >>= 4; /* room for one more */
		memcpy(sum, before, sizeof(sum));
		set->sum_add_scaled(sum, pcm, MAX, gain, step);
		for (unsigned i = 0; i < MAX; i++)
			assert_int_equal(
				sum[i], before[i] + pcm[i] * (gain + (int)i * step) / GAIN_UNITY);
	}
}

/* --- bounds --- */

/* A buffer that ends where memory ends, and is filled with a pattern in front of it. */
struct fenced {
	uint8_t *map, *end;
	size_t size;
};

static struct fenced fence(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 4 * page;
	struct fenced f = { .size = size + page };

	f.map = mmap(NULL, f.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(f.map, MAP_FAILED);
	assert_int_equal(mprotect(f.map + size, page, PROT_NONE), 0);
	f.end = f.map + size;
	memset(f.map, GUARD_BYTE, size);
	return f;
}

/* `size` bytes that end `odd` bytes before the fence. */
static void *place(const struct fenced *f, size_t size, unsigned odd)
{
	memset(f->end - size - odd - GUARD, GUARD_BYTE, size + odd + GUARD);
	return f->end - size - odd;
}

static void assert_untouched(const struct fenced *f, size_t size, unsigned odd)
{
	for (unsigned i = 0; i < GUARD; i++)
		assert_int_equal(f->end[-(ptrdiff_t)(size + odd + i) - 1], GUARD_BYTE);
	for (unsigned i = 0; i < odd; i++)
		assert_int_equal(f->end[-(ptrdiff_t)i - 1], GUARD_BYTE);
}

static void check_codes(const struct kernels *set, struct fenced *f, unsigned count, unsigned odd)
{
	unsigned law = count & 1, from = count >> 1 & 1;
	uint8_t *in = place(&f[0], count, odd), *out = place(&f[1], count, odd * 3);
	int16_t *a = place(&f[2], 2 * count, odd * 2), *b = place(&f[3], 2 * count, odd * 6);
	uint8_t *coded; /* in place of b */
	uint64_t words;

	fill(b, 2 * count);
	fill(in, count);
	set->decode[from](a, in, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(a[i], decode_one(in[i], from));
	set->encode[law](out, b, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(out[i], encode_one(b[i], law));
	set->mix_encode[law](out, a, b, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(out[i], encode_one(saturated(a[i] + b[i]), law));
	assert_untouched(&f[3], 2 * count, odd * 6);
	coded = place(&f[3], count, odd * 3);
	fill(coded, count);
	words = set->mix[law](out, in, coded, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(out[i],
			encode_one(saturated(decode_one(in[i], law) + decode_one(coded[i], law)),
				law));
	assert_int_equal(words, words_of(out, count));
	assert_int_equal(set->mix[law](in, in, coded, count), words); /* in place */
	assert_memory_equal(in, out, count);
	assert_untouched(&f[3], count, odd * 3);
	assert_untouched(&f[0], count, odd);
	assert_untouched(&f[1], count, odd * 3);
	assert_untouched(&f[2], 2 * count, odd * 2);
}

static void check_sums(const struct kernels *set, struct fenced *f, unsigned count, unsigned odd)
{
	int16_t *a = place(&f[0], 2 * count, odd * 2), *out = place(&f[2], 2 * count, odd * 2);
	int32_t *sum = place(&f[1], 4 * count, odd * 4);

	fill(a, 2 * count);
	set->sum_start(sum, a, count);
	set->sum_add(sum, a, count);
	set->sum_add_scaled(sum, a, count, 5, 34);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(sum[i], 2 * a[i] + a[i] * (5 + 34 * (int)i) / GAIN_UNITY);
	set->sum_finish(out, sum, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(out[i], saturated(sum[i]));
	assert_untouched(&f[0], 2 * count, odd * 2);
	assert_untouched(&f[1], 4 * count, odd * 4);
	assert_untouched(&f[2], 2 * count, odd * 2);
}

static void nothing_beyond_the_count_is_read_or_written(void **state)
{
	const struct kernels *set = set_of(state);
	struct fenced f[] = { fence(), fence(), fence(), fence() };

	for (unsigned count = 0; count <= MAX; count++)
		for (unsigned odd = 0; odd < 4; odd++) {
			check_codes(set, f, count, odd);
			check_sums(set, f, count, odd);
		}
	for (unsigned i = 0; i < COUNT_OF(f); i++)
		munmap(f[i].map, f[i].size);
}

/* --- the choice --- */

static void the_limit_on_vectors_is_kept(void **state)
{
	static const unsigned limits[] = { 512, 256, 128, 64, 0 };

	(void)state;
	for (unsigned i = 0; i < COUNT_OF(limits); i++) {
		kernels_init(limits[i]);
		assert_true(kernels->bits <= limits[i]);
		assert_true(kernels_can_run(kernels));
		/* No better one was passed over. */
		for (unsigned k = 0; kernels_get(k) != NULL; k++)
			if (kernels_get(k)->bits <= limits[i] && kernels_can_run(kernels_get(k)))
				assert_true(kernels_get(k)->bits <= kernels->bits);
	}
	kernels_init(512);
}

#define PER_SET(test)                              \
	{                                          \
		.name = #test, .test_func = (test) \
	}

static const struct CMUnitTest per_set[] = {
	PER_SET(every_code_decodes_as_the_reference_and_spandsp_do),
	PER_SET(every_sample_encodes_as_the_reference_and_spandsp_do),
	PER_SET(a_code_does_not_depend_on_the_samples_around),
	PER_SET(every_pair_of_codes_mixes_as_the_reference_does),
	PER_SET(any_two_samples_mix_as_the_reference_does),
	PER_SET(sums_of_many_voices_are_exact_and_saturate_once),
	PER_SET(any_sum_saturates),
	PER_SET(every_gain_scales_as_the_reference_does),
	PER_SET(nothing_beyond_the_count_is_read_or_written),
};

#define SETS_MAX 8

int main(void)
{
	static struct CMUnitTest tests[COUNT_OF(per_set) * SETS_MAX + 1];
	static char names[COUNT_OF(tests)][96];
	unsigned count = 0;

	kernels_init(512);
	for (unsigned i = 0; i < 65536; i++)
		all_samples[i] = (int16_t)(uint16_t)i;
	for (unsigned set = 0; kernels_get(set) != NULL; set++)
		for (unsigned i = 0; i < COUNT_OF(per_set); i++, count++) {
			snprintf(names[count], sizeof(names[count]), "%s: %s",
				kernels_get(set)->name, per_set[i].name);
			tests[count] = per_set[i];
			tests[count].name = names[count];
			tests[count].initial_state = (void *)(uintptr_t)kernels_get(set);
		}
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(the_limit_on_vectors_is_kept);
	return _cmocka_run_group_tests("kernels", tests, count, NULL, NULL);
}

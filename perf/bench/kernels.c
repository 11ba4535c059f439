/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <x86intrin.h>

#include "bench/report.h"
#include "bench/samples.h"
#include "media/kernels.h"
#include "media/matrix.h"

/* What each kernel of each set costs per call of 20 ms, in cycles of the time stamp counter.
 * Everything is in the first-level cache. Calls run in batches, since reading the counter takes as
 * long as a call; the calls of a batch may overlap in the CPU, as they do in a burst of packets. */

#define COUNT	160
#define CALLS	50 /* in a batch */
#define BATCHES 4000
#define WARM_UP 400

static uint8_t coded[COUNT], coded_out[COUNT];
static int16_t pcm[2][COUNT], pcm_out[COUNT];
static int32_t sum[COUNT];

static void decode_ulaw(const struct kernels *set)
{
	set->decode[LAW_ULAW](pcm_out, coded, COUNT);
}

static void decode_alaw(const struct kernels *set)
{
	set->decode[LAW_ALAW](pcm_out, coded, COUNT);
}

static void encode_ulaw(const struct kernels *set)
{
	set->encode[LAW_ULAW](coded_out, pcm[0], COUNT);
}

static void encode_alaw(const struct kernels *set)
{
	set->encode[LAW_ALAW](coded_out, pcm[0], COUNT);
}

static void mix_ulaw(const struct kernels *set)
{
	set->mix_encode[LAW_ULAW](coded_out, pcm[0], pcm[1], COUNT);
}

static void mix_alaw(const struct kernels *set)
{
	set->mix_encode[LAW_ALAW](coded_out, pcm[0], pcm[1], COUNT);
}

static void decode_mix_ulaw(const struct kernels *set)
{
	set->decode[LAW_ULAW](pcm_out, coded, COUNT);
	set->mix_encode[LAW_ULAW](coded_out, pcm_out, pcm[1], COUNT);
}

static void decode_mix_alaw(const struct kernels *set)
{
	set->decode[LAW_ALAW](pcm_out, coded, COUNT);
	set->mix_encode[LAW_ALAW](coded_out, pcm_out, pcm[1], COUNT);
}

static void sum_three_ulaw(const struct kernels *set)
{
	set->sum_start(sum, pcm[0], COUNT);
	set->sum_add(sum, pcm[1], COUNT);
	set->sum_add(sum, pcm[0], COUNT);
	set->sum_finish(pcm_out, sum, COUNT);
	set->encode[LAW_ULAW](coded_out, pcm_out, COUNT);
}

static void add_scaled(const struct kernels *set)
{
	set->sum_add_scaled(sum, pcm[0], COUNT, 100, GAIN_UNITY / COUNT);
}

static const struct {
	const char *name, *what;
	void (*call)(const struct kernels *set);
} measured[] = {
	{ "decode_ulaw", "mu-law to linear", decode_ulaw },
	{ "decode_alaw", "A-law to linear", decode_alaw },
	{ "encode_ulaw", "linear to mu-law", encode_ulaw },
	{ "encode_alaw", "linear to A-law", encode_alaw },
	{ "mix_ulaw", "two linear voices added and encoded", mix_ulaw },
	{ "mix_alaw", "two linear voices added and encoded", mix_alaw },
	{ "decode_mix_ulaw", "a packet into the ring, and from there into a mix", decode_mix_ulaw },
	{ "decode_mix_alaw", "a packet into the ring, and from there into a mix", decode_mix_alaw },
	{ "sum_three_ulaw", "three linear voices added in 32 bits and encoded", sum_three_ulaw },
	{ "add_scaled", "a voice added in 32 bits with a gain on a ramp", add_scaled },
};

static uint64_t cycles_of_batch(void (*call)(const struct kernels *), const struct kernels *set)
{
	unsigned cpu;
	uint64_t start;

	_mm_lfence();
	start = __rdtsc();
	for (unsigned i = 0; i < CALLS; i++)
		call(set);
	return __rdtscp(&cpu) - start;
}

static void measure(unsigned which, const struct kernels *set)
{
	struct samples samples = { 0 };
	char name[64];

	memset(sum, 0, sizeof(sum));
	for (unsigned i = 0; i < WARM_UP; i++)
		cycles_of_batch(measured[which].call, set);
	for (unsigned i = 0; i < BATCHES; i++)
		samples_add(&samples, (double)cycles_of_batch(measured[which].call, set) / CALLS);
	report_format(name, sizeof(name), "kernel_%s_%s_cycles", measured[which].name, set->name);
	report_row(name, samples_quantile(&samples, 0.5), "cycles",
		"%d samples, %s; 8 in 10 batches took %.1f to %.1f", COUNT, measured[which].what,
		samples_quantile(&samples, 0.1), samples_quantile(&samples, 0.9));
	samples_free(&samples);
}

/* The matrix by itself: all listeners, sources and modes, those that nobody knows included. */
static void measure_matrix(void)
{
	enum { CELLS = (ROLE_COUNT + 1) * (ROLE_COUNT + 1) * (MODE_COUNT + 1) };
	struct samples samples = { 0 };
	unsigned heard = 0;

	for (unsigned i = 0; i < BATCHES; i++) {
		unsigned cpu;
		uint64_t start;

		_mm_lfence();
		start = __rdtsc();
		for (unsigned cell = 0; cell < CELLS; cell++)
			heard += matrix_gain(cell % (ROLE_COUNT + 1),
					 cell / (ROLE_COUNT + 1) % (ROLE_COUNT + 1),
					 cell / ((ROLE_COUNT + 1) * (ROLE_COUNT + 1))) != 0;
		samples_add(&samples, (double)(__rdtscp(&cpu) - start) / CELLS);
	}
	report_row("matrix_cycles", samples_quantile(&samples, 0.5), "cycles",
		"a gain, mean of all %d cells, %u of which are heard; 8 in 10 batches took %.1f to "
		"%.1f",
		CELLS, heard / BATCHES, samples_quantile(&samples, 0.1),
		samples_quantile(&samples, 0.9));
	samples_free(&samples);
}

int main(void)
{
	measure_matrix();
	kernels_init(0); /* fills the tables */
	for (unsigned i = 0; i < COUNT; i++) {
		coded[i] = (uint8_t)(i * 151);
		pcm[0][i] = (int16_t)(i * 8191);
		pcm[1][i] = (int16_t)(i * 5347);
	}
	for (unsigned i = 0; kernels_get(i) != NULL; i++) {
		if (!kernels_can_run(kernels_get(i))) {
			report_progress("this CPU has no %s", kernels_get(i)->name);
			continue;
		}
		for (unsigned which = 0; which < sizeof(measured) / sizeof(measured[0]); which++)
			measure(which, kernels_get(i));
	}
	return EXIT_SUCCESS;
}

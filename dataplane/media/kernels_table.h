/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */

/* Included last by each set, which has defined KERNELS_SET (the name of its table), KERNELS_NAME,
 * KERNELS_BITS, and the functions of sums, run_decode(), run_mix() and run_encode(), of which the
 * last adds a second voice where it is told to. Here they are compiled for each law. */

static void decode_ulaw(int16_t *pcm, const uint8_t *coded, unsigned count)
{
	run_decode(pcm, coded, count, LAW_ULAW);
}

static void encode_ulaw(uint8_t *coded, const int16_t *pcm, unsigned count)
{
	run_encode(coded, pcm, pcm, false, count, LAW_ULAW);
}

static void mix_ulaw(uint8_t *coded, const int16_t *a, const int16_t *b, unsigned count)
{
	run_encode(coded, a, b, true, count, LAW_ULAW);
}

static void decode_alaw(int16_t *pcm, const uint8_t *coded, unsigned count)
{
	run_decode(pcm, coded, count, LAW_ALAW);
}

static void encode_alaw(uint8_t *coded, const int16_t *pcm, unsigned count)
{
	run_encode(coded, pcm, pcm, false, count, LAW_ALAW);
}

static void mix_alaw(uint8_t *coded, const int16_t *a, const int16_t *b, unsigned count)
{
	run_encode(coded, a, b, true, count, LAW_ALAW);
}

static uint64_t mix_coded_ulaw(uint8_t *coded, const uint8_t *a, const uint8_t *b, unsigned count)
{
	return run_mix(coded, a, b, count, LAW_ULAW);
}

static uint64_t mix_coded_alaw(uint8_t *coded, const uint8_t *a, const uint8_t *b, unsigned count)
{
	return run_mix(coded, a, b, count, LAW_ALAW);
}

const struct kernels KERNELS_SET = {
	.name = KERNELS_NAME,
	.bits = KERNELS_BITS,
	.decode = { decode_ulaw, decode_alaw },
	.encode = { encode_ulaw, encode_alaw },
	.mix = { mix_coded_ulaw, mix_coded_alaw },
	.mix_encode = { mix_ulaw, mix_alaw },
	.sum_start = sum_start,
	.sum_add = sum_add,
	.sum_add_scaled = sum_add_scaled,
	.sum_finish = sum_finish,
};

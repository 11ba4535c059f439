/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <immintrin.h>

#include "media/g711.h"
#include "media/kernels_set.h"
#include "media/matrix.h"

#include "fastpath.h"

/* AVX-512 with VBMI (Ice Lake, Zen 4 and later), where bytes are looked up in tables of 128 and
 * taken from any bit on. Without VBMI such vectors gained nothing over AVX2 where it was tried, and
 * the CPUs of that kind lower their clock for them: those use AVX2.
 *
 * Codes are worked on 64 at a time; then half as many (160 samples are two and a half vectors), and
 * the rest under a mask, for which the lower half of a vector is enough. */

struct samples {
	__m512i low, high; /* of 64 samples; of up to 32, `low` alone counts */
};

#define MAGNITUDES 128

static uint8_t low_bytes[LAW_COUNT][MAGNITUDES], high_bytes[LAW_COUNT][MAGNITUDES];

struct tables {
	__m512i low[2], high[2];
};

INLINE struct tables load_tables(enum law law)
{
	return (struct tables){
		.low = { _mm512_loadu_si512(low_bytes[law]),
			_mm512_loadu_si512(low_bytes[law] + 64) },
		.high = { _mm512_loadu_si512(high_bytes[law]),
			_mm512_loadu_si512(high_bytes[law] + 64) },
	};
}

/* From a sign in bit 15 to two's complement. */
INLINE __m512i apply_sign(__m512i words)
{
	return _mm512_mask_sub_epi16(
		words, _mm512_movepi16_mask(words), _mm512_set1_epi16(INT16_MIN), words);
}

INLINE struct samples decode(__m512i coded, const struct tables *tables, enum law law, bool wide)
{
	/* Unpacking works within lanes of 128 bits. */
	const __m512i order = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
	__m512i codes = _mm512_permutexvar_epi64(order, coded);
	__m512i low = _mm512_permutex2var_epi8(tables->low[0], codes, tables->low[1]);
	__m512i high = _mm512_permutex2var_epi8(tables->high[0], codes, tables->high[1]);
	struct samples out;

	(void)law;
	/* high | (~codes & 0x80) */
	high = _mm512_ternarylogic_epi64(high, codes, _mm512_set1_epi8((char)0x80), 0xf2);
	out.low = apply_sign(_mm512_unpacklo_epi8(low, high));
	out.high = wide ? apply_sign(_mm512_unpackhi_epi8(low, high)) : out.low;
	return out;
}

/* --- encoding --- */

/* The magnitude with the leading one of segment 0 at bit 7. */
INLINE __m512i magnitude(__m512i pcm, enum law law)
{
	__m512i absolute;

	if (law == LAW_ULAW) /* ~pcm + bias is bias - 1 - pcm; saturation is the law's clipping */
		return _mm512_max_epi16(_mm512_adds_epi16(pcm, _mm512_set1_epi16(ULAW_BIAS)),
			_mm512_subs_epi16(_mm512_set1_epi16(ULAW_BIAS - 1), pcm));
	absolute = _mm512_max_epi16(pcm, _mm512_ternarylogic_epi64(pcm, pcm, pcm, 0x0f));
	return _mm512_max_epi16(absolute, _mm512_avg_epu16(absolute, _mm512_set1_epi16(255)));
}

/* The magnitudes as floats, the even and the odd ones. Below each odd one lies an even one, whose
 * bit 15 is 0: rounding cannot carry beyond. */
struct floats {
	__m512i even, odd;
};

INLINE struct floats floats_of(__m512i pcm, enum law law)
{
	__m512i m = magnitude(pcm, law);

	return (struct floats){
		.even = _mm512_castps_si512(_mm512_cvtepi32_ps(_mm512_slli_epi32(m, 16))),
		.odd = _mm512_castps_si512(_mm512_cvtepi32_ps(m)),
	};
}

/* Codes of segments and mantissas; bit 7 of `signs` is set for negative ones, the rest is noise. */
INLINE __m512i finish_codes(__m512i magnitudes, __m512i signs, enum law law)
{
	/* ~(magnitudes ^ (signs & 0x80)) */
	__m512i codes =
		_mm512_ternarylogic_epi64(magnitudes, signs, _mm512_set1_epi8((char)0x80), 0x87);

	if (law == LAW_ULAW)
		return codes;
	return _mm512_xor_si512(codes, _mm512_set1_epi8(ULAW_INVERSION ^ ALAW_INVERSION));
}

INLINE __m512i encode(struct samples pcm, enum law law, bool wide)
{
	/* From each 64 bits: segments and mantissas of 2 floats, and signs of 4 samples. */
	const __m512i fields = _mm512_set1_epi64(0x3333131333331313);
	const __m512i tops = _mm512_set1_epi64(0x3828180838281808);
	const __m512i order =
		_mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
	struct floats floats = floats_of(pcm.low, law);
	__m512i m = _mm512_multishift_epi64_epi8(fields, floats.even);
	__m512i signs = _mm512_multishift_epi64_epi8(tops, pcm.low);

	m = _mm512_mask_multishift_epi64_epi8(m, 0x0a0a0a0a0a0a0a0a, fields, floats.odd);
	if (wide) {
		floats = floats_of(pcm.high, law);
		m = _mm512_mask_multishift_epi64_epi8(m, 0x5050505050505050, fields, floats.even);
		m = _mm512_mask_multishift_epi64_epi8(m, 0xa0a0a0a0a0a0a0a0, fields, floats.odd);
		signs = _mm512_mask_multishift_epi64_epi8(
			signs, 0xf0f0f0f0f0f0f0f0, tops, pcm.high);
	}
	m = _mm512_sub_epi8(m, _mm512_set1_epi8((char)(SEGMENT_EXPONENT << 4)));
	return _mm512_permutexvar_epi32(order, finish_codes(m, signs, law));
}

/* --- memory --- */

INLINE __m512i load_codes(const uint8_t *coded, unsigned count)
{
	if (count == 64)
		return _mm512_loadu_si512(coded);
	if (count == 32)
		return _mm512_zextsi256_si512(_mm256_loadu_si256((const __m256i *)coded));
	return _mm512_zextsi256_si512(_mm256_maskz_loadu_epi8(_bzhi_u32(~0u, count), coded));
}

INLINE void store_codes(uint8_t *coded, __m512i v, unsigned count)
{
	__m256i low = _mm512_castsi512_si256(v);

	if (count == 64)
		_mm512_storeu_si512(coded, v);
	else if (count == 32)
		_mm256_storeu_si256((__m256i *)coded, low);
	else
		_mm256_mask_storeu_epi8(coded, _bzhi_u32(~0u, count), low);
}

INLINE struct samples load_samples(const int16_t *pcm, unsigned count)
{
	struct samples out;

	if (count < 32)
		out.low = _mm512_maskz_loadu_epi16(_bzhi_u32(~0u, count), pcm);
	else
		out.low = _mm512_loadu_si512(pcm);
	out.high = count == 64 ? _mm512_loadu_si512(pcm + 32) : out.low;
	return out;
}

INLINE void store_samples(int16_t *pcm, struct samples samples, unsigned count)
{
	if (count < 32)
		_mm512_mask_storeu_epi16(pcm, _bzhi_u32(~0u, count), samples.low);
	else
		_mm512_storeu_si512(pcm, samples.low);
	if (count == 64)
		_mm512_storeu_si512(pcm + 32, samples.high);
}

INLINE void encode_part(
	uint8_t *coded, const int16_t *a, const int16_t *b, bool adds, unsigned count, enum law law)
{
	struct samples sum = load_samples(a, count), other;

	if (adds) {
		other = load_samples(b, count);
		sum.low = _mm512_adds_epi16(sum.low, other.low);
		sum.high = _mm512_adds_epi16(sum.high, other.high);
	}
	store_codes(coded, encode(sum, law, count == 64), count);
}

INLINE void decode_part(int16_t *pcm, const uint8_t *coded, const struct tables *tables,
	unsigned count, enum law law)
{
	store_samples(pcm, decode(load_codes(coded, count), tables, law, count == 64), count);
}

INLINE void run_decode(int16_t *pcm, const uint8_t *coded, unsigned count, enum law law)
{
	struct tables tables = load_tables(law);
	unsigned i = 0;

	for (; i + 64 <= count; i += 64)
		decode_part(pcm + i, coded + i, &tables, 64, law);
	if (i + 32 <= count) {
		decode_part(pcm + i, coded + i, &tables, 32, law);
		i += 32;
	}
	if (i < count)
		decode_part(pcm + i, coded + i, &tables, count - i, law);
}

INLINE void run_encode(
	uint8_t *coded, const int16_t *a, const int16_t *b, bool adds, unsigned count, enum law law)
{
	unsigned i = 0;

	for (; i + 64 <= count; i += 64)
		encode_part(coded + i, a + i, b + i, adds, 64, law);
	if (i + 32 <= count) {
		encode_part(coded + i, a + i, b + i, adds, 32, law);
		i += 32;
	}
	if (i < count)
		encode_part(coded + i, a + i, b + i, adds, count - i, law);
}

INLINE __m512i mix_part(uint8_t *coded, const uint8_t *a, const uint8_t *b,
	const struct tables *tables, unsigned count, enum law law)
{
	struct samples sum = decode(load_codes(a, count), tables, law, count == 64);
	struct samples other = decode(load_codes(b, count), tables, law, count == 64);
	__m512i codes, even, odd;

	sum.low = _mm512_adds_epi16(sum.low, other.low);
	sum.high = _mm512_adds_epi16(sum.high, other.high);
	codes = encode(sum, law, count == 64);
	store_codes(coded, codes, count);
	if (count < 64)
		codes = _mm512_maskz_mov_epi8(_bzhi_u64(~0ull, count), codes);
	even = _mm512_sad_epu8(
		_mm512_and_si512(codes, _mm512_set1_epi16(0xff)), _mm512_setzero_si512());
	odd = _mm512_sad_epu8(_mm512_srli_epi16(codes, 8), _mm512_setzero_si512());
	return _mm512_add_epi64(even, _mm512_slli_epi64(odd, 8));
}

INLINE uint64_t run_mix(
	uint8_t *coded, const uint8_t *a, const uint8_t *b, unsigned count, enum law law)
{
	struct tables tables = load_tables(law);
	__m512i sums = _mm512_setzero_si512();
	unsigned i = 0;

	for (; i + 64 <= count; i += 64)
		sums = _mm512_add_epi64(sums, mix_part(coded + i, a + i, b + i, &tables, 64, law));
	if (i + 32 <= count) {
		sums = _mm512_add_epi64(sums, mix_part(coded + i, a + i, b + i, &tables, 32, law));
		i += 32;
	}
	if (i < count)
		sums = _mm512_add_epi64(
			sums, mix_part(coded + i, a + i, b + i, &tables, count - i, law));
	return (uint64_t)_mm512_reduce_add_epi64(sums);
}

/* Sums: 16 at a time, and the rest under a mask. */

INLINE __mmask16 first(unsigned count)
{
	return (__mmask16)_bzhi_u32(0xffff, count);
}

INLINE __m512i load_widened(const int16_t *pcm, unsigned count)
{
	return _mm512_cvtepi16_epi32(count == 16 ? _mm256_loadu_si256((const __m256i *)pcm)
						 : _mm256_maskz_loadu_epi16(first(count), pcm));
}

INLINE __m512i load_sums(const int32_t *sum, unsigned count)
{
	return count == 16 ? _mm512_loadu_si512(sum) : _mm512_maskz_loadu_epi32(first(count), sum);
}

INLINE void store_sums(int32_t *sum, __m512i v, unsigned count)
{
	if (count == 16)
		_mm512_storeu_si512(sum, v);
	else
		_mm512_mask_storeu_epi32(sum, first(count), v);
}

INLINE void add_part(int32_t *sum, const int16_t *pcm, unsigned count)
{
	__m512i v = load_widened(pcm, count);

	store_sums(sum, _mm512_add_epi32(load_sums(sum, count), v), count);
}

INLINE void add_scaled_part(int32_t *sum, const int16_t *pcm, unsigned count, __m512i gains)
{
	__m512i product = _mm512_mullo_epi32(load_widened(pcm, count), gains);
	/* Towards zero: a shift alone would round negative ones down. */
	__m512i rounding =
		_mm512_and_si512(_mm512_srai_epi32(product, 31), _mm512_set1_epi32(GAIN_UNITY - 1));
	__m512i scaled = _mm512_srai_epi32(_mm512_add_epi32(product, rounding), GAIN_SHIFT);

	store_sums(sum, _mm512_add_epi32(load_sums(sum, count), scaled), count);
}

INLINE void finish_part(int16_t *pcm, const int32_t *sum, unsigned count)
{
	__m256i out = _mm512_cvtsepi32_epi16(load_sums(sum, count));

	if (count == 16)
		_mm256_storeu_si256((__m256i *)pcm, out);
	else
		_mm256_mask_storeu_epi16(pcm, first(count), out);
}

static void sum_start(int32_t *sum, const int16_t *pcm, unsigned count)
{
	unsigned i = 0;

	for (; i + 16 <= count; i += 16)
		store_sums(sum + i, load_widened(pcm + i, 16), 16);
	if (i < count)
		store_sums(sum + i, load_widened(pcm + i, count - i), count - i);
}

static void sum_add(int32_t *sum, const int16_t *pcm, unsigned count)
{
	unsigned i = 0;

	for (; i + 16 <= count; i += 16)
		add_part(sum + i, pcm + i, 16);
	if (i < count)
		add_part(sum + i, pcm + i, count - i);
}

static void sum_add_scaled(int32_t *sum, const int16_t *pcm, unsigned count, int gain, int step)
{
	const __m512i index =
		_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	__m512i gains = _mm512_add_epi32(
		_mm512_set1_epi32(gain), _mm512_mullo_epi32(_mm512_set1_epi32(step), index));
	unsigned i = 0;

	for (; i + 16 <= count; i += 16) {
		add_scaled_part(sum + i, pcm + i, 16, gains);
		gains = _mm512_add_epi32(gains, _mm512_set1_epi32(step * 16));
	}
	if (i < count)
		add_scaled_part(sum + i, pcm + i, count - i, gains);
}

static void sum_finish(int16_t *pcm, const int32_t *sum, unsigned count)
{
	unsigned i = 0;

	for (; i + 16 <= count; i += 16)
		finish_part(pcm + i, sum + i, 16);
	if (i < count)
		finish_part(pcm + i, sum + i, count - i);
}

#define KERNELS_SET  kernels_avx512
#define KERNELS_NAME "avx512"
#define KERNELS_BITS 512
#include "media/kernels_table.h"

void kernels_avx512_init(void)
{
	for (unsigned i = 0; i < MAGNITUDES; i++) {
		/* Those codes are positive. */
		int16_t ulaw = g711_ulaw_decode((uint8_t)(i | 0x80));
		int16_t alaw = g711_alaw_decode((uint8_t)(i | 0x80));

		low_bytes[LAW_ULAW][i] = (uint8_t)ulaw;
		high_bytes[LAW_ULAW][i] = (uint8_t)(ulaw >> 8);
		low_bytes[LAW_ALAW][i] = (uint8_t)alaw;
		high_bytes[LAW_ALAW][i] = (uint8_t)(alaw >> 8);
	}
}

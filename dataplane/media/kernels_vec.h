/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */

/* The kernels for vectors of 128 and 256 bits, which differ in the names of their instructions
 * alone. Included by a set that has defined VEC (the type of a vector), V(op) and VI(op) (the
 * intrinsics on elements, and on all bits), LOAD_HALF(p), SPREAD(p) (16 bytes in each lane),
 * TO_LANES(v) and FROM_LANES(v): the order in which unpacking finds, and packing leaves, bytes.
 *
 * What does not fill a vector is done by one that overlaps the one before it; fewer samples than
 * a vector has are left to the scalar set. */

#define CODES  sizeof(VEC) /* in a vector */
#define WORDS  (CODES / 2) /* samples in a vector */
#define DWORDS (CODES / 4) /* sums in a vector */

struct samples {
	VEC low, high;
};

INLINE VEC load(const void *from)
{
	return VI(loadu)((const VEC *)from);
}

INLINE void store(void *to, VEC v)
{
	VI(storeu)((VEC *)to, v);
}

INLINE VEC bytes(int value)
{
	return V(set1_epi8)((char)value);
}

INLINE VEC words(int value)
{
	return V(set1_epi16)((short)value);
}

INLINE struct samples load_samples(const int16_t *pcm)
{
	return (struct samples){ load(pcm), load(pcm + WORDS) };
}

/* A sample is the sum of two products of bytes, of which one factor each has the sign:
 *
 *	mu-law  4 * (2^segment * (2 * mantissa + 33) - 33)
 *	A-law   2 * (power * (4 * mantissa + 2) + power * 64), power = 2 * 2^(segment - 1),
 *		in segment 0: power = 2 and no second product
 *
 * The upper half of each code, without its sign, looks up the power, the lower half the factor. */
static const int8_t ulaw_power[16] = { 1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128 };
static const int8_t ulaw_factor[16] = { 33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61,
	63 };
static const int8_t alaw_power[16] = { 2, 2, 4, 8, 16, 32, 64, -128, 2, 2, 4, 8, 16, 32, 64, -128 };
static const int8_t alaw_second[16] = { 0, 2, 4, 8, 16, 32, 64, -128, 0, 2, 4, 8, 16, 32, 64,
	-128 };
static const int8_t alaw_factor[16] = { 2, 6, 10, 14, 18, 22, 26, 30, 34, 38, 42, 46, 50, 54, 58,
	62 };

INLINE struct samples decode(VEC coded, enum law law)
{
	bool ulaw = law == LAW_ULAW;
	VEC code = VI(xor)(TO_LANES(coded), bytes(ulaw ? 0xff : 0x55));
	VEC upper = VI(and)(V(srli_epi16)(code, 4), bytes(15));
	VEC lower = VI(and)(code, bytes(15));
	/* psignb makes 0 of what has the sign of a 0. */
	VEC sign = VI(or)(ulaw ? code : VI(xor)(code, bytes(0x80)), bytes(1));
	VEC factor = V(shuffle_epi8)(SPREAD(ulaw ? ulaw_factor : alaw_factor), lower);
	VEC power = V(shuffle_epi8)(SPREAD(ulaw ? ulaw_power : alaw_power), upper);
	VEC second = ulaw ? bytes(33) : V(shuffle_epi8)(SPREAD(alaw_second), upper);
	struct samples out;

	factor = V(sign_epi8)(factor, sign);
	sign = V(sign_epi8)(bytes(ulaw ? -1 : 64), sign);
	out.low = V(maddubs_epi16)(V(unpacklo_epi8)(power, second), V(unpacklo_epi8)(factor, sign));
	out.high =
		V(maddubs_epi16)(V(unpackhi_epi8)(power, second), V(unpackhi_epi8)(factor, sign));
	out.low = V(slli_epi16)(out.low, ulaw ? 2 : 1);
	out.high = V(slli_epi16)(out.high, ulaw ? 2 : 1);
	return out;
}

/* The magnitude with the leading one of segment 0 at bit 7. */
INLINE VEC magnitude(VEC pcm, enum law law)
{
	VEC absolute;

	if (law == LAW_ULAW) /* ~pcm + bias is bias - 1 - pcm; saturation is the law's clipping */
		return V(max_epi16)(V(adds_epi16)(pcm, words(ULAW_BIAS)),
			V(subs_epi16)(words(ULAW_BIAS - 1), pcm));
	absolute = V(max_epi16)(pcm, VI(xor)(pcm, words(-1)));
	return V(max_epi16)(absolute, V(avg_epu16)(absolute, words(255)));
}

/* Segment and mantissa, 7 bits in each word. */
INLINE VEC compress(VEC pcm, enum law law)
{
	VEC m = magnitude(pcm, law);
	/* Below each odd one lies an even one, whose bit 15 is 0: rounding cannot carry beyond. */
	VEC odd = V(srli_epi32)((VEC)V(cvtepi32_ps)(m), FLOAT_SHIFT - 16);
	VEC even = V(srli_epi32)((VEC)V(cvtepi32_ps)(V(slli_epi32)(m, 16)), FLOAT_SHIFT);

	return V(sub_epi16)(V(blend_epi16)(even, odd, 0xaa), words(SEGMENT_EXPONENT << 4));
}

INLINE VEC encode(struct samples pcm, enum law law)
{
	VEC low = compress(pcm.low, law), high = compress(pcm.high, law);
	VEC sign = VI(and)(V(packs_epi16)(pcm.low, pcm.high), bytes(0x80));
	VEC inversion = bytes(law == LAW_ULAW ? ULAW_INVERSION : ALAW_INVERSION);

	return FROM_LANES(VI(xor)(VI(xor)(V(packus_epi16)(low, high), inversion), sign));
}

INLINE void decode_vector(int16_t *pcm, const uint8_t *coded, enum law law)
{
	struct samples samples = decode(load(coded), law);

	store(pcm, samples.low);
	store(pcm + WORDS, samples.high);
}

INLINE void encode_vector(
	uint8_t *coded, const int16_t *a, const int16_t *b, bool adds, enum law law)
{
	struct samples sum = load_samples(a), other = load_samples(b);

	if (adds) {
		sum.low = V(adds_epi16)(sum.low, other.low);
		sum.high = V(adds_epi16)(sum.high, other.high);
	}
	store(coded, encode(sum, law));
}

INLINE void run_decode(int16_t *pcm, const uint8_t *coded, unsigned count, enum law law)
{
	unsigned last = count - CODES;

	if (count < CODES) {
		kernels_scalar.decode[law](pcm, coded, count);
		return;
	}
	for (unsigned i = 0; i < last; i += CODES)
		decode_vector(pcm + i, coded + i, law);
	decode_vector(pcm + last, coded + last, law);
}

INLINE void run_encode(
	uint8_t *coded, const int16_t *a, const int16_t *b, bool adds, unsigned count, enum law law)
{
	unsigned last = count - CODES;

	if (count < CODES) {
		if (adds)
			kernels_scalar.mix_encode[law](coded, a, b, count);
		else
			kernels_scalar.encode[law](coded, a, count);
		return;
	}
	for (unsigned i = 0; i < last; i += CODES)
		encode_vector(coded + i, a + i, b + i, adds, law);
	encode_vector(coded + last, a + last, b + last, adds, law);
}

/* Bytes in even and in odd places, added up by eights. */
struct word_sums {
	VEC even, odd;
};

INLINE void add_words(struct word_sums *sums, VEC codes)
{
	VEC none = words(0);

	sums->even = V(add_epi64)(sums->even, V(sad_epu8)(VI(and)(codes, words(0xff)), none));
	sums->odd = V(add_epi64)(sums->odd, V(sad_epu8)(V(srli_epi16)(codes, 8), none));
}

INLINE uint64_t total_of(const struct word_sums *sums)
{
	uint64_t lanes[sizeof(VEC) / 8], total = 0;

	store(lanes, V(add_epi64)(sums->even, V(slli_epi64)(sums->odd, 8)));
	for (unsigned i = 0; i < sizeof(VEC) / 8; i++)
		total += lanes[i];
	return total;
}

INLINE uint64_t run_mix(
	uint8_t *coded, const uint8_t *a, const uint8_t *b, unsigned count, enum law law)
{
	struct word_sums sums = { words(0), words(0) };
	unsigned i = 0;

	for (; i + CODES <= count; i += CODES) {
		struct samples sum = decode(load(a + i), law), other = decode(load(b + i), law);
		VEC codes;

		sum.low = V(adds_epi16)(sum.low, other.low);
		sum.high = V(adds_epi16)(sum.high, other.high);
		codes = encode(sum, law);
		store(coded + i, codes);
		add_words(&sums, codes);
	}
	if (i == count)
		return total_of(&sums);
	return total_of(&sums) + kernels_scalar.mix[law](coded + i, a + i, b + i, count - i);
}

static void sum_start(int32_t *sum, const int16_t *pcm, unsigned count)
{
	unsigned i = 0;

	for (; i + DWORDS <= count; i += DWORDS)
		store(sum + i, V(cvtepi16_epi32)(LOAD_HALF(pcm + i)));
	kernels_scalar.sum_start(sum + i, pcm + i, count - i);
}

static void sum_add(int32_t *sum, const int16_t *pcm, unsigned count)
{
	unsigned i = 0;

	for (; i + DWORDS <= count; i += DWORDS)
		store(sum + i, V(add_epi32)(load(sum + i), V(cvtepi16_epi32)(LOAD_HALF(pcm + i))));
	kernels_scalar.sum_add(sum + i, pcm + i, count - i);
}

static void sum_add_scaled(int32_t *sum, const int16_t *pcm, unsigned count, int gain, int step)
{
	static const int32_t index[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	VEC gains =
		V(add_epi32)(V(set1_epi32)(gain), V(mullo_epi32)(V(set1_epi32)(step), load(index)));
	VEC steps = V(set1_epi32)(step * (int)DWORDS);
	unsigned i = 0;

	for (; i + DWORDS <= count; i += DWORDS) {
		VEC product = V(mullo_epi32)(V(cvtepi16_epi32)(LOAD_HALF(pcm + i)), gains);
		/* Towards zero: a shift alone would round negative ones down. */
		VEC rounding = VI(and)(V(srai_epi32)(product, 31), V(set1_epi32)(GAIN_UNITY - 1));
		VEC scaled = V(srai_epi32)(V(add_epi32)(product, rounding), GAIN_SHIFT);

		store(sum + i, V(add_epi32)(load(sum + i), scaled));
		gains = V(add_epi32)(gains, steps);
	}
	kernels_scalar.sum_add_scaled(sum + i, pcm + i, count - i, gain + step * (int)i, step);
}

static void sum_finish(int16_t *pcm, const int32_t *sum, unsigned count)
{
	unsigned i = 0;

	for (; i + WORDS <= count; i += WORDS)
		store(pcm + i, FROM_LANES(V(packs_epi32)(load(sum + i), load(sum + i + DWORDS))));
	kernels_scalar.sum_finish(pcm + i, sum + i, count - i);
}

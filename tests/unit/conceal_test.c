/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <spandsp.h>

#include "media/conceal.h"

#define VOICE 40000

/* Something like a voice: a pitch that glides, formants that move, breath; as loud as people are.
 */
static int16_t voice[VOICE];

static double breath(void)
{
	return (double)random() / RAND_MAX * 2 - 1;
}

static int make_voice(void **state)
{
	double phase = 0;

	(void)state;
	srandom(1);
	for (unsigned i = 0; i < VOICE; i++) {
		double pitch = 110 + 30 * sin(i / 3000.0) + 60 * (i / 20000);
		double sum = 40 * breath(), formant = 600 + 250 * sin(i / 2100.0);

		phase += 2 * M_PI * pitch / 8000;
		for (unsigned h = 1; h * pitch < 3400; h++) {
			double away = (h * pitch - formant) / 300;

			sum += sin(h * phase + h * h) * (2500 / (1 + away * away) + 300.0 / h);
		}
		voice[i] = (int16_t)fmax(-32000, fmin(32000, sum));
	}
	return 0;
}

static void conceal_at(unsigned at, unsigned from, int16_t *pcm, unsigned count)
{
	struct conceal conceal;

	conceal_begin(&conceal, voice + at - CONCEAL_HISTORY, CONCEAL_HISTORY, 1);
	conceal_fill(&conceal, from, pcm, count);
}

static double energy(const int16_t *pcm, unsigned count)
{
	double sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += (double)pcm[i] * pcm[i];
	return sum;
}

static double distance(const int16_t *a, const int16_t *b, unsigned count)
{
	double sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += pow(a[i] - b[i], 2);
	return sum;
}

/* At both rates. */
static void a_steady_voice_goes_on(void **state)
{
	int16_t tone[(CONCEAL_HISTORY + 80) * CODEC_WIDE], pcm[80 * CODEC_WIDE];
	struct conceal conceal;

	(void)state;
	for (unsigned scale = 1; scale <= CODEC_WIDE; scale++)
		for (unsigned period = 40 * scale; period <= 120 * scale; period += 5) {
			for (unsigned i = 0; i < (CONCEAL_HISTORY + 80) * scale; i++)
				tone[i] = (int16_t)(6000 * sin(2 * M_PI * i / period) +
						    3000 * sin(6 * M_PI * i / period));
			conceal_begin(&conceal, tone, CONCEAL_HISTORY * scale, scale);
			assert_int_equal(conceal.pitch % period, 0);
			conceal_fill(&conceal, 0, pcm, 80 * scale);
			assert_true(distance(pcm, tone + CONCEAL_HISTORY * scale, 80 * scale) <
				    energy(pcm, 80 * scale) / 100);
		}
}

/* ITU-T G.711 Appendix I: nothing for 10 ms, then 20 % every 10 ms. */
static void it_fades_to_silence_within_sixty_milliseconds(void **state)
{
	int16_t tone[CONCEAL_HISTORY * CODEC_WIDE], pcm[(CONCEAL_LENGTH + 80) * CODEC_WIDE];
	struct conceal conceal;

	(void)state;
	for (unsigned scale = 1; scale <= CODEC_WIDE; scale++) {
		for (unsigned i = 0; i < CONCEAL_HISTORY * scale; i++)
			tone[i] = (int16_t)(10000 * sin(2 * M_PI * i / (80 * scale)));
		conceal_begin(&conceal, tone, CONCEAL_HISTORY * scale, scale);
		conceal_fill(&conceal, 0, pcm, (CONCEAL_LENGTH + 80) * scale);
		for (unsigned stage = 0; stage < 7; stage++) {
			unsigned length = 80 * scale;
			double loud = sqrt(energy(pcm + length * stage, length) / length);
			double full = 10000 / sqrt(2), middle = stage == 0 ? 1 : 1.1 - 0.2 * stage;

			assert_true(fabs(loud - full * fmax(middle, 0)) < full / 20);
		}
		for (unsigned i = CONCEAL_LENGTH * scale; i < (CONCEAL_LENGTH + 80) * scale; i++)
			assert_int_equal(pcm[i], 0);
	}
}

static void it_begins_and_goes_on_without_a_click(void **state)
{
	(void)state;
	for (unsigned at = 1000; at < VOICE; at += 997) {
		int16_t pcm[CONCEAL_LENGTH];
		int most = 0;

		for (unsigned i = at - CONCEAL_HISTORY; i < at; i++)
			most = abs(voice[i] - voice[i - 1]) > most ? abs(voice[i] - voice[i - 1])
								   : most;
		conceal_at(at, 0, pcm, CONCEAL_LENGTH);
		assert_true(abs(pcm[0] - voice[at - 1]) <= most);
		for (unsigned i = 1; i < CONCEAL_LENGTH; i++)
			assert_true(abs(pcm[i] - pcm[i - 1]) <= most + most / 2);
	}
}

static void pieces_are_the_same_as_the_whole(void **state)
{
	int16_t whole[600], piece[600];

	(void)state;
	srandom(2);
	for (unsigned at = 1000; at < VOICE; at += 1999) {
		conceal_at(at, 0, whole, 600);
		for (unsigned from = 0, count; from < 600; from += count) {
			count = 1 + (unsigned)random() % 200;
			count = count < 600 - from ? count : 600 - from;
			conceal_at(at, from, piece, count);
			assert_memory_equal(piece, whole + from, count * sizeof(*piece));
		}
	}
}

static void without_a_past_there_is_silence(void **state)
{
	int16_t pcm[160];
	struct conceal conceal;

	(void)state;
	conceal_begin(&conceal, voice, 0, 1);
	conceal_fill(&conceal, 0, pcm, COUNT_OF(pcm));
	assert_true(energy(pcm, COUNT_OF(pcm)) == 0);
}

static void with_little_of_it_the_voice_ends_without_a_click(void **state)
{
	int16_t pcm[160];
	struct conceal conceal;

	(void)state;
	for (unsigned at = 1000; at < VOICE; at += 97) {
		unsigned held = CONCEAL_HURRIED + at % 200;
		int most = 1;

		for (unsigned i = at - CONCEAL_HURRIED; i < at; i++)
			most = abs(voice[i] - voice[i - 1]) > most ? abs(voice[i] - voice[i - 1])
								   : most;
		conceal_begin(&conceal, voice + at - held, held, 1);
		assert_int_equal(conceal.pitch, 0);
		conceal_fill(&conceal, 0, pcm, COUNT_OF(pcm));
		assert_true(abs(pcm[0] - voice[at - 1]) <= most + abs(voice[at - 1]) / 40);
		for (unsigned i = 1; i < COUNT_OF(pcm); i++)
			assert_true(abs(pcm[i] - pcm[i - 1]) <= most + 32768 / 40);
		assert_true(energy(pcm + 40, COUNT_OF(pcm) - 40) == 0);
	}
}

/* Whatever comes: of any length, as loud as it can be. The sanitizers look on. */
static void no_past_is_too_much(void **state)
{
	int16_t past[CONCEAL_HISTORY * CODEC_WIDE], pcm[CONCEAL_LENGTH * CODEC_WIDE];
	struct conceal conceal;

	(void)state;
	srandom(3);
	for (unsigned round = 0; round < 600; round++) {
		unsigned scale = 1 + round % 2, most = CONCEAL_LENGTH * scale;
		unsigned held = (unsigned)random() % (CONCEAL_HISTORY * scale + 1);

		for (unsigned i = 0; i < COUNT_OF(past); i++)
			past[i] = random() % 3 ? random() & 1 ? INT16_MAX : INT16_MIN : 0;
		conceal_begin(&conceal, past, held, scale);
		conceal_fill(&conceal, (unsigned)random() % (most + 20), pcm, most);
		conceal_bridge(&conceal, pcm, 1 + (unsigned)random() % most, past,
			(unsigned)random() % COUNT_OF(past));
		conceal_overlap(pcm, past, CONCEAL_OVERLAP * scale);
	}
}

static void a_gap_leads_over_to_what_follows_it(void **state)
{
	(void)state;
	for (unsigned at = 1000; at < VOICE - 400; at += 997) {
		int16_t pcm[160];
		struct conceal conceal;
		int most = 0;

		for (unsigned i = at - 240; i < at + 400; i++)
			most = abs(voice[i] - voice[i - 1]) > most ? abs(voice[i] - voice[i - 1])
								   : most;
		conceal_begin(&conceal, voice + at - CONCEAL_HISTORY, CONCEAL_HISTORY, 1);
		conceal_bridge(&conceal, pcm, 160, voice + at + 160, 160);
		assert_true(abs(voice[at + 160] - pcm[159]) <= most);
		for (unsigned i = 1; i < 160; i++)
			assert_true(abs(pcm[i] - pcm[i - 1]) <= most + most / 2);
	}
}

/* Spandsp's is made after Appendix I, too. Decibels from what was lost, in the mean of many gaps.
 */
static void it_is_no_worse_than_another_one_made_after_appendix_i(void **state)
{
	static const unsigned lengths[] = { 80, 160, 240 };

	(void)state;
	for (size_t l = 0; l < COUNT_OF(lengths); l++) {
		unsigned length = lengths[l], gaps = 0;
		double ours = 0, theirs = 0;

		for (unsigned at = 2000; at < VOICE - 500; at += 331, gaps++) {
			int16_t pcm[480], past[1600];
			plc_state_t *plc = plc_init(NULL);

			conceal_at(at, 0, pcm, length);
			ours += 10 * log10(distance(pcm, voice + at, length) + 1);
			memcpy(past, voice + at - COUNT_OF(past), sizeof(past));
			plc_rx(plc, past, COUNT_OF(past));
			plc_fillin(plc, pcm, (int)length);
			theirs += 10 * log10(distance(pcm, voice + at, length) + 1);
			plc_free(plc);
		}
		if (ours > theirs)
			fail_msg("%u samples: %.1f dB, and %.1f dB", length, ours / gaps,
				theirs / gaps);
	}
}

/* --- the same, one sample at a time, as it is defined --- */

/* Of the newest `periods` periods, repeated; their end passes over into what was before them. */
static int repeated(const struct conceal *c, int i, int periods)
{
	int quarter = (int)c->pitch / 4, span, left;

	while (periods > 1 && periods * (int)c->pitch + quarter > (int)c->held)
		periods--;
	span = periods * (int)c->pitch;
	i %= span;
	left = span - i;
	if (left >= quarter || span + quarter > (int)c->held)
		return c->end[i - span];
	return (c->end[i - span] * left + c->end[i - 2 * span] * (quarter - left)) / quarter;
}

static int16_t clip(int sample)
{
	return (int16_t)(sample > INT16_MAX ? INT16_MAX : sample < INT16_MIN ? INT16_MIN : sample);
}

static int16_t defined_at(const struct conceal *c, int i)
{
	int stage = i < 240 ? i / 80 : 2, into = i - stage * 80, sample;

	if (c->pitch == 0 && i < (int)c->held && i < 40)
		return (int16_t)(c->end[-1 - i] * (40 - i) / 41);
	if (c->pitch == 0 || i >= CONCEAL_LENGTH)
		return 0;
	sample = repeated(c, i, stage + 1);
	if (stage > 0 && into < 40)
		sample = (repeated(c, i, stage) * (40 - into) + sample * into) / 40;
	if (i < 40)
		sample += c->step * (40 - i) / 40;
	return clip(sample * (i < 80 ? 400 : 480 - i) / 400);
}

static int16_t approached(
	const struct conceal *c, int16_t sample, int i, int n, const int16_t *next, int length)
{
	int period = c->pitch > 0 ? (int)c->pitch : 40, whole = period < length ? period : length;
	int before = (n - i) % whole, later = next[(whole - before) % whole];

	if (period < length && before > 0 && before < period / 4)
		later += (next[0] - next[period]) * (period / 4 - before) / (period / 4);
	return clip((sample * (n - i) + later * (i + 1)) / (n + 1));
}

static void fill_past(int16_t *past, unsigned kind)
{
	double period = 30 + (double)random() / RAND_MAX * 120;

	for (unsigned i = 0; i < CONCEAL_HISTORY; i++)
		past[i] = kind == 0   ? (int16_t)(random() & 1 ? INT16_MAX : INT16_MIN)
			  : kind == 1 ? (int16_t)random()
				      : (int16_t)(20000 * sin(2 * M_PI * i / period) +
						  (double)(random() % 2000));
}

static void every_sample_is_as_it_is_defined(void **state)
{
	int16_t past[CONCEAL_HISTORY], pcm[600], old[CONCEAL_OVERLAP];
	struct conceal c;

	(void)state;
	srandom(4);
	for (unsigned round = 0; round < 3000; round++) {
		int from = (int)(random() % 500), count = 1 + (int)(random() % 500);
		int n = 1 + (int)random() % CONCEAL_OVERLAP, length = 1 + (int)random() % 160, end;
		int16_t expected[600];

		fill_past(past, round % 3);
		conceal_begin(&c, past, (unsigned)random() % (CONCEAL_HISTORY + 1), 1);
		conceal_fill(&c, (unsigned)from, pcm, (unsigned)count);
		for (int i = 0; i < count; i++)
			assert_int_equal(pcm[i], defined_at(&c, from + i));

		end = c.pitch > 0 ? 160 : 40;
		end = end < count ? end : count;
		for (int i = 0; i < count; i++) {
			expected[i] = defined_at(&c, i);
			if (i >= count - end)
				expected[i] = approached(&c, expected[i], i - (count - end), end,
					past, length < 120 ? length : 120);
		}
		conceal_bridge(&c, pcm, (unsigned)count, past, (unsigned)length);
		assert_memory_equal(pcm, expected, (unsigned)count * sizeof(*pcm));

		n = n < count ? n : count;
		memcpy(old, past, sizeof(old));
		for (int i = 0; i < n; i++)
			expected[i] = (int16_t)((old[i] * (n - i) + pcm[i] * (i + 1)) / (n + 1));
		conceal_overlap(pcm, old, (unsigned)n);
		assert_memory_equal(pcm, expected, (unsigned)n * sizeof(*pcm));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_voice_goes_on),
		cmocka_unit_test(it_fades_to_silence_within_sixty_milliseconds),
		cmocka_unit_test(it_begins_and_goes_on_without_a_click),
		cmocka_unit_test(pieces_are_the_same_as_the_whole),
		cmocka_unit_test(without_a_past_there_is_silence),
		cmocka_unit_test(with_little_of_it_the_voice_ends_without_a_click),
		cmocka_unit_test(no_past_is_too_much),
		cmocka_unit_test(a_gap_leads_over_to_what_follows_it),
		cmocka_unit_test(every_sample_is_as_it_is_defined),
		cmocka_unit_test(it_is_no_worse_than_another_one_made_after_appendix_i),
	};

	return cmocka_run_group_tests_name("conceal", tests, make_voice, NULL);
}

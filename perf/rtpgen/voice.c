/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/voice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES	    200000
#define QUIET	    200	  /* sums below are too close to silence */
#define LOUD	    30000 /* and above to saturation */
#define NOBODY	    0xff
#define NEAR_MIDDLE 2 /* of the middle between two codes: either may come out */

/* The linear values of all codes (ITU-T G.711), 16 bits, left-aligned. */
static int16_t linear[VOICE_CODECS][256];

/* Of every code: whose voice it is (voice * HEARS_SETS + set), or NOBODY. */
static uint8_t owner[VOICE_CODECS][256];

static uint8_t sent[VOICES][HEARS_SETS][VOICE_CODECS];

/* What is heard of a set of voices: two codes where rounding could go either way. */
struct sum {
	uint8_t codes[2];
};

static struct sum sums[VOICES][HEARS_SETS /* codecs */][VOICE_CODECS][HEARS_SETS];

/* --- G.711 --- */

static int16_t ulaw(unsigned code)
{
	unsigned bits = ~code & 0xff;
	int magnitude = (int)((((bits & 15) << 3) + 132) << (bits >> 4 & 7)) - 132;

	return (int16_t)(bits & 0x80 ? -magnitude : magnitude);
}

static int16_t alaw(unsigned code)
{
	unsigned bits = code ^ 0x55, segment = bits >> 4 & 7;
	int magnitude = (int)((bits & 15) << 4) + 8;

	if (segment > 0)
		magnitude = (magnitude + 256) << (segment - 1);
	return (int16_t)(bits & 0x80 ? magnitude : -magnitude);
}

static int distance(enum voice_codec codec, unsigned code, int level)
{
	return abs(linear[codec][code] - level);
}

/* The code next to `level`, and the second one where that is as good. */
static struct sum nearest(enum voice_codec codec, int level)
{
	struct sum found = { { 0, 0 } };

	for (unsigned code = 1; code < 256; code++)
		if (distance(codec, code, level) < distance(codec, found.codes[0], level))
			found.codes[0] = (uint8_t)code;
	found.codes[1] = found.codes[0];
	for (unsigned code = 0; code < 256; code++)
		if (code != found.codes[0] &&
			distance(codec, code, level) <=
				distance(codec, found.codes[0], level) + NEAR_MIDDLE)
			found.codes[1] = (uint8_t)code;
	return found;
}

/* --- levels --- */

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static int random_level(uint32_t *state, int low, int high)
{
	int level = low + (int)(next_random(state) % (uint32_t)(high - low));

	return next_random(state) & 1 ? level : -level;
}

static int sum_of(unsigned voice, voice_codecs codecs, unsigned set)
{
	int sum = 0;

	for (unsigned party = 1; party < HEARS_SETS; party <<= 1)
		if (set & party) {
			enum voice_codec codec = codecs & party ? VOICE_PCMA : VOICE_PCMU;

			sum += linear[codec][sent[voice][party][codec]];
		}
	return sum;
}

static bool claim(uint8_t *code_owner, unsigned voice, unsigned set)
{
	uint8_t mine = (uint8_t)(voice * HEARS_SETS + set);

	if (*code_owner != NOBODY && *code_owner != mine)
		return false;
	*code_owner = mine;
	return true;
}

/* Take all codes that sums of this voice come out as; false where one is another's already. */
static bool claim_sums(unsigned voice, voice_codecs codecs, enum voice_codec codec)
{
	for (unsigned set = 1; set < HEARS_SETS; set++) {
		int level = sum_of(voice, codecs, set);
		struct sum *sum = &sums[voice][codecs][codec][set];

		if (abs(level) < QUIET || abs(level) > LOUD)
			return false;
		*sum = nearest(codec, level);
		if (!claim(&owner[codec][sum->codes[0]], voice, set) ||
			!claim(&owner[codec][sum->codes[1]], voice, set))
			return false;
	}
	return true;
}

static bool try_voice(unsigned voice, const int levels[static 3])
{
	for (unsigned p = 0; p < 3; p++)
		for (unsigned codec = 0; codec < VOICE_CODECS; codec++)
			sent[voice][1 << p][codec] = nearest(codec, levels[p]).codes[0];
	for (unsigned codecs = 0; codecs < HEARS_SETS; codecs++)
		for (unsigned codec = 0; codec < VOICE_CODECS; codec++)
			if (!claim_sums(voice, (voice_codecs)codecs, codec))
				return false;
	return true;
}

int voice_init(void)
{
	uint8_t before[sizeof(owner)];
	uint32_t state = 0x2545f491;
	unsigned voice = 0;

	for (unsigned code = 0; code < 256; code++) {
		linear[VOICE_PCMU][code] = ulaw(code);
		linear[VOICE_PCMA][code] = alaw(code);
	}
	memset(owner, NOBODY, sizeof(owner));
	for (unsigned i = 0; i < TRIES && voice < VOICES; i++) {
		const int levels[3] = {
			random_level(&state, 250, 4000),
			random_level(&state, 1000, 10000),
			random_level(&state, 2000, 16000),
		};

		memcpy(before, owner, sizeof(owner));
		if (try_voice(voice, levels))
			voice++;
		else
			memcpy(owner, before, sizeof(owner));
	}
	return voice == VOICES ? 0 : -ERANGE;
}

uint8_t voice_code(unsigned voice, unsigned party, enum voice_codec codec)
{
	return sent[voice][party][codec];
}

/* --- what is heard --- */

static bool is_steady(const uint8_t *payload, unsigned length)
{
	return length == 1 || memcmp(payload, payload + 1, length - 1) == 0;
}

/* Fades and ramps lie between the least and the most that those who are allowed say together;
 * rounding may add a little. */
static bool is_between(const struct voice_expected *e, const uint8_t *payload, unsigned length)
{
	int low = 0, high = 0, slack;

	for (unsigned party = 1; party < HEARS_SETS; party <<= 1) {
		int level = sum_of(e->voice, e->sources, e->allowed & party);

		low += level < 0 ? level : 0;
		high += level > 0 ? level : 0;
	}
	slack = 64 + (high - low) / 16;
	for (unsigned i = 0; i < length; i++) {
		int level = linear[e->codec][payload[i]];

		if (level < low - slack || level > high + slack)
			return false;
	}
	return true;
}

enum voice_verdict voice_judge(
	const struct voice_expected *e, const uint8_t *payload, unsigned length)
{
	const struct sum *sum = &sums[e->voice][e->sources][e->codec][e->expected];
	bool steady = is_steady(payload, length);
	uint8_t found = owner[e->codec][payload[0]];

	if (steady && (payload[0] == sum->codes[0] || payload[0] == sum->codes[1]))
		return VOICE_EXACT;
	if (steady && found != NOBODY)
		return found / HEARS_SETS == e->voice && (found % HEARS_SETS & ~e->allowed) == 0
			       ? VOICE_PARTIAL
			       : VOICE_WRONG;
	return is_between(e, payload, length) ? VOICE_PARTIAL : VOICE_WRONG;
}

const char *voice_describe(
	enum voice_codec codec, const uint8_t *payload, unsigned length, char text[static 96])
{
	unsigned found = owner[codec][payload[length - 1]], set = found % HEARS_SETS;

	if (found == NOBODY)
		snprintf(text, 96, "a level of %d, which is nobody's",
			linear[codec][payload[length - 1]]);
	else
		snprintf(text, 96, "%s%s%s of voice %u%s", set & HEARS_AGENT ? "agent " : "",
			set & HEARS_CUSTOMER ? "customer " : "",
			set & HEARS_MONITOR ? "supervisor" : "", found / HEARS_SETS,
			is_steady(payload, length) ? "" : ", unsteadily");
	return text;
}

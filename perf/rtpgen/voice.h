/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_VOICE_H
#define BRIDGETAP_RTPGEN_VOICE_H

#include <stdbool.h>
#include <stdint.h>

/* What the parties of a call say: each a constant level. Levels are chosen so that after G.711 has
 * rounded it every sum of them can be told from every other, and from those of the calls next to
 * it. Knows G.711 by its definition and shares no code with what it checks. One thread. */

#define VOICES 8 /* call number n has voice n modulo this */

/* Whose voices are in a sum. */
#define HEARS_AGENT    1
#define HEARS_CUSTOMER 2
#define HEARS_MONITOR  4
#define HEARS_SETS     8

enum voice_codec { VOICE_PCMU, VOICE_PCMA, VOICE_CODECS };

/* The codecs that the three parties of a call send in: a bit (HEARS_) is set for PCMA. */
typedef uint8_t voice_codecs;

/* Choose the levels. 0, or -ERANGE where there are not enough that differ. */
int voice_init(void);

/* The code that one party, a single HEARS_ bit, sends. */
uint8_t voice_code(unsigned voice, unsigned party, enum voice_codec codec);

enum voice_verdict {
	VOICE_EXACT,   /* all of `expected` and nothing else, in every sample */
	VOICE_PARTIAL, /* on the way there: some of `allowed`, or a ramp between such */
	VOICE_WRONG,   /* what nobody in `allowed` has said */
};

/* What a listener should hear. */
struct voice_expected {
	uint8_t voice;
	voice_codecs sources;
	enum voice_codec codec; /* of the listener */
	uint8_t expected;	/* HEARS_ bits */
	uint8_t allowed;	/* those, and more while a switch is on its way */
};

/* Judge a payload of `length` (1 at least) codes. */
enum voice_verdict voice_judge(
	const struct voice_expected *expected, const uint8_t *payload, unsigned length);

/* Whose voices a steady payload holds, in words; for the sentence about a wrong one. */
const char *voice_describe(
	enum voice_codec codec, const uint8_t *payload, unsigned length, char text[static 96]);

#endif

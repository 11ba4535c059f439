/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "ctl/parse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/format.h"

/* --- words --- */

bool is_word(const char *text, const ProtobufCEnumDescriptor *words, int *value)
{
	for (unsigned i = 0; i < words->n_values; i++) {
		const char *word = WORD(*words, words->values[i].value);

		if (strcasecmp(word, text) == 0 && strcmp(word, "-") != 0) {
			*value = words->values[i].value;
			return true;
		}
	}
	return false;
}

bool parse_word(const char *text, const ProtobufCEnumDescriptor *words, int *value)
{
	char known[256] = "";

	if (is_word(text, words, value))
		return true;
	for (unsigned i = 0; i < words->n_values; i++) {
		const char *word = WORD(*words, words->values[i].value);

		if (strcmp(word, "-") != 0)
			snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s",
				*known != '\0' ? ", " : "", word);
	}
	ctl_usage("\"%s\" is none of %s", text, known);
	return false;
}

bool parse_yes_no(const char *text, enum ctl_answer *answer)
{
	static const struct {
		const char *word;
		enum ctl_answer answer;
	} answers[] = {
		{ "yes", CTL_YES },
		{ "no", CTL_NO },
		{ "on", CTL_YES },
		{ "off", CTL_NO },
	};

	for (unsigned i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (strcasecmp(answers[i].word, text) == 0) {
			*answer = answers[i].answer;
			return true;
		}
	ctl_usage("\"%s\" is none of yes, no, on, off", text);
	return false;
}

/* --- numbers --- */

/* The number that the text begins with, above 0; NULL where it begins with none, else what follows
 * it. */
static const char *take_number(const char *text, uint32_t *number)
{
	char *end;
	unsigned long value;

	if (!isdigit((unsigned char)*text))
		return NULL;
	value = strtoul(text, &end, 10);
	*number = (uint32_t)value;
	return value == 0 || value > UINT32_MAX ? NULL : end;
}

bool parse_number(const char *text, uint32_t *number)
{
	const char *end = take_number(text, number);

	if (end != NULL && *end == '\0')
		return true;
	ctl_usage("\"%s\" is no number above 0", text);
	return false;
}

bool parse_duration(const char *text, uint32_t *seconds)
{
	static const struct {
		const char *unit;
		uint32_t seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 } };
	uint32_t number;
	const char *unit = take_number(text, &number);

	for (unsigned i = 0; unit != NULL && i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].unit, unit) == 0 && number <= UINT32_MAX / units[i].seconds) {
			*seconds = number * units[i].seconds;
			return true;
		}
	ctl_usage("\"%s\" is no duration such as 90s, 5m or 1h", text);
	return false;
}

/* --- media --- */

static bool parse_address(char *text, Bridgetap__V1__MediaAddress *address)
{
	char *colon = strrchr(text, ':');
	const char *end;

	address->address = text;
	if (colon == NULL || colon == text) {
		ctl_usage("\"%s\" is not ADDRESS:PORT", text);
		return false;
	}
	*colon = '\0';
	if (*text == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		address->address = text + 1;
	}
	end = take_number(colon + 1, &address->port);
	if (end == NULL || *end != '\0' || address->port > UINT16_MAX) {
		ctl_usage("\"%s\" is not a port", colon + 1);
		return false;
	}
	return true;
}

bool parse_media(char *text, const char *codec, struct parsed_media *parsed)
{
	int value = BRIDGETAP__V1__CODEC__CODEC_PCMU;

	bridgetap__v1__media_description__init(&parsed->media);
	bridgetap__v1__media_address__init(&parsed->remote);
	if (!parse_address(text, &parsed->remote) ||
		(codec != NULL && !parse_word(codec, &bridgetap__v1__codec__descriptor, &value)))
		return false;
	parsed->media.remote = &parsed->remote;
	parsed->media.codec = (Bridgetap__V1__Codec)value;
	return true;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CTL_PARSE_H
#define BRIDGETAP_CTL_PARSE_H

#include "bridgetap/v1/common.pb-c.h"
#include "ctl/ctl.h"

/* Words of the command line. All return false, after a sentence on standard error, where the text
 * is none. */

/* One of the words of an enumeration, as word_of() has them; upper case will do. */
bool parse_word(const char *text, const ProtobufCEnumDescriptor *words, int *value);

/* Whether it is one, without a sentence. */
bool is_word(const char *text, const ProtobufCEnumDescriptor *words, int *value);

bool parse_yes_no(const char *text, enum ctl_answer *answer);

/* "90s", "5m", "1h", or seconds as a bare number; above 0. */
bool parse_duration(const char *text, uint32_t *seconds);

/* Above 0. */
bool parse_number(const char *text, uint32_t *number);

/* "192.0.2.30:6000" or "[2001:db8::30]:6000", and "pcmu", "pcma" or "g722", or NULL for the first.
 * The media points into `text`, which is changed, and into itself. */
struct parsed_media {
	Bridgetap__V1__MediaDescription media;
	Bridgetap__V1__MediaAddress remote;
};
bool parse_media(char *text, const char *codec, struct parsed_media *parsed);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "ctl/format.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/ctl.h"

/* --- words --- */

/* Names whose word is another than the rule makes of them. */
static const struct {
	const char *name, *word;
} irregular[] = {
	{ "DIRECTION_INBOUND", "in" },
	{ "DIRECTION_OUTBOUND", "out" },
	{ "LOGGED_IN", "in" },
	{ "LOGGED_OUT", "out" },
	{ "DO_NOT_DISTURB", "dnd" },
	{ "STATUS_DO_NOT_DISTURB", "dnd" },
	{ "STATUS_AWAY", "away" },
};

/* What follows "USER_ROLE_" in a name of UserRole, or the name, where it does not begin so. */
static const char *skip_prefix(const char *name, const char *type)
{
	const char *at = name;

	for (const char *t = type; *t != '\0'; t++) {
		if (t != type && isupper((unsigned char)*t) && *at++ != '_')
			return name;
		if (*at++ != toupper((unsigned char)*t))
			return name;
	}
	return *at == '_' ? at + 1 : name;
}

const char *word_of(char word[static WORD_SIZE], const ProtobufCEnumDescriptor *words, int value)
{
	const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(words, value);
	const char *name;

	if (known == NULL)
		return "?";
	for (unsigned i = 0; i < sizeof(irregular) / sizeof(irregular[0]); i++)
		if (strcmp(irregular[i].name, known->name) == 0)
			return irregular[i].word;
	name = skip_prefix(known->name, words->short_name);
	if (value == 0 && strstr(known->name, "UNSPECIFIED") != NULL)
		return "-";
	snprintf(word, WORD_SIZE, "%s", name);
	for (char *c = word; *c != '\0'; c++)
		*c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
	return word;
}

const char *reason_name(int code)
{
	const ProtobufCEnumValue *known =
		protobuf_c_enum_descriptor_get_value(&bridgetap__v1__reason_code__descriptor, code);

	return known != NULL ? known->name : "?";
}

const char *or_else(const char *text, const char *otherwise)
{
	return text != NULL && *text != '\0' ? text : otherwise;
}

/* --- times and addresses --- */

const char *format_duration(char text[static DURATION_SIZE], uint64_t ms)
{
	uint64_t seconds = ms / 1000;

	snprintf(text, DURATION_SIZE, "%llu:%02u:%02u", (unsigned long long)(seconds / 3600),
		(unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
	return text;
}

const char *format_time(char text[static TIME_SIZE], uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm parts;

	if (ms == 0 || gmtime_r(&seconds, &parts) == NULL ||
		strftime(text, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		return "-";
	return text;
}

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

const char *format_address(
	char text[static ADDRESS_SIZE], const Bridgetap__V1__MediaAddress *address)
{
	bool six;

	if (address == NULL)
		return "-";
	six = strchr(address->address, ':') != NULL;
	snprintf(text, ADDRESS_SIZE, "%s%.64s%s:%u", six ? "[" : "", address->address,
		six ? "]" : "", address->port);
	return text;
}

/* --- cells --- */

void grid_list(struct grid *grid, char *const *items, size_t count)
{
	grid_cell(grid, "%s", "");
	for (size_t i = 0; i < count; i++)
		grid_more(grid, "%s", items[i]);
}

static bool has_reason(const struct reasons *reasons, size_t count, int code)
{
	for (size_t i = 0; i < count; i++)
		if ((int)reasons->items[i]->code == code)
			return true;
	return false;
}

void grid_reasons(struct grid *grid, const struct reasons *some, const struct reasons *others)
{
	grid_cell(grid, "%s", "");
	for (size_t i = 0; i < some->count; i++)
		if (!has_reason(some, i, (int)some->items[i]->code))
			grid_more(grid, "%s", reason_name((int)some->items[i]->code));
	for (size_t i = 0; i < others->count; i++)
		if (!has_reason(some, some->count, (int)others->items[i]->code) &&
			!has_reason(others, i, (int)others->items[i]->code))
			grid_more(grid, "%s", reason_name((int)others->items[i]->code));
	if (some->count + others->count > 0)
		grid_colour(grid, GRID_GREY);
}

/* --- lines --- */

void make_printable(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
		/* U+0080 to U+009F, which some terminals obey as well. */
		if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
			c[0] = c[1] = '?';
	}
}

void print_line(FILE *out, const char *format, ...)
{
	va_list args;
	char *line = NULL;
	int length;

	va_start(args, format);
	length = vasprintf(&line, format, args);
	va_end(args);
	ctl_need(length < 0 ? NULL : line);
	make_printable(line);
	fputs(line, out);
	putc('\n', out);
	fflush(out);
	free(line);
}

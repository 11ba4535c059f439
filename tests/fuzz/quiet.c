/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* Sentences that tell of bad input are put together, so that what is in them is looked at, but not
 * printed: there would be thousands a second. With FUZZ_LOG=1 in the environment they are. */
#include <stdarg.h>

#include "fuzz.h"
#include "log.h"
#include "net/log.h"

static void format_only(const char *format, va_list args)
{
	char sentence[1024];

	vsnprintf(sentence, sizeof(sentence), format, args);
	if (getenv("FUZZ_LOG") != NULL)
		fprintf(stderr, "%s\n", sentence);
}

#define FORMAT_ONLY(last)                \
	do {                             \
		va_list args;            \
                                         \
		va_start(args, last);    \
		format_only(last, args); \
		va_end(args);            \
	} while (0)

void log_line(int priority, const char *format, ...)
{
	(void)priority;
	FORMAT_ONLY(format);
}

void log_error(const char *format, ...)
{
	FORMAT_ONLY(format);
}

void log_warning(const char *format, ...)
{
	FORMAT_ONLY(format);
}

void log_info(const char *format, ...)
{
	FORMAT_ONLY(format);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

/* In one write, so that lines of several threads do not mix. */
static void log_line(int priority, const char *format, va_list args)
{
	char line[1024];
	int prefix = 0;

	if (getenv("JOURNAL_STREAM") != NULL)
		prefix = snprintf(line, sizeof(line), "<%d>", priority);
	vsnprintf(line + prefix, sizeof(line) - (size_t)prefix, format, args);
	fprintf(stderr, "%s\n", line);
}

#define LOG_FUNCTION(name, priority)              \
	void name(const char *format, ...)        \
	{                                         \
		va_list args;                     \
                                                  \
		va_start(args, format);           \
		log_line(priority, format, args); \
		va_end(args);                     \
	}

LOG_FUNCTION(log_error, LOG_ERR)
LOG_FUNCTION(log_warning, LOG_WARNING)
LOG_FUNCTION(log_info, LOG_INFO)

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdarg.h>
#include <stdio.h>

#include "bench/report.h"

/* Apart from what else reports: that is of each program's own. */
char *report_format(char *out, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vsnprintf(out, size, format, args) < 0)
		*out = '\0';
	va_end(args);
	return out;
}

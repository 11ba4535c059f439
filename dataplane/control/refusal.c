/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/refusal.h"

#include <stdarg.h>
#include <stdio.h>

int refuse(struct refusal *refusal, WireErrorCode code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(refusal->sentence, sizeof(refusal->sentence), format, args);
	va_end(args);
	refusal->code = code;
	return -1;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/refusal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static const char *const sentences[REASON_COUNT] = {
	[REASON_DASHBOARD_LOGGED_OUT] = "You are not logged in to the dashboard.",
	[REASON_DESKTOP_LOGGED_OUT] = "You are not logged in to the desktop app.",
	[REASON_NOT_ONLINE] = "You are not online.",
	[REASON_CALL_FULL] = "All seats of this call are taken.",
	[REASON_NOT_PERMITTED] = "You are not permitted to do this.",
	[REASON_ORGANISATION_DISABLED] = "Monitoring is switched off for your organisation.",
	[REASON_CONSENT_MISSING] = "The consent that monitoring needs has not been recorded.",
	[REASON_ALREADY_MONITORING] = "You are monitoring a call already.",
	[REASON_CALL_ENDED] = "This call has ended.",
};

const char *reason_sentence(enum reason reason)
{
	return sentences[reason];
}

int refuse(struct refusal *refusal, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(refusal->sentence, sizeof(refusal->sentence), format, args);
	va_end(args);
	refusal->error = error;
	refusal->reasons = 0;
	return error;
}

int refuse_for(struct refusal *refusal, uint32_t reasons)
{
	enum reason first = (enum reason)__builtin_ctz(reasons);

	refuse(refusal, -EPERM, "%s", reason_sentence(first));
	refusal->reasons = reasons;
	return -EPERM;
}

void refuse_in_words(struct refusal *refusal, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(refusal->sentence, sizeof(refusal->sentence), format, args);
	va_end(args);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_REFUSAL_H
#define BRIDGETAP_MONITOR_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

/* Why something may not be, or cannot be: what every function of the domain that can say no says
 * it with. */

/* The machine-readable reasons of M5. Several can hold at once. */
enum reason {
	REASON_DASHBOARD_LOGGED_OUT,
	REASON_DESKTOP_LOGGED_OUT,
	REASON_NOT_ONLINE,
	REASON_CALL_FULL,
	REASON_NOT_PERMITTED,
	REASON_ORGANISATION_DISABLED,
	REASON_CONSENT_MISSING,
	REASON_ALREADY_MONITORING,
	REASON_CALL_ENDED,
	REASON_COUNT,
};

struct refusal {
	int error;	  /* -errno: -EINVAL a field, -ENOENT, -EEXIST, -ENOSPC, -ENOMEM, -EPERM */
	uint32_t reasons; /* bits (1 << enum reason) */
	char sentence[256];
};

/* Fill in error and sentence, with no reasons. Returns `error`. A sentence of -EINVAL begins with
 * the name of the field that is wrong. */
int refuse(struct refusal *refusal, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Fill in -EPERM with reasons, and the sentence of the first of them. Returns -EPERM. */
int refuse_for(struct refusal *refusal, uint32_t reasons);

/* Give a refusal another sentence. */
void refuse_in_words(struct refusal *refusal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The sentence of one reason. */
const char *reason_sentence(enum reason reason);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_REFUSAL_H
#define BRIDGETAP_CONTROL_REFUSAL_H

#include "control/wire.h"

/* Why a batch cannot be applied: a code, one sentence, and which of its operations it is about. */
struct refusal {
	WireErrorCode code;
	unsigned operation;
	char sentence[256];
};

/* Fill in code and sentence. Always returns -1, so that a check can `return refuse(...)`. */
int refuse(struct refusal *refusal, WireErrorCode code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif

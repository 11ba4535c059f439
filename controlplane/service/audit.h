/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_AUDIT_H
#define BRIDGETAP_SERVICE_AUDIT_H

#include "service/services.h"

/* Puts what happens into the audit, in the name of whoever acts. */

/* NULL is "". */
struct audit_note {
	const struct organisation *organisation;
	const char *action; /* a word */
	const char *call;
	const char *subject;
	const char *detail;
	uint32_t reasons;
};

/* Written when all that is ready now has been handled, or with the next setting. */
void audit_note(struct services *services, const struct audit_note *note);

/* "listen", "whisper", "barge". */
const char *audit_mode(int mode);

#endif

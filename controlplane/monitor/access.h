/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_ACCESS_H
#define BRIDGETAP_MONITOR_ACCESS_H

#include "monitor/call.h"

/* What access settings say (M15 to M19, M22). Whether something may be done is for decision.h. */

/* M17: whether the extension of the call's agent lets this user monitor. Where the agent has
 * none, the defaults hold. */
bool access_permits_monitoring(const struct call *call, const struct user *user);

/* M22: whether all consent that monitoring this call needs is there. */
bool access_has_consent(const struct call *call);

/* M16: what of an extension this user may see; NULL is the organisation itself, which sees all. */
bool access_shows_status(const struct extension *extension, const struct user *user);
bool access_shows_callers(const struct extension *extension, const struct user *user);

/* M19: whether this user may change the extension's setting. */
bool access_is_editable(const struct organisation *organisation, const struct extension *extension,
	const struct user *user);

/* M22: whether this user may record the consent of the extension's: they themselves, or an admin.
 */
bool access_may_consent(const struct extension *extension, const struct user *user);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CTL_ACCESS_LIST_H
#define BRIDGETAP_CTL_ACCESS_LIST_H

#include <stdbool.h>

#include "bridgetap/v1/access.pb-c.h"

/* Changing access settings that were unpacked, and that ctl_free() will free. */

/* What is in the field, made where there is nothing. */
Bridgetap__V1__AccessTier *access_tier_of(Bridgetap__V1__AccessTier **field);
Bridgetap__V1__AccessList *access_list_of(Bridgetap__V1__AccessList **field);

enum access_side {
	ACCESS_NEITHER,
	ACCESS_INCLUDED,
	ACCESS_EXCLUDED,
};

/* Put a user or a security role on a side, wherever it was before. */
void access_list_move(
	Bridgetap__V1__AccessList *list, const char *id, bool is_role, enum access_side side);

#endif

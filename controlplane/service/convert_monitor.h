/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_CONVERT_MONITOR_H
#define BRIDGETAP_SERVICE_CONVERT_MONITOR_H

#include "bridgetap/v1/monitor.pb-c.h"
#include "monitor/notice.h"
#include "service/convert.h"

/* The messages of monitor.proto; as convert.h. */

Bridgetap__V1__Invitation *encode_invitation(
	struct arena *arena, const struct invitation *invitation);
Bridgetap__V1__Notice *encode_notice(
	struct arena *arena, const struct notice *notice, uint64_t now_ms);

/* All that concerns a user, as it stands. */
Bridgetap__V1__Situation *encode_situation(
	struct arena *arena, const struct organisation *organisation, const char *user);

#endif

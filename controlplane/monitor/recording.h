/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_RECORDING_H
#define BRIDGETAP_MONITOR_RECORDING_H

#include "monitor/call.h"

/* The recording of a call: off, on or paused. 0 or `refusal`. */

int recording_start(
	struct call *call, const struct recording_target *target, struct refusal *refusal);
int recording_pause(struct call *call, struct refusal *refusal);
int recording_resume(struct call *call, struct refusal *refusal);
int recording_stop(struct call *call, struct refusal *refusal);

/* --- for call.c, which notes its own changes --- */

int recording_check_target(const struct organisation *organisation,
	const struct recording_target *target, struct refusal *refusal);
int recording_open(
	struct call *call, const struct recording_target *target, struct refusal *refusal);
void recording_close(struct recording *recording);

#endif

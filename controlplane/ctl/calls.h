/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CTL_CALLS_H
#define BRIDGETAP_CTL_CALLS_H

#include "bridgetap/v1/calls.pb-c.h"
#include "ctl/ctl.h"
#include "ctl/format.h"

/* What the list of calls and the live view of them share. */

/* Options that choose calls, and what they have chosen. */
extern const struct ctl_option call_filter_options[];
extern Bridgetap__V1__CallFilter call_filter;

extern const char *const call_titles[];

/* A row about a call. `viewer` is what keeps the user from joining any call. `at_ms` is since
 * 1970. */
void grid_call(struct grid *grid, const Bridgetap__V1__Call *call, const struct reasons *viewer,
	uint64_t at_ms);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "net/counters.h"

static const struct {
	const char *name;
	const char *help;
} described[COUNTER_COUNT] = {
#define COUNTER_TEXT(name, help) [COUNTER_##name] = { #name, help },
	COUNTERS(COUNTER_TEXT)
#undef COUNTER_TEXT
};

const char *counter_name(enum counter which)
{
	return described[which].name;
}

const char *counter_help(enum counter which)
{
	return described[which].help;
}

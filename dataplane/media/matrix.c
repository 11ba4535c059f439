/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "media/matrix.h"

#include <stdbool.h>

#include "fastpath.h"

static bool mode_is_known(unsigned mode)
{
	return mode == MODE_LISTEN || mode == MODE_WHISPER || mode == MODE_BARGE;
}

static bool hears(unsigned listener, unsigned source, unsigned mode)
{
	switch (listener) {
	case ROLE_AGENT:
		return source == ROLE_CUSTOMER ||
		       (source == ROLE_MONITOR && (mode == MODE_WHISPER || mode == MODE_BARGE));
	case ROLE_CUSTOMER:
		return source == ROLE_AGENT || (source == ROLE_MONITOR && mode == MODE_BARGE);
	case ROLE_MONITOR:
		return mode_is_known(mode) && (source == ROLE_AGENT || source == ROLE_CUSTOMER);
	case ROLE_RECORDER:
		return source == ROLE_AGENT || source == ROLE_CUSTOMER;
	default:
		return false;
	}
}

uint16_t matrix_gain(unsigned listener, unsigned source, unsigned mode)
{
	return hears(listener, source, mode) ? GAIN_UNITY : 0;
}

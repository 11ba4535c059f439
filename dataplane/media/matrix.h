/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MEDIA_MATRIX_H
#define BRIDGETAP_MEDIA_MATRIX_H

#include <stdint.h>

/* Who hears whom: the product's privacy rule in one pure, total function (M7, M14, M23, M28). */

enum role {
	ROLE_NONE,
	ROLE_AGENT,
	ROLE_CUSTOMER,
	ROLE_MONITOR,  /* a supervisor, or an invited agent */
	ROLE_RECORDER, /* hears only */
	ROLE_COUNT,
};

enum mode {
	MODE_NONE,
	MODE_LISTEN,  /* nobody hears the monitor */
	MODE_WHISPER, /* the agent alone does */
	MODE_BARGE,   /* agent and customer do */
	MODE_COUNT,
};

/* Gains are unsigned fixed point; this one is 1.0. */
#define GAIN_SHIFT 14
#define GAIN_UNITY (1 << GAIN_SHIFT)

/* The gain at which `listener` hears `source`, while the monitor among the two (if one of them
 * is a monitor) is in `mode`. Values outside of the enumerations are allowed and, as everything
 * else that is not named by the rule, give 0. Any thread. */
uint16_t matrix_gain(unsigned listener, unsigned source, unsigned mode);

#endif

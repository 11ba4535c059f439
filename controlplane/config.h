/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROLPLANE_CONFIG_H
#define BRIDGETAP_CONTROLPLANE_CONFIG_H

#include <limits.h>
#include <stdint.h>

#include "service/peers.h"

/* The control plane's configuration file (libconfig syntax; deploy/controlplane.conf is the
 * commented sample). */
struct config {
	char listen[108];    /* clients' Unix socket */
	unsigned mode;	     /* of its file */
	char dataplane[108]; /* the data plane's Unix socket */
	char store[PATH_MAX];
	uint32_t end_dead_calls_after_s; /* 0: never */
	struct peers peers;		 /* of the clients' socket */
};

/* Read `path`. 0, or -errno after one sentence with file and line on the log. */
int config_load(struct config *config, const char *path);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_GRACE_H
#define BRIDGETAP_CONTROL_GRACE_H

#include "worker/worker.h"

/* A moment of grace before memory that a worker may be reading is unmapped.
 *
 * When the other side of a memif port leaves, DPDK's interrupt thread marks the port as not
 * connected and unmaps the rings at once; a worker that had looked at the mark just before would
 * read them, and the process would end. This program has a munmap() of its own, which the drivers
 * call: on that thread it waits until each worker has begun another round, in which it sees the
 * mark, before it unmaps. On all other threads it is the system's. */

/* Whom to wait for: `count` workers, which last until it is called again with none. Main lcore. */
void grace_watch(const struct worker *workers, unsigned count);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RECORDER_RECORDING_H
#define BRIDGETAP_RECORDER_RECORDING_H

#include <stdint.h>

#include "loop/loop.h"

/* One WAV file under way: 8,000 Hz, 16 bits, agent on the left, customer on the right. Samples
 * are gathered for a while, so that both sides and late packets find their place, and then
 * written by io_uring. Loop thread only. */

struct recording;

enum side { SIDE_AGENT, SIDE_CUSTOMER, SIDES };

/* Begin the file `path`, which must not exist. NULL with errno. */
struct recording *recording_create(struct loop *loop, const char *path);

/* A packet of one side arrived now. */
void recording_take(
	struct recording *recording, enum side side, const uint8_t *packet, size_t length);

/* Milliseconds since the newest packet. */
uint64_t recording_idle_ms(const struct recording *recording);

/* Write what has been gathered long enough; call a few times a second. */
void recording_flush(struct recording *recording);

/* Write everything, complete the header, and free. `done` is called when the file is complete,
 * with its length in samples and 0, or the -errno that kept it from being so. */
void recording_close(struct recording *recording,
	void (*done)(void *arg, const char *path, uint64_t samples, int error), void *arg);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_RTPGEN_CAPTURE_H
#define BRIDGETAP_RTPGEN_CAPTURE_H

#include <stdint.h>

#include "rtpgen/table.h"

/* Capture files in the classic format of pcap, with nanoseconds. One thread. */

/* --- writing --- */

struct capture;

/* Create the file. NULL with errno. */
struct capture *capture_create(const char *path);

/* Add a frame; a full disk ends the capture, which capture_destroy() then says. */
void capture_write(struct capture *capture, uint64_t tsc, const uint8_t *frame, unsigned length);

/* Complete the file; 0 or -errno. NULL is allowed. */
int capture_destroy(struct capture *capture);

/* --- playing --- */

/* A packet of RTP that one of our legs sent when the file was written. */
struct played {
	uint64_t tsc; /* after the first one */
	struct leg *leg;
	uint8_t *rtp;
	unsigned length;
};

struct playback;

/* Read the RTP of a capture whose source is the address and port of one of our legs; the rest is
 * left out. NULL after a sentence. */
struct playback *playback_create(const char *path, struct table *table);
void playback_destroy(struct playback *playback);

/* Let each leg's packets follow on what it has sent so far, and its stream stay one stream. */
void playback_begin(struct playback *playback);

/* The next one that is due so long after the beginning; NULL for none. */
const struct played *playback_next(struct playback *playback, uint64_t tsc);

/* Its length. */
double playback_seconds(const struct playback *playback);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "recorder/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "log.h"
#include "recorder/track.h"

#define WINDOW	    (4 * TRACK_RATE) /* samples gathered at most; a power of two is not needed */
#define LATE	    (TRACK_RATE / 2) /* how long late packets are waited for */
#define HEADER_SIZE 44
#define FRAME_SIZE  (SIDES * sizeof(int16_t))

struct recording {
	struct loop *loop;
	char *path;
	int fd;
	uint64_t started_ms;
	uint64_t heard_ms;
	struct track tracks[SIDES];

	uint64_t written;	       /* samples that are in the file, or on their way */
	uint64_t end;		       /* one past the last sample that was taken */
	int16_t window[WINDOW][SIDES]; /* sample n at n % WINDOW, from `written` on */

	struct loop_op write_op;
	int16_t batch[WINDOW][SIDES]; /* what is being written */
	size_t batch_bytes, batch_done;
	uint64_t batch_offset;
	uint8_t header[HEADER_SIZE];
	int error; /* nothing is written any more but the header */
	bool closing, header_written;
	bool lag_told[SIDES];
	void (*done)(void *arg, const char *path, uint64_t samples, int error);
	void *done_arg;
};

static void put16(uint8_t *out, uint16_t v)
{
	out[0] = (uint8_t)v;
	out[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *out, uint32_t v)
{
	put16(out, (uint16_t)v);
	put16(out + 2, (uint16_t)(v >> 16));
}

/* RIFF WAVE, PCM: "Multimedia Programming Interface and Data Specifications 1.0". */
static void fill_header(uint8_t header[static HEADER_SIZE], uint64_t samples)
{
	uint32_t bytes = (uint32_t)(samples * FRAME_SIZE);

	memcpy(header, "RIFF....WAVEfmt ", 16);
	put32(header + 4, bytes + HEADER_SIZE - 8);
	put32(header + 16, 16);
	put16(header + 20, 1); /* PCM */
	put16(header + 22, SIDES);
	put32(header + 24, TRACK_RATE);
	put32(header + 28, TRACK_RATE * FRAME_SIZE);
	put16(header + 32, FRAME_SIZE);
	put16(header + 34, 16);
	memcpy(header + 36, "data", 4);
	put32(header + 40, bytes);
}

static void finish(struct recording *r)
{
	if (close(r->fd) < 0 && r->error == 0)
		r->error = -errno;
	r->done(r->done_arg, r->path, r->written, r->error);
	free(r->path);
	free(r);
}

/* Begin to write the samples from `written` up to `until`. */
static void write_batch(struct recording *r, uint64_t until)
{
	size_t count = 0;

	for (uint64_t n = r->written; n < until; n++, count++) {
		memcpy(r->batch[count], r->window[n % WINDOW], FRAME_SIZE);
		memset(r->window[n % WINDOW], 0, FRAME_SIZE);
	}
	r->batch_bytes = count * FRAME_SIZE;
	r->batch_done = 0;
	r->batch_offset = HEADER_SIZE + r->written * FRAME_SIZE;
	r->written = until;
	loop_write(r->loop, &r->write_op, r->fd, r->batch, r->batch_bytes, r->batch_offset);
}

/* Of what has been written. */
static void write_header(struct recording *r)
{
	r->header_written = true;
	fill_header(r->header, r->written);
	r->batch_bytes = r->batch_done = 0;
	loop_write(r->loop, &r->write_op, r->fd, r->header, HEADER_SIZE, 0);
}

/* While closing: what is left, then the header, then the end. */
static void go_on(struct recording *r)
{
	if (!r->closing || r->write_op.pending)
		return;
	if (r->error == 0 && r->written < r->end)
		write_batch(r, r->end);
	else if (r->error == 0 && !r->header_written)
		write_header(r);
	else
		finish(r);
}

/* The file ends with what is in it of the batch. Its header says so at once: who knows how long
 * the call goes on, and what becomes of us meanwhile. */
static void break_off(struct recording *r, int error)
{
	r->error = error;
	if (r->header_written)
		return;
	if (r->batch_bytes > 0)
		r->written = (r->batch_offset - HEADER_SIZE + r->batch_done) / FRAME_SIZE;
	log_line(LOG_ERR, "cannot write %s: %s; it ends after %.1f s", r->path, strerror(-error),
		(double)r->written / TRACK_RATE);
	write_header(r);
}

static void wrote(void *arg, int result)
{
	struct recording *r = arg;

	if (result < 0) {
		break_off(r, result);
	} else if (r->batch_bytes > 0) {
		r->batch_done += (size_t)result;
		if (r->batch_done < r->batch_bytes) {
			loop_write(r->loop, &r->write_op, r->fd,
				(const uint8_t *)r->batch + r->batch_done,
				r->batch_bytes - r->batch_done, r->batch_offset + r->batch_done);
			return;
		}
	}
	go_on(r);
}

struct recording *recording_create(struct loop *loop, const char *path)
{
	struct recording *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->loop = loop;
	r->path = strdup(path);
	r->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (r->path == NULL || r->fd < 0) {
		int error = r->fd < 0 ? errno : ENOMEM;

		if (r->fd >= 0)
			close(r->fd);
		free(r->path);
		free(r);
		errno = error;
		return NULL;
	}
	r->started_ms = r->heard_ms = loop_now_ms(loop);
	r->write_op = (struct loop_op){ .done = wrote, .arg = r };
	/* A header from the start: a file that is cut off can still be played by most. */
	fill_header(r->header, 0);
	loop_write(loop, &r->write_op, r->fd, r->header, HEADER_SIZE, 0);
	return r;
}

static uint64_t now_samples(const struct recording *r)
{
	return (loop_now_ms(r->loop) - r->started_ms) * (TRACK_RATE / 1000);
}

void recording_take(struct recording *r, enum side side, const uint8_t *packet, size_t length)
{
	int16_t pcm[TRACK_MAX_SAMPLES];
	uint64_t position;
	struct track *track = &r->tracks[side];
	unsigned count =
		track_take(track, packet, length, now_samples(r), r->written, pcm, &position);

	if (count == 0 || r->closing)
		return;
	if (track->lagged && !r->lag_told[side])
		log_line(LOG_NOTICE,
			"%s: the %s's timestamps lag behind; they are put right each time", r->path,
			side == SIDE_AGENT ? "agent" : "customer");
	r->lag_told[side] = track->lagged;
	r->heard_ms = loop_now_ms(r->loop);
	for (unsigned i = 0; i < count; i++) {
		uint64_t n = position + i;

		/* Too late, or too far ahead of what the disk takes: there is no place for it. */
		if (n < r->written || n >= r->written + WINDOW)
			continue;
		r->window[n % WINDOW][side] = pcm[i];
		r->end = n + 1 > r->end ? n + 1 : r->end;
	}
}

uint64_t recording_idle_ms(const struct recording *r)
{
	return loop_now_ms(r->loop) - r->heard_ms;
}

void recording_flush(struct recording *r)
{
	uint64_t now = now_samples(r), until = now > LATE ? now - LATE : 0;

	until = until < r->end ? until : r->end;
	if (r->error == 0 && !r->write_op.pending && until > r->written)
		write_batch(r, until);
}

void recording_close(struct recording *r,
	void (*done)(void *arg, const char *path, uint64_t samples, int error), void *arg)
{
	r->closing = true;
	r->done = done;
	r->done_arg = arg;
	go_on(r);
}

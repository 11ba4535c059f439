/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <rte_cycles.h>

#define MAGIC	 0xa1b23c4d
#define BUFFER	 (1 << 20)
#define SNAP	 65535
#define ETHERNET 1

struct capture {
	FILE *file;
	uint64_t begin_tsc, begin_ns;
	double ns_per_tsc;
	int error;
};

static void put(struct capture *capture, const void *bytes, size_t length)
{
	if (capture->error == 0 && fwrite(bytes, length, 1, capture->file) != 1)
		capture->error = -errno;
}

struct capture *capture_create(const char *path)
{
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, accuracy, snap, link;
	} header = { MAGIC, 2, 4, 0, 0, SNAP, ETHERNET };
	struct capture *capture = calloc(1, sizeof(*capture));
	struct timespec now;

	if (capture == NULL)
		return NULL;
	capture->file = fopen(path, "wbe");
	if (capture->file == NULL) {
		free(capture);
		return NULL;
	}
	setvbuf(capture->file, NULL, _IOFBF, BUFFER);
	clock_gettime(CLOCK_REALTIME, &now);
	capture->begin_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	capture->begin_tsc = rte_rdtsc();
	capture->ns_per_tsc = 1e9 / (double)rte_get_tsc_hz();
	put(capture, &header, sizeof(header));
	return capture;
}

void capture_write(struct capture *capture, uint64_t tsc, const uint8_t *frame, unsigned length)
{
	uint64_t ns = capture->begin_ns +
		      (uint64_t)((double)(tsc - capture->begin_tsc) * capture->ns_per_tsc);
	const uint32_t header[4] = {
		(uint32_t)(ns / 1000000000),
		(uint32_t)(ns % 1000000000),
		length,
		length,
	};

	put(capture, header, sizeof(header));
	put(capture, frame, length);
}

int capture_destroy(struct capture *capture)
{
	int ret;

	if (capture == NULL)
		return 0;
	ret = capture->error;
	if (fclose(capture->file) != 0 && ret == 0)
		ret = -errno;
	free(capture);
	return ret;
}

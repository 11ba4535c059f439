/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_PERF_RECEIVE_H
#define BRIDGETAP_PERF_RECEIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "perf/blast/sink.h"

struct bpf_link;
struct bpf_object;

/* Counts what comes in on an interface, which nobody else gets then. */
struct receiver {
	struct bpf_object *object;
	struct bpf_link *link;
	uint64_t *counts; /* SINK_PORTS of them; written by the kernel */
	uint64_t before[SINK_PORTS];
};

/* Attach the program at `path` to the interface, for as long as the interface lives; with `frames`
 * to what XDP programs send, until receiver_close(). Returns 0 or -errno. */
int receiver_open(struct receiver *receiver, const char *path, int ifindex, bool frames);
void receiver_close(struct receiver *receiver);

/* Count from now on. */
void receiver_reset(struct receiver *receiver);

/* How many packets have come since, and, in `*heard`, from how many ports. */
uint64_t receiver_count(const struct receiver *receiver, unsigned *heard);

#endif

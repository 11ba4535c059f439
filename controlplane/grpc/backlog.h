/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_GRPC_BACKLOG_H
#define BRIDGETAP_GRPC_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that have come and must wait: appended at the end, taken from the front. All zero is
 * empty. Loop thread only. */
struct grpc_backlog {
	uint8_t *bytes;
	size_t begin, end, size;
};

static inline size_t grpc_backlog_length(const struct grpc_backlog *backlog)
{
	return backlog->end - backlog->begin;
}

/* Append a copy of the bytes; false where memory is short. */
bool grpc_backlog_append(struct grpc_backlog *backlog, const uint8_t *bytes, size_t length);

/* The first `count` bytes are done with. Memory goes with the last one. */
void grpc_backlog_drop(struct grpc_backlog *backlog, size_t count);

#endif

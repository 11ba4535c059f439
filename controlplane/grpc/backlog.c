/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "grpc/backlog.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_MIN 4096

static bool make_room(struct grpc_backlog *backlog, size_t length)
{
	size_t size = backlog->size > 0 ? backlog->size : SIZE_MIN;
	uint8_t *bytes;

	/* Not before half of it is free, so that a byte is moved once on average. */
	if (backlog->begin >= backlog->size / 2 && backlog->begin > 0) {
		memmove(backlog->bytes, backlog->bytes + backlog->begin,
			grpc_backlog_length(backlog));
		backlog->end -= backlog->begin;
		backlog->begin = 0;
	}
	while (size - backlog->end < length)
		size *= 2;
	if (size == backlog->size)
		return true;
	bytes = realloc(backlog->bytes, size);
	if (bytes == NULL)
		return false;
	backlog->bytes = bytes;
	backlog->size = size;
	return true;
}

bool grpc_backlog_append(struct grpc_backlog *backlog, const uint8_t *bytes, size_t length)
{
	if (backlog->size - backlog->end < length && !make_room(backlog, length))
		return false;
	if (length == 0)
		return true; /* there may be no memory at all yet */
	memcpy(backlog->bytes + backlog->end, bytes, length);
	backlog->end += length;
	return true;
}

void grpc_backlog_drop(struct grpc_backlog *backlog, size_t count)
{
	backlog->begin += count;
	if (backlog->begin < backlog->end)
		return;
	free(backlog->bytes);
	*backlog = (struct grpc_backlog){ 0 };
}

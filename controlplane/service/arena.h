/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_ARENA_H
#define BRIDGETAP_SERVICE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/* Memory for one answer, made of many small pieces and freed at once. All zero is empty. When
 * memory is short, what is allocated is NULL, and `failed` says so afterwards. */
struct arena {
	struct arena_block *blocks;
	bool failed;
};

/* `size` bytes, zero, aligned for anything. */
void *arena_alloc(struct arena *arena, size_t size);

/* A text as by printf. Never NULL: "" where memory is short. */
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void arena_free(struct arena *arena);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_TEXT_H
#define BRIDGETAP_MONITOR_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "monitor/refusal.h"

/* Texts from clients, which are known to be UTF-8 already. */

/* Whether `text`, called `field`, is an id: 1 to `most` bytes without control characters, spaces
 * or slashes. 0 or -EINVAL with `refusal`. */
int text_check_id(const char *field, const char *text, size_t most, struct refusal *refusal);

/* Whether `text` is at most `most` bytes long and has no control characters. */
int text_check(const char *field, const char *text, size_t most, struct refusal *refusal);

/* Put a copy of `text` in place of `*slot`, which is freed. 0 or -ENOMEM with `*slot` unchanged. */
int text_replace(char **slot, const char *text);

struct text_list {
	unsigned count;
	char **texts;
};

bool text_list_has(const struct text_list *list, const char *text);

/* A list of `count` copies. 0 or -ENOMEM, with an empty list. */
int text_list_copy(struct text_list *list, char *const *texts, size_t count);
void text_list_free(struct text_list *list);

#endif

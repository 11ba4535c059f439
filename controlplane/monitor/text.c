/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

int text_check(const char *field, const char *text, size_t most, struct refusal *refusal)
{
	if (strlen(text) > most)
		return refuse(refusal, -EINVAL, "%s has %zu bytes; %zu is the most", field,
			strlen(text), most);
	if (has_control(text))
		return refuse(refusal, -EINVAL, "%s has a control character in it", field);
	return 0;
}

int text_check_id(const char *field, const char *text, size_t most, struct refusal *refusal)
{
	if (*text == '\0')
		return refuse(refusal, -EINVAL, "%s is missing", field);
	if (strpbrk(text, " /") != NULL)
		return refuse(refusal, -EINVAL, "%s has a space or a slash in it", field);
	return text_check(field, text, most, refusal);
}

int text_replace(char **slot, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return -ENOMEM;
	free(*slot);
	*slot = copy;
	return 0;
}

bool text_list_has(const struct text_list *list, const char *text)
{
	for (unsigned i = 0; i < list->count; i++)
		if (strcmp(list->texts[i], text) == 0)
			return true;
	return false;
}

int text_list_copy(struct text_list *list, char *const *texts, size_t count)
{
	*list = (struct text_list){ 0 };
	if (count == 0)
		return 0;
	list->texts = calloc(count, sizeof(*list->texts));
	if (list->texts == NULL)
		return -ENOMEM;
	for (; list->count < count; list->count++) {
		list->texts[list->count] = strdup(texts[list->count]);
		if (list->texts[list->count] == NULL) {
			text_list_free(list);
			return -ENOMEM;
		}
	}
	return 0;
}

void text_list_free(struct text_list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		free(list->texts[i]);
	free(list->texts);
	*list = (struct text_list){ 0 };
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/grid.h"

/* Lists of many pages. They all have the same fields, which are found by name: page_size and
 * page_token in the request; next_page_token and, as the first field, the items in the response. */

#define PAGE_SIZE 1000

/* False to stop. */
typedef bool each_fn(void *arg, const ProtobufCMessage *item, const ProtobufCMessage *page);

static void *field_of(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);

	if (field == NULL)
		abort();
	return (char *)(uintptr_t)message + field->offset;
}

static bool each_of_page(const ProtobufCMessage *page, each_fn *each, void *arg)
{
	const ProtobufCFieldDescriptor *field = &page->descriptor->fields[0];
	const size_t *count = (const void *)((const char *)page + (size_t)field->quantifier_offset);
	ProtobufCMessage *const *const *items = (const void *)((const char *)page + field->offset);

	for (size_t i = 0; i < *count; i++)
		if (!each(arg, (*items)[i], page))
			return false;
	return true;
}

static int walk(struct ctl *ctl, const char *method, void *request, each_fn *each, void *arg)
{
	char *token = ctl_need(strdup(""));
	bool more = true;

	*(uint32_t *)field_of(request, "page_size") = PAGE_SIZE;
	while (more) {
		ProtobufCMessage *page;

		*(char **)field_of(request, "page_token") = token;
		page = ctl_ask(ctl, method, request);
		free(token);
		if (page == NULL)
			return ctl->code;
		token = ctl_need(strdup(*(char **)field_of(page, "next_page_token")));
		more = each_of_page(page, each, arg) && *token != '\0';
		ctl_free(page);
	}
	free(token);
	return CTL_OK;
}

/* --- printing --- */

struct printing {
	struct ctl *ctl;
	const struct ctl_list *list;
	uint32_t left;
};

static bool print_item(void *arg, const ProtobufCMessage *item, const ProtobufCMessage *page)
{
	struct printing *printing = arg;

	if (printing->ctl->json)
		ctl_print_json(item);
	else
		printing->list->item(printing->list->arg, item, page);
	return printing->left == 0 || --printing->left > 0;
}

int ctl_list(struct ctl *ctl, const struct ctl_list *list)
{
	struct printing printing = { ctl, list, list->limit };

	return walk(ctl, list->method, list->request, print_item, &printing);
}

/* --- tables --- */

struct tabling {
	struct grid grid;
	ctl_row_fn *row;
};

static void add_row(void *arg, const void *item, const void *page)
{
	struct tabling *tabling = arg;

	(void)page;
	tabling->row(&tabling->grid, item);
}

int ctl_table(struct ctl *ctl, const char *method, void *request, const char *const *titles,
	ctl_row_fn *row)
{
	struct tabling tabling = { .row = row };
	const struct ctl_list list = {
		.method = method,
		.request = request,
		.item = add_row,
		.arg = &tabling,
	};
	int code;

	grid_init(&tabling.grid, titles);
	code = ctl_list(ctl, &list);
	if (code == CTL_OK && !ctl->json)
		grid_print(&tabling.grid, true);
	grid_fini(&tabling.grid);
	return code;
}

/* --- one of them --- */

struct finding {
	const char *id;
	void *found;
};

static bool is_found(void *arg, const ProtobufCMessage *item, const ProtobufCMessage *page)
{
	struct finding *finding = arg;

	(void)page;
	if (strcmp(*(char **)field_of(item, "id"), finding->id) != 0)
		return true;
	finding->found = ctl_copy(item);
	return false;
}

int ctl_find(struct ctl *ctl, const char *method, void *request, const char *id, void **found)
{
	struct finding finding = { .id = id };
	int code = walk(ctl, method, request, is_found, &finding);

	*found = finding.found;
	return code;
}

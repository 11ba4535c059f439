/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/calls_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "monitor/decision.h"
#include "service/convert.h"
#include "service/services.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX     1000

struct page {
	const struct call *calls[PAGE_MAX];
	size_t most, count;
	uint32_t total; /* that pass, on all pages */
	uint64_t next;	/* the last serial number of this page, 0 where it is the last */
};

/* Calls are listed in the order they came; the token of a page is the last one's serial number,
 * so that calls that come and go meanwhile move nothing. */
static void read_page(struct call_index *index, const struct call_filter *filter, uint64_t after,
	uint64_t now_ms, struct page *page)
{
	size_t begin = call_index_after(index, after);

	for (size_t i = 0; i < index->count; i++) {
		if (!call_filter_passes(filter, &index->slots[i], now_ms))
			continue;
		page->total++;
		if (i < begin)
			continue;
		if (page->count < page->most)
			page->calls[page->count++] = index->slots[i].call;
		else if (page->next == 0)
			page->next = page->calls[page->count - 1]->serial;
	}
}

static void reply_with(struct grpc_call *grpc, const struct actor *actor, const struct page *page)
{
	Bridgetap__V1__ListCallsResponse response = BRIDGETAP__V1__LIST_CALLS_RESPONSE__INIT;
	Bridgetap__V1__Call *calls[PAGE_MAX];
	struct arena arena = { 0 };

	response.calls = calls;
	response.total = page->total;
	for (size_t i = 0; i < page->count; i++)
		calls[response.n_calls++] =
			encode_call(&arena, page->calls[i], actor->user, REASONS_OF_VIEWER);
	if (page->next != 0)
		response.next_page_token =
			arena_printf(&arena, "%llx", (unsigned long long)page->next);
	if (actor->user != NULL)
		response.viewer_blocked =
			encode_reasons(&arena, decide_for_viewer(actor->organisation, actor->user),
				&response.n_viewer_blocked);
	if (arena.failed)
		service_refuse_memory(grpc);
	else
		grpc_call_reply(grpc, &response.base);
	arena_free(&arena);
}

void list_calls(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__ListCallsRequest *request = (const void *)message;
	const struct services *services = grpc_call_context(grpc);
	struct page page = { .most = request->page_size ? request->page_size : PAGE_DEFAULT };
	struct call_filter filter;
	struct refusal refusal;
	struct actor actor;
	uint64_t after;
	char *end;

	if (!actor_identify(grpc, NEED_VIEWER, &actor))
		return;
	after = strtoull(request->page_token, &end, 16);
	if (*end != '\0') {
		refuse(&refusal, -EINVAL, "page_token is none that this method has given out");
		service_refuse(grpc, &refusal);
		return;
	}
	if (decode_filter(&filter, request->filter, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	if (page.most > PAGE_MAX)
		page.most = PAGE_MAX;
	read_page(&actor.organisation->call_index, &filter, after, services->wall_ms(), &page);
	call_filter_fini(&filter);
	reply_with(grpc, &actor, &page);
}

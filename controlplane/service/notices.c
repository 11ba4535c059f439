/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/notices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "bridgetap/v1/monitor.pb-c.h"
#include "monitor/session.h"
#include "service/audit.h"
#include "service/convert_monitor.h"
#include "service/monitor_methods.h"
#include "service/settle.h"

typedef Bridgetap__V1__WatchNoticesResponse Response;

/* A stream of notices, and all those of one user. */
struct reader {
	struct reader *next, *prev;
	struct mailbox *mailbox;
	struct grpc_call *grpc;
	bool lagged; /* something was left out: it needs the situation next */
};

struct mailbox {
	UT_hash_handle hh; /* by user */
	struct watchers *watchers;
	struct reader *readers;
	unsigned underway; /* parcels */
	bool deserted;	   /* the user has been deleted */
	char user[USER_ID_MAX + 1];
};

static struct mailbox *find_mailbox(const struct watchers *watchers, const char *user)
{
	struct mailbox *mailbox = NULL;

	if (watchers != NULL)
		HASH_FIND_STR(watchers->mailboxes, user, mailbox);
	return mailbox;
}

/* --- sending --- */

static void close_reader(struct reader *reader)
{
	struct mailbox *mailbox = reader->mailbox;

	DL_DELETE(mailbox->readers, reader);
	free(reader);
	if (mailbox->readers != NULL)
		return;
	HASH_DEL(mailbox->watchers->mailboxes, mailbox);
	free(mailbox);
}

static void send_situation(struct reader *reader)
{
	const struct organisation *organisation = reader->mailbox->watchers->organisation;
	Response response = BRIDGETAP__V1__WATCH_NOTICES_RESPONSE__INIT;
	struct arena arena = { 0 };

	response.situation = encode_situation(&arena, organisation, reader->mailbox->user);
	response.lagged = reader->lagged;
	reader->lagged = arena.failed;
	if (!arena.failed)
		grpc_call_send(reader->grpc, &response.base);
	arena_free(&arena);
}

static void deliver(struct mailbox *mailbox, const Response *response)
{
	struct reader *reader;

	DL_FOREACH (mailbox->readers, reader) {
		if (grpc_call_queued(reader->grpc) >= GRPC_QUEUE_LOW)
			reader->lagged = true;
		else if (!reader->lagged)
			grpc_call_send(reader->grpc, &response->base);
	}
}

/* --- ending --- */

static void close_mailbox(struct mailbox *mailbox, const char *sentence)
{
	struct reader *reader, *next;

	DL_FOREACH_SAFE (mailbox->readers, reader, next) {
		struct grpc_call *grpc = reader->grpc;

		close_reader(reader); /* the last one takes the mailbox along */
		service_refuse_link(grpc, -ENOENT, sentence);
	}
}

/* The next user of that id is another person. What is on its way to this one is told first. */
static void close_if_deserted(struct mailbox *mailbox)
{
	if (mailbox->deserted && mailbox->underway == 0)
		close_mailbox(mailbox, "the user has been deleted");
}

void notices_users_gone(struct organisation *organisation)
{
	struct watchers *watchers = organisation->watchers;
	struct mailbox *mailbox, *next;

	if (watchers == NULL)
		return;
	HASH_ITER (hh, watchers->mailboxes, mailbox, next) {
		mailbox->deserted |= user_find(organisation, mailbox->user) == NULL;
		close_if_deserted(mailbox);
	}
}

/* --- waiting for the media plane --- */

/* A notice on its way. Notices about one call keep their order, because the link's waiters do. */
struct parcel {
	struct link_waiter waiter;
	struct services *services;
	bool only_if_done; /* there is nothing to tell where the media plane did not follow */
	char organisation[ORGANISATION_ID_MAX + 1];
	char user[USER_ID_MAX + 1];
	size_t size;
	uint8_t bytes[];
};

static void arrived(struct link_waiter *waiter, int error, const char *sentence)
{
	struct parcel *parcel = (struct parcel *)waiter;
	struct organisation *organisation =
		organisation_find(parcel->services->world, parcel->organisation);
	struct mailbox *mailbox =
		organisation != NULL ? find_mailbox(organisation->watchers, parcel->user) : NULL;
	Response *response = NULL;

	(void)sentence;
	if (mailbox != NULL && (error == 0 || !parcel->only_if_done))
		response = bridgetap__v1__watch_notices_response__unpack(
			NULL, parcel->size, parcel->bytes);
	if (response != NULL)
		deliver(mailbox, response);
	bridgetap__v1__watch_notices_response__free_unpacked(response, NULL);
	if (mailbox != NULL && mailbox->underway > 0) {
		mailbox->underway--;
		close_if_deserted(mailbox);
	}
	free(parcel);
}

static void post(struct mailbox *mailbox, const struct notice *notice, const Response *response)
{
	struct services *services = mailbox->watchers->services;
	size_t size = bridgetap__v1__watch_notices_response__get_packed_size(response);
	struct parcel *parcel = calloc(1, sizeof(*parcel) + size);

	if (parcel == NULL)
		return;
	parcel->waiter.done = arrived;
	parcel->services = services;
	parcel->only_if_done =
		notice->kind == NOTICE_MONITOR_JOINED || notice->kind == NOTICE_MONITOR_SWITCHED;
	parcel->waiter.stays = !parcel->only_if_done;
	strncpy(parcel->organisation, notice->organisation->id, ORGANISATION_ID_MAX);
	strncpy(parcel->user, notice->user, USER_ID_MAX);
	parcel->size = size;
	bridgetap__v1__watch_notices_response__pack(response, parcel->bytes);
	mailbox->underway++;
	link_change(services->link, notice->call->wire_id, &parcel->waiter);
}

/* --- from the domain --- */

static void audit_leave(struct services *services, const struct notice *notice)
{
	static const char *const causes[] = {
		[WHY_NONE] = "",
		[WHY_BY_USER] = "left",
		[WHY_BY_OTHER] = "removed by another",
		[WHY_CALL_OVER] = "the call ended",
		[WHY_RIGHT_LOST] = "the right was lost",
		[WHY_OTHER_CALL] = "another call was accepted",
		[WHY_TRANSFERRED] = "the call was transferred",
		[WHY_ACCEPTED] = "",
		[WHY_MEDIA_FAILED] = "the media plane did not take the leg",
	};

	audit_note(services, &(struct audit_note){
				     .organisation = notice->organisation,
				     .action = "leave",
				     .call = notice->call->id,
				     .subject = notice->session->user,
				     .detail = causes[notice->why],
				     .reasons = notice->reasons,
			     });
}

void notices_notify(void *arg, const struct notice *notice)
{
	struct services *services = arg;
	struct mailbox *mailbox = find_mailbox(notice->organisation->watchers, notice->user);
	Response response = BRIDGETAP__V1__WATCH_NOTICES_RESPONSE__INIT;
	struct arena arena = { 0 };

	if (notice->kind == NOTICE_SESSION_ENDED) {
		audit_leave(services, notice);
		link_change(services->link, notice->call->wire_id, NULL);
		settle_on(services, notice->call->wire_id);
		offers_release(notice->organisation, notice->user);
	}
	if (mailbox == NULL)
		return;
	response.notice = encode_notice(&arena, notice, services->wall_ms());
	if (!arena.failed && notice->call != NULL)
		post(mailbox, notice, &response);
	else if (!arena.failed)
		deliver(mailbox, &response);
	arena_free(&arena);
}

/* --- readers --- */

static void reader_gone(struct grpc_call *grpc, void *state)
{
	(void)grpc;
	close_reader(state);
}

static void reader_writable(struct grpc_call *grpc, void *state)
{
	struct watchers *watchers = ((struct reader *)state)->mailbox->watchers;

	(void)grpc;
	loop_task_queue(watchers->services->loop, &watchers->catch_up);
}

static void catch_up(void *arg)
{
	struct watchers *watchers = arg;
	struct mailbox *mailbox;
	struct reader *reader;

	for (mailbox = watchers->mailboxes; mailbox != NULL; mailbox = mailbox->hh.next)
		DL_FOREACH (mailbox->readers, reader)
			if (reader->lagged && grpc_call_queued(reader->grpc) < GRPC_QUEUE_LOW)
				send_situation(reader);
}

static struct mailbox *add_mailbox(struct watchers *watchers, const char *user)
{
	struct mailbox *mailbox = find_mailbox(watchers, user);

	if (mailbox != NULL)
		return mailbox;
	mailbox = calloc(1, sizeof(*mailbox));
	if (mailbox == NULL)
		return NULL;
	mailbox->watchers = watchers;
	strncpy(mailbox->user, user, USER_ID_MAX);
	HASH_ADD_STR(watchers->mailboxes, user, mailbox);
	if (table_has(mailbox))
		return mailbox;
	free(mailbox);
	return NULL;
}

void watch_notices(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	struct grpc_call_hooks hooks = { .cancelled = reader_gone, .writable = reader_writable };
	struct mailbox *mailbox = NULL;
	struct watchers *watchers;
	struct reader *reader;
	struct actor actor;

	(void)message;
	if (!actor_identify(grpc, NEED_USER, &actor))
		return;
	watchers = watchers_of(grpc_call_context(grpc), actor.organisation);
	reader = calloc(1, sizeof(*reader));
	if (watchers != NULL && reader != NULL)
		mailbox = add_mailbox(watchers, actor.user->entry.id);
	if (mailbox == NULL) {
		free(reader);
		service_refuse_memory(grpc);
		return;
	}
	reader->mailbox = mailbox;
	reader->grpc = grpc;
	DL_APPEND(mailbox->readers, reader);
	hooks.state = reader;
	grpc_call_set_hooks(grpc, &hooks);
	send_situation(reader);
}

void notices_init(struct watchers *watchers)
{
	watchers->catch_up = (struct loop_task){ .run = catch_up, .arg = watchers };
}

void notices_fini(struct watchers *watchers)
{
	loop_task_drop(watchers->services->loop, &watchers->catch_up);
}

void notices_end_all(struct watchers *watchers)
{
	while (watchers->mailboxes != NULL)
		close_mailbox(watchers->mailboxes, "the organisation has been deleted");
}

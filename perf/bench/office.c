/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "bench/office.h"

#include <stdlib.h>

#include "bench/report.h"
#include "bridgetap/v1/access.pb-c.h"
#include "bridgetap/v1/directory.pb-c.h"
#include "proto/unpack.h"

#define USERS_A_MESSAGE 1000u
#define SECONDS		30.0

static void *alloc(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);

	if (memory == NULL)
		report_out_of_memory();
	return memory;
}

static int put_organisation(struct hub *hub, const char *id)
{
	const struct unary_call call = { "/bridgetap.v1.Directory/PutOrganisation", true };
	Bridgetap__V1__PutOrganisationRequest request =
		BRIDGETAP__V1__PUT_ORGANISATION_REQUEST__INIT;
	Bridgetap__V1__Organisation organisation = BRIDGETAP__V1__ORGANISATION__INIT;

	organisation.id = organisation.name = (char *)(uintptr_t)id;
	request.organisation = &organisation;
	return hub_unary(hub, &call, &request.base, &bridgetap__v1__organisation__descriptor, NULL);
}

static int allow_monitoring(struct hub *hub)
{
	const struct unary_call get = { "/bridgetap.v1.Access/GetOrganisationSettings", false };
	const struct unary_call set = { "/bridgetap.v1.Access/SetOrganisationSettings", false };
	Bridgetap__V1__GetOrganisationSettingsRequest question =
		BRIDGETAP__V1__GET_ORGANISATION_SETTINGS_REQUEST__INIT;
	Bridgetap__V1__SetOrganisationSettingsRequest request =
		BRIDGETAP__V1__SET_ORGANISATION_SETTINGS_REQUEST__INIT;
	ProtobufCMessage *settings;
	int ret;

	ret = hub_unary(hub, &get, &question.base,
		&bridgetap__v1__organisation_settings__descriptor, &settings);
	if (ret < 0)
		return ret;
	request.settings = (Bridgetap__V1__OrganisationSettings *)settings;
	request.settings->consent_accepted = true;
	request.settings->supervisors_monitor_by_default = true;
	ret = hub_unary(
		hub, &set, &request.base, &bridgetap__v1__organisation_settings__descriptor, NULL);
	unpacked_free(settings);
	return ret;
}

/* --- people --- */

static struct packed pack_people(const struct office_person *people, unsigned count)
{
	Bridgetap__V1__LoadDirectoryRequest request = BRIDGETAP__V1__LOAD_DIRECTORY_REQUEST__INIT;
	Bridgetap__V1__User users[USERS_A_MESSAGE], *places[USERS_A_MESSAGE];

	for (unsigned i = 0; i < count; i++) {
		Bridgetap__V1__User *user = places[i] = &users[i];

		bridgetap__v1__user__init(user);
		user->id = user->name = (char *)(uintptr_t)people[i].id;
		user->role = people[i].supervisor ? BRIDGETAP__V1__USER_ROLE__USER_ROLE_SUPERVISOR
						  : BRIDGETAP__V1__USER_ROLE__USER_ROLE_AGENT;
	}
	request.users = places;
	request.n_users = count;
	return pack(&request.base);
}

static int load_people(struct hub *hub, const struct office_person *people, unsigned total)
{
	unsigned count = (total + USERS_A_MESSAGE - 1) / USERS_A_MESSAGE;
	struct packed *messages = alloc(count, sizeof(*messages));
	struct rpc rpc = {
		.path = "/bridgetap.v1.Directory/LoadDirectory",
		.messages = messages,
		.message_count = count,
	};
	int ret;

	for (unsigned i = 0; i < count; i++) {
		unsigned first = i * USERS_A_MESSAGE, left = total - first;

		messages[i] = pack_people(
			&people[first], left < USERS_A_MESSAGE ? left : USERS_A_MESSAGE);
	}
	ret = hub_all(hub, &rpc, 1, SECONDS, "LoadDirectory");
	for (unsigned i = 0; i < count; i++)
		free(messages[i].bytes);
	free(messages);
	return ret;
}

static struct packed pack_presence(const struct office_person *person)
{
	Bridgetap__V1__SetPresenceRequest request = BRIDGETAP__V1__SET_PRESENCE_REQUEST__INIT;
	Bridgetap__V1__Presence presence = BRIDGETAP__V1__PRESENCE__INIT;

	presence.user_id = (char *)(uintptr_t)person->id;
	presence.dashboard = presence.desktop = BRIDGETAP__V1__LOGIN__LOGGED_IN;
	presence.state = BRIDGETAP__V1__PRESENCE_STATE__ONLINE;
	request.presence = &presence;
	return pack(&request.base);
}

static int log_in(struct hub *hub, const struct office_person *people, unsigned total)
{
	struct packed *messages = alloc(total, sizeof(*messages));
	struct rpc *rpcs = alloc(total, sizeof(*rpcs));
	unsigned count = 0;
	int ret;

	for (unsigned i = 0; i < total; i++) {
		if (!people[i].supervisor)
			continue;
		messages[count] = pack_presence(&people[i]);
		rpcs[count].path = "/bridgetap.v1.Directory/SetPresence";
		rpcs[count].messages = &messages[count];
		rpcs[count++].message_count = 1;
	}
	ret = hub_all(hub, rpcs, count, SECONDS, "SetPresence");
	for (unsigned i = 0; i < count; i++)
		free(messages[i].bytes);
	free(messages);
	free(rpcs);
	return ret;
}

int office_open(struct hub *hub, const char *organisation, const struct office_person *people,
	unsigned count)
{
	if (put_organisation(hub, organisation) < 0 || allow_monitoring(hub) < 0 ||
		load_people(hub, people, count) < 0)
		return -1;
	return log_in(hub, people, count);
}

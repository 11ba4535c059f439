/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "rtpgen/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report.h"
#include "bridgetap/v1/access.pb-c.h"
#include "bridgetap/v1/directory.pb-c.h"
#include "proto/unpack.h"

#define AGENTS		1000 /* at most; each has many calls then */
#define USERS_A_MESSAGE 1000
#define SECONDS		30.0

void api_call_name(unsigned call, char name[static API_NAME_SIZE])
{
	snprintf(name, API_NAME_SIZE, "rtpgen-%u", call);
}

void api_supervisor_name(unsigned call, char name[static API_NAME_SIZE])
{
	snprintf(name, API_NAME_SIZE, "supervisor-%u", call);
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

struct person {
	Bridgetap__V1__User user;
	char id[API_NAME_SIZE];
};

struct people {
	struct person *people;
	unsigned count;
};

static void add_person(struct people *people, Bridgetap__V1__UserRole role)
{
	struct person *person = &people->people[people->count++];

	bridgetap__v1__user__init(&person->user);
	person->user.id = person->user.name = person->id;
	person->user.role = role;
}

static struct people describe_people(const struct table *table)
{
	unsigned agents = table->call_count < AGENTS ? table->call_count : AGENTS;
	struct people people = { .people =
					 calloc(agents + table->monitors, sizeof(struct person)) };

	if (people.people == NULL)
		report_out_of_memory();
	for (unsigned i = 0; i < agents; i++) {
		snprintf(people.people[i].id, API_NAME_SIZE, "agent-%u", i);
		add_person(&people, BRIDGETAP__V1__USER_ROLE__USER_ROLE_AGENT);
	}
	for (unsigned i = 0; i < table->call_count; i++)
		if (table->calls[i].monitor) {
			api_supervisor_name(i, people.people[people.count].id);
			add_person(&people, BRIDGETAP__V1__USER_ROLE__USER_ROLE_SUPERVISOR);
		}
	return people;
}

static struct packed pack_people(struct person *people, unsigned count)
{
	Bridgetap__V1__LoadDirectoryRequest request = BRIDGETAP__V1__LOAD_DIRECTORY_REQUEST__INIT;
	Bridgetap__V1__User *users[USERS_A_MESSAGE];

	for (unsigned i = 0; i < count; i++)
		users[i] = &people[i].user;
	request.users = users;
	request.n_users = count;
	return pack(&request.base);
}

static int load_people(struct hub *hub, const struct table *table)
{
	struct people people = describe_people(table);
	unsigned count = (people.count + USERS_A_MESSAGE - 1) / USERS_A_MESSAGE;
	struct packed *messages = calloc(count, sizeof(*messages));
	struct rpc rpc = {
		.path = "/bridgetap.v1.Directory/LoadDirectory",
		.messages = messages,
		.message_count = count,
	};
	int ret;

	if (messages == NULL)
		report_out_of_memory();
	for (unsigned i = 0; i < count; i++) {
		unsigned first = i * USERS_A_MESSAGE, left = people.count - first;

		messages[i] = pack_people(
			&people.people[first], left < USERS_A_MESSAGE ? left : USERS_A_MESSAGE);
	}
	ret = hub_all(hub, &rpc, 1, SECONDS, "LoadDirectory");
	for (unsigned i = 0; i < count; i++)
		free(messages[i].bytes);
	free(messages);
	free(people.people);
	return ret;
}

static struct packed pack_presence(unsigned call)
{
	Bridgetap__V1__SetPresenceRequest request = BRIDGETAP__V1__SET_PRESENCE_REQUEST__INIT;
	Bridgetap__V1__Presence presence = BRIDGETAP__V1__PRESENCE__INIT;
	char name[API_NAME_SIZE];

	api_supervisor_name(call, name);
	presence.user_id = name;
	presence.dashboard = presence.desktop = BRIDGETAP__V1__LOGIN__LOGGED_IN;
	presence.state = BRIDGETAP__V1__PRESENCE_STATE__ONLINE;
	request.presence = &presence;
	return pack(&request.base);
}

static int log_in(struct hub *hub, const struct table *table)
{
	struct packed *messages = calloc(table->monitors + 1, sizeof(*messages));
	struct rpc *rpcs = calloc(table->monitors + 1, sizeof(*rpcs));
	unsigned count = 0;
	int ret;

	if (messages == NULL || rpcs == NULL)
		report_out_of_memory();
	for (unsigned i = 0; i < table->call_count; i++) {
		if (!table->calls[i].monitor)
			continue;
		messages[count] = pack_presence(i);
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

int api_set_up(struct hub *hub, const struct table *table)
{
	if (put_organisation(hub, table->options->organisation) < 0 || allow_monitoring(hub) < 0 ||
		load_people(hub, table) < 0)
		return -1;
	return log_in(hub, table);
}

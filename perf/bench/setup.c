/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/population.h"
#include "bench/report.h"
#include "bridgetap/v1/access.pb-c.h"
#include "bridgetap/v1/directory.pb-c.h"
#include "proto/unpack.h"

#define USERS_A_MESSAGE 1000
#define LOAD_SECONDS	30.0
#define LOGIN_SECONDS	15.0

static int put_organisation(struct bench *bench)
{
	const struct unary_call call = { "/bridgetap.v1.Directory/PutOrganisation", true };
	Bridgetap__V1__PutOrganisationRequest request =
		BRIDGETAP__V1__PUT_ORGANISATION_REQUEST__INIT;
	Bridgetap__V1__Organisation organisation = BRIDGETAP__V1__ORGANISATION__INIT;

	organisation.id = (char *)(uintptr_t)BENCH_ORGANISATION;
	organisation.name = (char *)(uintptr_t) "Benchmark";
	request.organisation = &organisation;
	return hub_unary(
		&bench->hub, &call, &request.base, &bridgetap__v1__organisation__descriptor, NULL);
}

/* Consent is accepted, and supervisors may monitor. */
static int allow_monitoring(struct bench *bench)
{
	const struct unary_call get = { "/bridgetap.v1.Access/GetOrganisationSettings", false };
	const struct unary_call set = { "/bridgetap.v1.Access/SetOrganisationSettings", false };
	Bridgetap__V1__GetOrganisationSettingsRequest question =
		BRIDGETAP__V1__GET_ORGANISATION_SETTINGS_REQUEST__INIT;
	Bridgetap__V1__SetOrganisationSettingsRequest request =
		BRIDGETAP__V1__SET_ORGANISATION_SETTINGS_REQUEST__INIT;
	ProtobufCMessage *settings;
	int ret;

	ret = hub_unary(&bench->hub, &get, &question.base,
		&bridgetap__v1__organisation_settings__descriptor, &settings);
	if (ret < 0)
		return ret;
	request.settings = (Bridgetap__V1__OrganisationSettings *)settings;
	request.settings->consent_accepted = true;
	request.settings->supervisors_monitor_by_default = true;
	ret = hub_unary(&bench->hub, &set, &request.base,
		&bridgetap__v1__organisation_settings__descriptor, NULL);
	unpacked_free(settings);
	return ret;
}

/* --- people --- */

struct person {
	Bridgetap__V1__User user;
	char id[NAME_SIZE];
};

/* The agents come first, then the supervisors. */
static void describe_person(const struct bench *bench, struct person *person, unsigned number)
{
	bool agent = number < bench->agents;

	bridgetap__v1__user__init(&person->user);
	if (agent)
		agent_name(bench, number, person->id);
	else
		supervisor_name(number - bench->agents, person->id);
	person->user.id = person->user.name = person->id;
	person->user.role = agent ? BRIDGETAP__V1__USER_ROLE__USER_ROLE_AGENT
				  : BRIDGETAP__V1__USER_ROLE__USER_ROLE_SUPERVISOR;
}

static struct packed pack_people(const struct bench *bench, unsigned first, unsigned count)
{
	Bridgetap__V1__LoadDirectoryRequest request = BRIDGETAP__V1__LOAD_DIRECTORY_REQUEST__INIT;
	struct person *people = bench_alloc(count, sizeof(*people));
	struct packed packed;

	request.users = bench_alloc(count, sizeof(struct person *));
	request.n_users = count;
	for (unsigned i = 0; i < count; i++) {
		describe_person(bench, &people[i], first + i);
		request.users[i] = &people[i].user;
	}
	packed = pack(&request.base);
	free(request.users);
	free(people);
	return packed;
}

static int load_people(struct bench *bench)
{
	unsigned total = bench->agents + bench->supervisors;
	unsigned count = (total + USERS_A_MESSAGE - 1) / USERS_A_MESSAGE;
	struct packed *messages = bench_alloc(count, sizeof(*messages));
	struct rpc rpc = {
		.path = "/bridgetap.v1.Directory/LoadDirectory",
		.messages = messages,
		.message_count = count,
	};
	int ret;

	for (unsigned i = 0; i < count; i++) {
		unsigned first = i * USERS_A_MESSAGE, left = total - first;

		messages[i] =
			pack_people(bench, first, left < USERS_A_MESSAGE ? left : USERS_A_MESSAGE);
	}
	ret = hub_all(&bench->hub, &rpc, 1, LOAD_SECONDS, "LoadDirectory");
	for (unsigned i = 0; i < count; i++)
		free(messages[i].bytes);
	free(messages);
	return ret;
}

static struct packed pack_presence(unsigned supervisor)
{
	Bridgetap__V1__SetPresenceRequest request = BRIDGETAP__V1__SET_PRESENCE_REQUEST__INIT;
	Bridgetap__V1__Presence presence = BRIDGETAP__V1__PRESENCE__INIT;
	char name[NAME_SIZE];

	supervisor_name(supervisor, name);
	presence.user_id = name;
	presence.dashboard = presence.desktop = BRIDGETAP__V1__LOGIN__LOGGED_IN;
	presence.state = BRIDGETAP__V1__PRESENCE_STATE__ONLINE;
	request.presence = &presence;
	return pack(&request.base);
}

static int log_in(struct bench *bench)
{
	unsigned count = bench->supervisors;
	struct packed *messages = bench_alloc(count, sizeof(*messages));
	struct rpc *rpcs = bench_alloc(count, sizeof(*rpcs));
	int ret;

	for (unsigned i = 0; i < count; i++) {
		messages[i] = pack_presence(i);
		rpcs[i].path = "/bridgetap.v1.Directory/SetPresence";
		rpcs[i].messages = &messages[i];
		rpcs[i].message_count = 1;
	}
	ret = hub_all(&bench->hub, rpcs, count, LOGIN_SECONDS, "SetPresence");
	for (unsigned i = 0; i < count; i++)
		free(messages[i].bytes);
	free(messages);
	free(rpcs);
	return ret;
}

int bench_setup(struct bench *bench)
{
	if (put_organisation(bench) < 0 || allow_monitoring(bench) < 0)
		return -1;
	report_progress("an organisation with %u agents and %u supervisors", bench->agents,
		bench->supervisors);
	if (load_people(bench) < 0)
		return -1;
	return log_in(bench);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "bench/population.h"

#include <stdio.h>
#include <stdlib.h>

#define AGENT_ADDRESS	 "192.0.2.10"
#define CUSTOMER_ADDRESS "192.0.2.20"
#define FIRST_PORT	 1024
#define PORTS		 30000

/* --- names --- */

static void name_of(const char *kind, unsigned number, char name[static NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%s-%u", kind, number);
}

void agent_name(const struct bench *bench, unsigned call, char name[static NAME_SIZE])
{
	name_of("agent", call % bench->agents, name);
}

void supervisor_name(unsigned number, char name[static NAME_SIZE])
{
	name_of("supervisor", number, name);
}

void call_name(unsigned call, char name[static NAME_SIZE])
{
	name_of("call", call, name);
}

void group_name(unsigned group, char name[static NAME_SIZE])
{
	name_of("group", group, name);
}

void tag_name(unsigned tag, char name[static NAME_SIZE])
{
	name_of("tag", tag, name);
}

void realm_name(const struct bench *bench, unsigned number, char name[static NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "access%u", number % bench->realms + 1);
}

/* --- calls --- */

unsigned call_with(unsigned group, unsigned tag)
{
	return tag * POPULATION_GROUPS + group;
}

unsigned calls_with(const struct bench *bench, unsigned group, unsigned tag)
{
	unsigned first = call_with(group, tag);

	return bench->calls > first ? (bench->calls - first - 1) / POPULATION_CYCLE + 1 : 0;
}

/* A call's message, and all that it points to. */
struct described {
	Bridgetap__V1__CallDescription call;
	Bridgetap__V1__MediaDescription agent, customer;
	Bridgetap__V1__MediaAddress agent_remote, customer_remote;
	char id[NAME_SIZE], user[NAME_SIZE], contact[NAME_SIZE], realm[NAME_SIZE];
	char group[NAME_SIZE], tag[NAME_SIZE];
	char *groups[1], *tags[1];
};

static void describe_media(struct described *d, Bridgetap__V1__MediaDescription *media,
	Bridgetap__V1__MediaAddress *remote, const char *address, unsigned port)
{
	bridgetap__v1__media_description__init(media);
	bridgetap__v1__media_address__init(remote);
	remote->address = (char *)(uintptr_t)address;
	remote->port = port;
	media->remote = remote;
	media->realm = d->realm;
	media->codec = BRIDGETAP__V1__CODEC__CODEC_PCMU;
}

static void describe(const struct bench *bench, struct described *d, unsigned number)
{
	unsigned port = FIRST_PORT + 2 * (number % PORTS);

	call_name(number, d->id);
	agent_name(bench, number, d->user);
	realm_name(bench, number, d->realm);
	group_name(number % POPULATION_GROUPS, d->group);
	tag_name(number / POPULATION_GROUPS % POPULATION_TAGS, d->tag);
	snprintf(d->contact, sizeof(d->contact), "+1555%07u", number);
	d->groups[0] = d->group;
	d->tags[0] = d->tag;
	describe_media(d, &d->agent, &d->agent_remote, AGENT_ADDRESS, port);
	describe_media(d, &d->customer, &d->customer_remote, CUSTOMER_ADDRESS, port);
	bridgetap__v1__call_description__init(&d->call);
	d->call.id = d->id;
	d->call.agent = &d->agent;
	d->call.customer = &d->customer;
	d->call.agent_user = d->user;
	d->call.contact_number = d->contact;
	d->call.direction = number / POPULATION_CYCLE % 2
				    ? BRIDGETAP__V1__DIRECTION__DIRECTION_OUTBOUND
				    : BRIDGETAP__V1__DIRECTION__DIRECTION_INBOUND;
	d->call.groups = d->groups;
	d->call.tags = d->tags;
	d->call.n_groups = d->call.n_tags = 1;
}

struct packed population_pack(const struct bench *bench, unsigned first, unsigned count)
{
	Bridgetap__V1__LoadCallTableRequest request = BRIDGETAP__V1__LOAD_CALL_TABLE_REQUEST__INIT;
	struct described *described = bench_alloc(count, sizeof(*described));
	struct packed packed;

	request.calls = bench_alloc(count, sizeof(struct described *));
	request.n_calls = count;
	for (unsigned i = 0; i < count; i++) {
		describe(bench, &described[i], first + i);
		request.calls[i] = &described[i].call;
	}
	packed = pack(&request.base);
	free(request.calls);
	free(described);
	return packed;
}

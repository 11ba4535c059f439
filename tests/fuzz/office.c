/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "office.h"

#include <utlist.h>

#include "dataplane_link/wire.h"
#include "grpc/session.h"
#include "monitor/call.h"
#include "monitor/session.h"
#include "proto/unpack.h"
#include "unit/check.h"
#include "unit/people.h"

#define ROUNDS_MAX 10000

struct world office_world;

static struct peers peers;
static struct services services;
static struct grpc_server server;
static struct grpc_session *client;
static bool connection_over;
static uint32_t randomness;

/* --- time, chance and people --- */

static uint64_t wall_ms(void)
{
	return 1700000000000 + loop_now_ms(services.loop);
}

static uint64_t now_ms(void *arg)
{
	(void)arg;
	return loop_now_ms(services.loop);
}

static uint32_t count_up(void *arg)
{
	(void)arg;
	return ++randomness;
}

static void wake(void *arg, void *session_arg)
{
	(void)arg;
	(void)session_arg; /* office_step() asks for what there is to send */
}

static struct user *hire(struct organisation *organisation, const char *id, enum user_role role)
{
	struct user *user = people_put_user(organisation, id, role, true);

	people_log_in(organisation, user);
	return user;
}

static void people_come(void)
{
	struct organisation *acme, *bell;
	struct refusal refusal;

	REQUIRE(organisation_put(&office_world, "acme", "Acme", &acme, &refusal) == 0);
	REQUIRE(organisation_put(&office_world, "bell", "Bell", &bell, &refusal) == 0);
	people_open(acme);
	hire(acme, "ann", USER_ROLE_AGENT);
	hire(acme, "bob", USER_ROLE_AGENT);
	hire(acme, "sue", USER_ROLE_SUPERVISOR);
	hire(acme, "adam", USER_ROLE_ADMIN);
	hire(bell, "zoe", USER_ROLE_SUPERVISOR);
	people_put_extension(acme, "100", "ann");
}

static void call_comes(void)
{
	const struct address far = { .bytes = { 192, 0, 2, 10 }, .length = 4, .port = 4000 };
	const struct address recorder = { .bytes = { 198, 51, 100, 2 }, .length = 4, .port = 7000 };
	const struct call_description description = {
		.id = "c1",
		.agent = { .remote = far },
		.customer = { .learn = true },
		.agent_user = "ann",
		.contact_number = "+49",
		.record = true,
		.recording = { .mix = recorder },
	};
	struct refusal refusal;
	struct call *call;

	REQUIRE(call_create(organisation_find(&office_world, "acme"), &description, 1, &call,
			&refusal) == 0);
	link_change(services.link, call->wire_id, NULL);
}

/* --- life --- */

/* What is the same for all offices, and of all targets that have one. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct peer_rule rules[] = {
		{ .level = PEER_OPERATOR, .id = 0 },
		{ .level = PEER_ORGANISATION, .id = 1 },
		{ .level = PEER_USER, .id = 2 },
	};

	(void)argc;
	(void)argv;
	/* What the people require is required here, too. */
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	memcpy(peers.rules, rules, sizeof(rules));
	peers.count = COUNT_OF(rules);
	return 0;
}

void office_open(bool dataplane)
{
	static bool checked;
	const char *missing;

	randomness = 0;
	world_init(&office_world, count_up, NULL);
	services = (struct services){
		.loop = office_loop_create(),
		.world = &office_world,
		.store = office_store_open(),
		.peers = &peers,
		.wall_ms = wall_ms,
		.dead_calls.after_s = 5,
	};
	services.link = link_create(services.loop, &office_world, "");
	services_init(&services);
	server = (struct grpc_server){ .now_ms = now_ms, .wake = wake };
	server.services = services_list(&services, &server.service_count);
	checked = checked || grpc_server_check(&server, &missing);
	REQUIRE(checked);
	people_come();
	office_dataplane_start(dataplane);
	office_step(0);
	if (dataplane)
		call_comes();
	office_step(0);
}

static void end_calls(void)
{
	struct organisation *organisation;
	struct call *call, *next;

	for (organisation = office_world.organisations; organisation != NULL;
		organisation = organisation->hh.next) {
		HASH_ITER (hh, organisation->calls, call, next)
			call_end(call);
		REQUIRE(organisation->sessions == NULL && organisation->invitations == NULL);
	}
	REQUIRE(office_world.calls_by_wire_id == NULL);
}

void office_close(void)
{
	office_disconnect();
	office_dataplane_will(OFFICE_APPLIES);
	office_disk_is_full(false);
	office_step(10000);
	end_calls();
	office_step(10000);
	for (unsigned i = 0; i < office_world.realm_count; i++)
		REQUIRE(office_world.realms[i].ports.free == office_world.realms[i].ports.count);
	link_destroy(services.link);
	services_fini(&services);
	world_fini(&office_world);
	office_store_close(services.store);
	office_loop_destroy(services.loop);
}

static void send_to_client(void)
{
	uint8_t buffer[16384];
	ssize_t length;

	if (client == NULL)
		return;
	if (grpc_session_deadline(client) <= loop_now_ms(services.loop))
		grpc_session_expire(client);
	while ((length = grpc_session_send(client, buffer, sizeof(buffer))) > 0) {
	}
	connection_over |= length < 0 || grpc_session_is_over(client);
}

void office_step(uint64_t ms)
{
	unsigned rounds = 0;

	office_loop_advance(services.loop, ms);
	send_to_client();
	while (office_loop_round(services.loop) || office_dataplane_answer()) {
		/* Nothing goes round for ever by itself. */
		REQUIRE(rounds++ < ROUNDS_MAX);
		send_to_client();
	}
	if (rounds > 0)
		office_check();
}

/* --- what must hold --- */

static void check_wire(const struct call *call)
{
	char error[UNPACK_ERROR_SIZE];
	size_t size;
	uint8_t *bytes = wire_pack_put(call, &size);
	Bridgetap__Dataplane__V1__Operation *operation;

	REQUIRE(bytes != NULL);
	operation = (Bridgetap__Dataplane__V1__Operation *)unpack(
		&bridgetap__dataplane__v1__operation__descriptor, bytes, size, 1 << 20, error);
	REQUIRE(operation != NULL);
	REQUIRE(operation->operation_case ==
		BRIDGETAP__DATAPLANE__V1__OPERATION__OPERATION_PUT_CALL);
	REQUIRE(wire_equals(call, operation->put_call));
	unpacked_free(&operation->base);
	free(bytes);
}

static void check_call(const struct call *call)
{
	const struct session *session;
	unsigned count = 0;

	DL_FOREACH (call->sessions, session) {
		count++;
		REQUIRE(session->call == call && session->leg.local_port != 0);
		REQUIRE(session->mode >= MODE_LISTEN && session->mode <= MODE_BARGE);
		REQUIRE(user_find(call->organisation, session->user) != NULL);
		REQUIRE(session_of_user(call->organisation, session->user) == session);
	}
	REQUIRE(count == call->session_count);
	REQUIRE(count == 0 || count + 2 <= OFFICE_SEATS);
	REQUIRE(count == 0 || !call->organisation->monitoring_off);
	check_wire(call);
}

void office_check(void)
{
	const struct organisation *organisation;
	const struct call *call;

	for (organisation = office_world.organisations; organisation != NULL;
		organisation = organisation->hh.next)
		for (call = organisation->calls; call != NULL; call = call->hh.next) {
			REQUIRE(call->organisation == organisation);
			check_call(call);
		}
}

/* --- the client --- */

const struct grpc_service *office_services(unsigned *count)
{
	*count = server.service_count;
	return server.services;
}

void office_connect(uint32_t uid)
{
	const struct grpc_peer peer = { .uid = uid, .gid = uid };

	office_disconnect();
	connection_over = false;
	client = grpc_session_create(&server, &peer, NULL);
	REQUIRE(client != NULL);
}

void office_disconnect(void)
{
	if (client != NULL)
		grpc_session_destroy(client);
	client = NULL;
}

bool office_receive(const uint8_t *bytes, size_t size)
{
	uint8_t *copy;

	if (client == NULL || connection_over)
		return false;
	copy = copy_of(bytes, size);
	connection_over = grpc_session_receive(client, copy, size) < 0;
	free(copy);
	office_step(0);
	return !connection_over;
}

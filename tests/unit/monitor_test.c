/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane_link/wire.h"
#include "failing_alloc.h"
#include "monitor/call.h"
#include "monitor/decision.h"
#include "monitor/hand.h"
#include "monitor/recording.h"
#include "monitor/session.h"
#include "monitor/text.h"
#include "people.h"
#include "proto/unpack.h"

static struct world world;
static struct organisation *acme;
static struct user *ann, *sue, *sam, *adam;
static struct refusal refusal;
static uint32_t randomness;

static uint32_t count_up(void *arg)
{
	(void)arg;
	return ++randomness * 2654435761u;
}

static struct address address(const char *text, uint16_t port)
{
	struct address a = { .length = 4, .port = port };

	assert_int_equal(inet_pton(AF_INET, text, a.bytes), 1);
	return a;
}

static void set_realms(struct world *w)
{
	const struct realm_description realms[] = {
		{ "access", address("192.0.2.1", 0), 20000, 20019, false },
		{ "recording", address("198.51.100.1", 0), 30000, 30019, true },
	};

	assert_int_equal(world_set_realms(w, realms, 2), 0);
}

static struct user *put_user(const char *id, enum user_role role)
{
	struct user *user = people_put_user(acme, id, role, false);

	people_log_in(acme, user);
	return user;
}

static int start(void **state)
{
	(void)state;
	world_init(&world, count_up, NULL);
	set_realms(&world);
	assert_int_equal(organisation_put(&world, "acme", "Acme", &acme, &refusal), 0);
	people_open(acme);
	ann = put_user("ann", USER_ROLE_AGENT);
	sue = put_user("sue", USER_ROLE_SUPERVISOR);
	sam = put_user("sam", USER_ROLE_SUPERVISOR);
	adam = put_user("adam", USER_ROLE_ADMIN);
	return 0;
}

static unsigned free_ports(void)
{
	return world.realms[0].ports.free + world.realms[1].ports.free;
}

static int stop(void **state)
{
	struct call *call, *next;

	(void)state;
	HASH_ITER (hh, acme->calls, call, next)
		call_end(call);
	assert_int_equal(free_ports(), 20); /* no port has been lost */
	assert_null(acme->sessions);
	world_fini(&world);
	return 0;
}

static struct media media(uint16_t port)
{
	return (struct media){ .remote = address("192.0.2.10", port) };
}

static struct call_description description(const char *id)
{
	return (struct call_description){
		.id = id,
		.agent = media(4000),
		.customer = media(5000),
		.agent_user = "ann",
		.contact_number = "+49",
		.record = true,
		.recording = {
			.agent = address("198.51.100.2", 7000),
			.customer = address("198.51.100.2", 7002),
		},
	};
}

static struct call *new_call(const char *id)
{
	struct call_description d = description(id);
	struct call *call;

	assert_int_equal(call_create(acme, &d, 1000, &call, &refusal), 0);
	return call;
}

/* --- calls --- */

static void a_call_has_ports_and_ssrcs_of_its_own(void **state)
{
	struct call *a = new_call("a"), *b = new_call("b");

	(void)state;
	assert_ptr_equal(call_find(acme, "a"), a);
	assert_ptr_equal(call_find_by_wire_id(&world, b->wire_id), b);
	assert_int_not_equal(a->agent.local_port, a->customer.local_port);
	assert_int_not_equal(a->agent.local_port, b->agent.local_port);
	assert_int_not_equal(a->agent.ssrc, a->customer.ssrc);
	assert_int_equal(a->recording.leg_count, 2);
	assert_string_equal(a->recording.legs[0].realm->name, "recording");
	assert_int_equal(free_ports(), 20 - 8);
	call_end(a);
	assert_null(call_find(acme, "a"));
	assert_int_equal(free_ports(), 20 - 4);
}

/* Ten even ports from 20000 on, and from 30000 on, one by one at worker 0 and at worker 1. */
static unsigned worker_of(const struct leg *leg)
{
	return leg->local_port / 2 % 2;
}

static void all_legs_of_a_call_arrive_at_one_worker(void **state)
{
	const uint8_t workers[2] = { 0, 1 };
	struct media phone = media(6000), other = media(4010);
	struct port_classes classes;
	struct call *a, *b;
	struct session *session;

	(void)state;
	assert_int_equal(port_classes_init(&classes, workers, sizeof(workers)), 0);
	world_set_port_classes(&world, &classes);
	a = new_call("a");
	b = new_call("b");
	assert_int_not_equal(worker_of(&a->agent), worker_of(&b->agent));
	assert_int_equal(session_join(b, sue, MODE_BARGE, &phone, 0, &session, &refusal), 0);
	assert_int_equal(worker_of(&session->leg), worker_of(&b->agent));
	assert_int_equal(call_transfer(b, "bob", &other, &refusal), 0);
	for (unsigned i = 0; i < 2; i++) {
		struct call *call = i ? b : a;

		assert_int_equal(worker_of(&call->customer), worker_of(&call->agent));
		for (unsigned leg = 0; leg < 2; leg++)
			assert_int_equal(
				worker_of(&call->recording.legs[leg]), worker_of(&call->agent));
	}
	/* With workers of other numbers they keep what they have. */
	port_classes_init(&classes, NULL, 0);
	world_set_port_classes(&world, &classes);
	assert_int_equal(free_ports(), 20 - 9);
}

static void set_access(const char *name, uint16_t first, uint16_t last)
{
	const struct realm_description realms[] = {
		{ name, address("192.0.2.1", 0), first, last, false },
		{ "recording", address("198.51.100.1", 0), 30000, 30019, true },
	};

	assert_int_equal(world_set_realms(&world, realms, 2), 0);
}

/* Every media leg there is has a port of its own. */
static void assert_no_port_is_shared(void)
{
	const struct call *call;
	const struct session *session;
	bool taken[20] = { false };

	for (call = acme->calls; call != NULL; call = call->hh.next) {
		const struct leg *legs[3] = { &call->agent, &call->customer, NULL };

		session = call->sessions;
		legs[2] = session != NULL ? &session->leg : NULL;
		for (unsigned i = 0; i < 3 && legs[i] != NULL; i++) {
			unsigned slot = (legs[i]->local_port - 20000u) / 2;

			assert_false(taken[slot]);
			taken[slot] = true;
		}
	}
}

/* The data plane comes back with another range of ports. */
static void live_calls_keep_their_ports_whatever_the_range(void **state)
{
	struct call *call = new_call("a");
	struct media phone = media(6000);
	struct session *session;

	(void)state;
	assert_int_equal(session_join(call, sue, MODE_LISTEN, &phone, 0, &session, &refusal), 0);
	set_access("access", 20000, 20039);
	assert_int_equal(world.realms[0].ports.free, 20 - 3);
	assert_int_equal(world.realms[1].ports.free, 10 - 2);
	new_call("b");
	new_call("c");
	assert_no_port_is_shared();
	/* What is outside of the range is given back to nobody. */
	set_access("access", 20038, 20039);
	assert_int_equal(world.realms[0].ports.free, 1);
	call_end(call_find(acme, "a"));
	assert_int_equal(world.realms[0].ports.free, 1);
	set_realms(&world);
	assert_int_equal(world.realms[0].ports.free, 10 - 4);
}

static void a_realm_that_is_gone_gives_out_no_ports(void **state)
{
	struct call_description d = description("b");
	struct call *old = new_call("a"), *call;

	(void)state;
	set_access("outside", 20000, 20019);
	assert_int_equal(call_create(acme, &d, 0, &call, &refusal), 0);
	assert_string_equal(call->agent.realm->name, "outside");
	assert_string_equal(old->agent.realm->name, "access");
	d.id = "c";
	snprintf(d.agent.realm, sizeof(d.agent.realm), "access");
	assert_int_equal(call_create(acme, &d, 0, &call, &refusal), -EINVAL);
	call_end(call_find(acme, "b"));
	call_end(old);
	assert_int_equal(world.realms[2].ports.free, 10);
	/* It comes back. */
	set_realms(&world);
	assert_int_equal(call_create(acme, &d, 0, &call, &refusal), 0);
	assert_string_equal(call->agent.realm->name, "access");
}

static void ids_are_unique_and_chosen_where_none_is_given(void **state)
{
	struct call_description d = description("a");
	struct call *call;

	(void)state;
	new_call("a");
	assert_int_equal(call_create(acme, &d, 0, &call, &refusal), -EEXIST);
	d.id = "";
	assert_int_equal(call_create(acme, &d, 0, &call, &refusal), 0);
	assert_true(strlen(call->id) >= 16);
}

static void the_time_to_learn_has_bounds_and_needs_learning(void **state)
{
	static const struct {
		bool learn;
		uint32_t learn_ms;
		int expected;
	} cases[] = {
		{ true, 0, 0 },
		{ true, 999, -EINVAL },
		{ true, 1000, 0 },
		{ true, 86400000, 0 },
		{ true, 86400001, -EINVAL },
		{ false, 0, 0 },
		{ false, 1000, -EINVAL },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct call_description d = description("a");

		d.agent.learn = cases[i].learn;
		d.agent.learn_ms = cases[i].learn_ms;
		assert_int_equal(call_check(acme, &d, &refusal), cases[i].expected);
	}
}

static void an_update_changes_the_time_to_learn(void **state)
{
	struct call_description d = description("a");
	struct call *call = new_call("a");

	(void)state;
	d.customer.learn = true;
	d.customer.learn_ms = 7000;
	assert_int_equal(call_update(call, &d, &refusal), 0);
	assert_int_equal(call->customer.media.learn_ms, 7000);
}

static void when_ports_run_out_nothing_is_half_made(void **state)
{
	struct call_description d = description("full");
	struct call *call;
	unsigned made = 0;
	char id[8];

	(void)state;
	for (; made < 10; made++) {
		struct call_description next = description(id);

		snprintf(id, sizeof(id), "c%u", made);
		if (call_create(acme, &next, 0, &call, &refusal) < 0)
			break;
	}
	assert_int_equal(made, 5); /* ten ports in each realm, two legs in each */
	assert_int_equal(refusal.error, -ENOSPC);
	assert_int_equal(free_ports(), 0);
	call_end(call_find(acme, "c2"));
	assert_int_equal(call_create(acme, &d, 0, &call, &refusal), 0);
}

static void recording_goes_through_its_states_and_no_others(void **state)
{
	struct call *call = new_call("a");
	struct recording_target target = call->recording.target;

	(void)state;
	assert_int_equal(recording_start(call, &target, &refusal), -EEXIST);
	assert_int_equal(recording_resume(call, &refusal), -EBADSLT);
	assert_int_equal(recording_pause(call, &refusal), 0);
	assert_int_equal(recording_pause(call, &refusal), -EBADSLT);
	assert_int_equal(recording_resume(call, &refusal), 0);
	assert_int_equal(recording_stop(call, &refusal), 0);
	assert_int_equal(recording_stop(call, &refusal), -EBADSLT);
	assert_int_equal(call->recording.leg_count, 0);
	target.customer.length = 0;
	assert_int_equal(recording_start(call, &target, &refusal), -EINVAL);
	target.agent.length = 0;
	target.mix = address("198.51.100.2", 7004);
	assert_int_equal(recording_start(call, &target, &refusal), 0);
	assert_int_equal(call->recording.leg_count, 1);
}

static void an_update_keeps_ports_ssrcs_and_monitors(void **state)
{
	struct call *call = new_call("a");
	struct call_description d = description("a");
	struct media phone = media(6000);
	struct leg before = call->agent;
	struct session *session;

	(void)state;
	assert_int_equal(session_join(call, sue, MODE_LISTEN, &phone, 0, &session, &refusal), 0);
	d.agent = media(4444);
	d.contact_number = "+1";
	assert_int_equal(call_update(call, &d, &refusal), 0);
	assert_int_equal(call->agent.media.remote.port, 4444);
	assert_int_equal(call->agent.local_port, before.local_port);
	assert_int_equal(call->agent.ssrc, before.ssrc);
	assert_string_equal(call->contact_number, "+1");
	assert_ptr_equal(call->sessions, session);
}

/* Changes of one call that are under way at the same time, decided in the order they were made. */
static void what_is_refused_is_taken_back_to_what_was_followed_last(void **state)
{
	static const struct {
		bool followed[2];
		const char *agent;
		uint16_t port;
	} cases[] = {
		{ { false, false }, "ann", 4000 },
		{ { false, true }, "sam", 4002 },
		{ { true, false }, "bob", 4001 },
		{ { true, true }, "sam", 4002 },
	};
	static const char *const agents[] = { "bob", "sam" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct call *call = new_call("a");
		struct call_memento *made[2];

		for (unsigned n = 0; n < 2; n++) {
			struct media there = media((uint16_t)(4001 + n));

			assert_int_equal(call_change_begin(call), 0);
			assert_int_equal(call_transfer(call, agents[n], &there, &refusal), 0);
			made[n] = call_remember(call);
		}
		for (unsigned n = 0; n < 2; n++) {
			call_change_end(call, cases[i].followed[n] ? made[n] : NULL);
			if (!cases[i].followed[n])
				call_memento_free(made[n]);
		}
		assert_string_equal(call->agent_user, cases[i].agent);
		assert_int_equal(call->agent.media.remote.port, cases[i].port);
		assert_null(call->in_force);
		call_end(call);
	}
}

static void a_refused_change_takes_back_nothing_of_others(void **state)
{
	struct call *call = new_call("a");
	struct media there = media(4001), phone = media(6000);
	struct session *session;

	(void)state;
	call->agent.media.learn = true;
	assert_int_equal(call_change_begin(call), 0);
	assert_int_equal(call_transfer(call, "bob", &there, &refusal), 0);
	assert_int_equal(session_join(call, sue, MODE_LISTEN, &phone, 0, &session, &refusal), 0);
	assert_int_equal(recording_pause(call, &refusal), 0);
	call->customer.silence = SILENCE_FELL;
	call_change_end(call, NULL);
	assert_string_equal(call->agent_user, "ann");
	assert_ptr_equal(call->sessions, session);
	assert_int_equal(call->recording.state, RECORDING_PAUSED);
	assert_int_equal(call->customer.silence, SILENCE_FELL);
	/* What the data plane has learned, it has learned. */
	assert_int_equal(call_change_begin(call), 0);
	call->agent.media.learned = true;
	call->agent.media.remote.port = 4444;
	call_change_end(call, NULL);
	assert_int_equal(call->agent.media.remote.port, 4444);
	/* A call may end meanwhile. */
	assert_int_equal(call_change_begin(call), 0);
}

static void what_one_agent_has_taught_is_not_the_nexts(void **state)
{
	struct call *call = new_call("a");
	struct media there = { .learn = true, .codec = CODEC_PCMU };
	struct call_description d = description("a");

	(void)state;
	call->agent.media.learn = true;
	call->agent.media.learned = true;
	/* The same agent again, or another one at the same place. */
	assert_int_equal(call_transfer(call, "ann", &there, &refusal), 0);
	assert_int_equal(call_transfer(call, "bob", NULL, &refusal), 0);
	assert_true(call->agent.media.learned);
	assert_int_equal(call->agent.media.remote.port, 4000);
	assert_int_equal(call->agent.media.far_end, 0);
	assert_int_equal(call_transfer(call, "ann", &there, &refusal), 0);
	assert_false(call->agent.media.learned);
	assert_int_equal(call->agent.media.remote.length, 0);
	assert_int_equal(call->agent.media.far_end, 1);

	call->agent.media.learned = true;
	call->agent.media.remote = address("192.0.2.77", 4444);
	d.agent.learn = true;
	d.agent_user = "bob";
	assert_int_equal(call_update(call, &d, &refusal), 0);
	assert_false(call->agent.media.learned);
	assert_int_equal(call->agent.media.remote.port, 4000);
	assert_int_equal(call->agent.media.far_end, 2);
	assert_int_equal(call->customer.media.far_end, 0);
}

static void a_refused_start_of_the_recording_gives_its_ports_back(void **state)
{
	struct call *call = new_call("a");
	struct recording_target target = call->recording.target;

	(void)state;
	assert_int_equal(recording_stop(call, &refusal), 0);
	assert_int_equal(call_change_begin(call), 0);
	assert_int_equal(recording_start(call, &target, &refusal), 0);
	call_change_end(call, NULL);
	assert_int_equal(call->recording.state, RECORDING_OFF);
	assert_int_equal(call->recording.leg_count, 0);
}

static void addresses_and_payload_types_that_cannot_be_are_refused(void **state)
{
	struct call_description d = description("a");

	(void)state;
	assert_int_equal(call_check(acme, &d, &refusal), 0);
	d.agent.remote = address("192.0.2.1", 4000);
	assert_int_equal(call_check(acme, &d, &refusal), -EINVAL);
	d.agent.remote = address("239.1.2.3", 4000);
	assert_int_equal(call_check(acme, &d, &refusal), -EINVAL);
	d.agent = media(4000);
	d.agent.payload_type = 13;
	assert_int_equal(call_check(acme, &d, &refusal), 0);
	d.agent.comfort_noise = true;
	assert_int_equal(call_check(acme, &d, &refusal), -EINVAL);
	d.agent = media(4000);
	d.agent.codec = CODEC_G722;
	d.agent.telephone_event = 9;
	assert_int_equal(call_check(acme, &d, &refusal), -EINVAL);
	d.agent.payload_type = 96;
	assert_int_equal(call_check(acme, &d, &refusal), 0);
}

/* --- monitoring --- */

static void who_may_join_is_decided_by_role_seat_and_session(void **state)
{
	struct call *a = new_call("a"), *b = new_call("b");
	struct media phone = media(6000);
	struct session *session;

	(void)state;
	assert_int_equal(decide(DEED_JOIN, ann, a), 1u << REASON_NOT_PERMITTED);
	assert_int_equal(decide(DEED_JOIN, sue, a), 0);
	assert_int_equal(decide(DEED_JOIN, adam, a), 0);
	assert_int_equal(session_join(a, sue, MODE_BARGE, &phone, 0, &session, &refusal), 0);
	assert_int_equal(decide(DEED_JOIN, sam, a), 1u << REASON_CALL_FULL);
	assert_int_equal(decide(DEED_JOIN, sam, b), 0);
	assert_int_equal(decide(DEED_JOIN, sue, b), 1u << REASON_ALREADY_MONITORING);
	assert_int_equal(
		decide(DEED_JOIN, ann, a), 1u << REASON_NOT_PERMITTED | 1u << REASON_CALL_FULL);
	world.seats_max = 4;
	assert_int_equal(decide(DEED_JOIN, sam, a), 0);
	session_end(session, WHY_BY_USER, 0);
	assert_int_equal(decide(DEED_JOIN, sue, b), 0);
}

static void a_mode_is_one_of_three(void **state)
{
	struct call *call = new_call("a");
	struct media phone = media(6000);
	struct session *session;

	(void)state;
	for (int mode = -1; mode < 6; mode++) {
		bool known = mode >= MODE_LISTEN && mode <= MODE_BARGE;
		int ret = session_join(call, sue, (enum mode)mode, &phone, 0, &session, &refusal);

		assert_int_equal(ret, known ? 0 : -EINVAL);
		if (known) {
			assert_int_equal(session_switch(session, sue, 9, &refusal), -EINVAL);
			assert_int_equal(session->mode, mode);
			session_end(session, WHY_BY_USER, 0);
		}
	}
}

/* Two switches under way at the same time, decided in the order they were made. */
static void a_refused_switch_leaves_the_mode_that_was_followed_last(void **state)
{
	static const struct {
		bool followed[2];
		enum mode mode;
	} cases[] = {
		{ { false, false }, MODE_LISTEN },
		{ { false, true }, MODE_BARGE },
		{ { true, false }, MODE_WHISPER },
		{ { true, true }, MODE_BARGE },
	};
	static const enum mode modes[] = { MODE_WHISPER, MODE_BARGE };
	struct call *call = new_call("a");
	struct media phone = media(6000);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct session *session;
		uint64_t noted;

		assert_int_equal(
			session_join(call, sue, MODE_LISTEN, &phone, 0, &session, &refusal), 0);
		for (unsigned n = 0; n < 2; n++)
			assert_int_equal(session_switch(session, sue, modes[n], &refusal), 0);
		noted = call->change.number;
		for (unsigned n = 0; n < 2; n++)
			session_switch_end(session, cases[i].followed[n] ? modes[n] : MODE_NONE);
		assert_int_equal(session->mode, cases[i].mode);
		/* Watchers see what was taken back. */
		assert_true(cases[i].followed[1] || call->change.number > noted);
		session_end(session, WHY_BY_USER, 0);
	}
}

static void a_session_is_its_users_to_switch_and_leave(void **state)
{
	struct call *call = new_call("a");
	struct media phone = media(6000);
	struct session *session;

	(void)state;
	assert_int_equal(session_join(call, sue, MODE_LISTEN, &phone, 0, &session, &refusal), 0);
	assert_int_equal(session_switch(session, sam, MODE_BARGE, &refusal), -EPERM);
	assert_int_equal(session_switch(session, sue, MODE_BARGE, &refusal), 0);
	assert_int_equal(session_check_leave(session, sam, &refusal), -EPERM);
	assert_int_equal(session_check_leave(session, adam, &refusal), 0);
	assert_ptr_equal(session_find(acme, session->id), session);
	call_end(call);
	assert_null(acme->sessions);
}

static void a_join_counts_when_it_is_followed_and_leaves_nothing_where_it_is_refused(void **state)
{
	struct user *amy = people_put_user(acme, "amy", USER_ROLE_AGENT, true);
	struct call *call = new_call("a");
	struct media phone = media(6000);
	struct invitation *invitation;
	struct session *session;

	(void)state;
	people_log_in(acme, amy);
	assert_int_equal(hand_raise(call, ann, 5, &refusal), 0);
	assert_int_equal(
		invitation_create(call, ann, amy, MODE_LISTEN, 0, &invitation, &refusal), 0);
	for (unsigned followed = 0; followed < 2; followed++) {
		assert_int_equal(session_join_invited(invitation, amy, MODE_LISTEN, &phone, 0,
					 &session, &refusal),
			0);
		assert_null(call->hand.attended_by);
		assert_int_equal(invitation_check_answer(invitation, amy, &refusal), -EBUSY);
		session_join_end(session, followed);
		assert_int_equal(call->hand.raised_ms, 5);
		assert_int_equal(call->session_count, followed);
		assert_int_equal(call->invitations == NULL, followed);
		if (!followed)
			assert_int_equal(invitation_check_answer(invitation, amy, &refusal), 0);
	}
	assert_string_equal(call->hand.attended_by, "amy");
	session_end(session, WHY_BY_USER, 0);
	assert_int_equal(call->hand.raised_ms, 0);
}

static void include_amy(struct extension_settings *settings, void *arg)
{
	char *amy = arg;

	assert_int_equal(text_list_copy(&settings->access.monitoring.included_users, &amy, 1), 0);
}

static void a_guest_stays_through_a_transfer_only_where_the_new_extension_permits(void **state)
{
	struct user *amy = people_put_user(acme, "amy", USER_ROLE_AGENT, true);
	struct media phone = media(6000);

	(void)state;
	people_log_in(acme, amy);
	put_user("bob", USER_ROLE_AGENT);
	for (unsigned permits = 0; permits < 2; permits++) {
		struct call *call = new_call("a");
		struct invitation *invitation;
		struct session *session;

		if (permits)
			people_change_extension(acme, people_put_extension(acme, "101", "bob"),
				include_amy, (char[]){ "amy" });
		assert_int_equal(
			invitation_create(call, ann, amy, MODE_LISTEN, 0, &invitation, &refusal),
			0);
		assert_int_equal(session_join_invited(invitation, amy, MODE_LISTEN, &phone, 0,
					 &session, &refusal),
			0);
		assert_int_equal(call_transfer(call, "bob", NULL, &refusal), 0);
		assert_int_equal(call->session_count, permits);
		call_end(call);
	}
}

/* --- memory that runs out: every allocation of every operation fails once --- */

static int try_create(void)
{
	struct call_description d = description("oom");
	char *tags[] = { "one", "two" };
	struct call *call;

	d.tags = tags;
	d.tag_count = 2;
	return call_create(acme, &d, 0, &call, &refusal);
}

static int try_join(void)
{
	struct media phone = media(6000);
	struct session *session;

	return session_join(
		call_find(acme, "there"), sue, MODE_WHISPER, &phone, 0, &session, &refusal);
}

static int try_update(void)
{
	struct call_description d = description("there");

	d.contact_number = "+49";
	return call_update(call_find(acme, "there"), &d, &refusal);
}

/* A role that is deleted is taken out of what refers to it, too. */
static int try_edit(void)
{
	struct user_settings *settings = calloc(1, sizeof(*settings));
	struct edit edit;
	int ret;

	if (settings == NULL || text_replace(&settings->name, "New") < 0) {
		free(settings);
		return -ENOMEM;
	}
	settings->role = USER_ROLE_AGENT;
	edit_begin(&edit, acme);
	ret = edit_put(&edit, DIRECTORY_USER, "new", settings, &refusal);
	if (ret == 0)
		ret = edit_delete(&edit, DIRECTORY_ROLE, "trainer", &refusal);
	if (ret == 0)
		ret = edit_check(&edit, &refusal);
	if (ret == 0)
		edit_commit(&edit);
	else
		edit_roll_back(&edit);
	return ret;
}

static int try_transfer(void)
{
	return call_transfer(call_find(acme, "there"), "bob", NULL, &refusal);
}

static int try_change(void)
{
	struct call *call = call_find(acme, "there");

	if (call_change_begin(call) < 0)
		return -ENOMEM;
	call_change_end(call, NULL);
	return 0;
}

static unsigned count(enum directory_kind kind)
{
	return HASH_COUNT(acme->directory[kind]);
}

static void every_failed_allocation_is_refused_and_changes_nothing(void **state)
{
	static int (*const tries[])(
		void) = { try_create, try_join, try_update, try_transfer, try_change, try_edit };

	(void)state;
	people_put_user_with_role(acme, "tim", USER_ROLE_SUPERVISOR, "trainer");
	new_call("there");
	for (size_t t = 0; t < COUNT_OF(tries); t++) {
		for (unsigned n = 0;; n++) {
			unsigned ports = free_ports(), users = count(DIRECTORY_USER);
			unsigned roles = count(DIRECTORY_ROLE);
			const struct desk *desk = call_find(acme, "there")->desk;
			int ret;

			alloc_fail_nth(n);
			ret = tries[t]();
			if (!alloc_succeed()) {
				assert_int_equal(ret, 0);
				break;
			}
			assert_int_equal(ret, -ENOMEM);
			assert_int_equal(free_ports(), ports);
			assert_int_equal(count(DIRECTORY_USER), users);
			assert_null(call_find(acme, "oom"));
			assert_null(acme->sessions);
			assert_string_equal(call_find(acme, "there")->contact_number, "+49");
			assert_ptr_equal(call_find(acme, "there")->desk, desk);
			assert_int_equal(count(DIRECTORY_ROLE), roles);
		}
		if (call_find(acme, "oom") != NULL)
			call_end(call_find(acme, "oom"));
		if (acme->sessions != NULL)
			session_end(acme->sessions, WHY_BY_USER, 0);
	}
}

/* --- to the data plane and back --- */

static WireCall *wire_of(const struct call *call)
{
	size_t size;
	uint8_t *bytes = wire_pack_put(call, &size);
	Bridgetap__Dataplane__V1__Operation *operation;
	WireCall *wire;

	assert_non_null(bytes);
	operation = bridgetap__dataplane__v1__operation__unpack(NULL, size, bytes);
	assert_non_null(operation);
	free(bytes);
	wire = operation->put_call;
	operation->operation_case = 0;
	operation->put_call = NULL;
	bridgetap__dataplane__v1__operation__free_unpacked(operation, NULL);
	return wire;
}

static void a_restarted_control_plane_takes_back_what_it_had(void **state)
{
	struct call *call = new_call("a"), *restored;
	struct media phone = media(6000), unknown = { .learn = true };
	Bridgetap__Dataplane__V1__Event learned = BRIDGETAP__DATAPLANE__V1__EVENT__INIT;
	struct organisation *again;
	struct session *session;
	struct world after;
	char sentence[256];
	WireCall *wire;

	(void)state;
	learned.kind = BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_SOURCE_LEARNED;
	phone.codec = CODEC_PCMA;
	call->agent.media.telephone_event = 101;
	call->agent.media.comfort_noise = true;
	assert_int_equal(session_join(call, sue, MODE_WHISPER, &phone, 77, &session, &refusal), 0);
	call->agent.media.source = address("192.0.2.10", 4002);
	call->customer.media = unknown;
	call->customer.media.codec = CODEC_PCMU;
	call->customer.media.learn_ms = 5000;
	call->customer.media.far_end = 3;
	assert_int_equal(recording_pause(call, &refusal), 0);
	wire = wire_of(call);
	assert_true(wire_equals(call, wire));

	world_init(&after, count_up, NULL);
	set_realms(&after);
	assert_int_equal(organisation_put(&after, "acme", "Acme", &again, &refusal), 0);
	people_put_user(again, "sue", USER_ROLE_SUPERVISOR, false);
	people_open(again);
	assert_int_equal(wire_restore(&after, wire, sentence, sizeof(sentence)), 0);
	restored = call_find(again, "a");
	assert_non_null(restored);
	assert_true(wire_equals(restored, wire));
	assert_int_equal(restored->created_ms, 1000);
	assert_int_equal(restored->recording.state, RECORDING_PAUSED);
	assert_string_equal(restored->sessions->id, session->id);
	assert_int_equal(restored->sessions->mode, MODE_WHISPER);
	assert_int_equal(restored->sessions->joined_ms, 77);
	assert_int_equal(after.realms[0].ports.free, world.realms[0].ports.free);
	/* The same call once more, or one that takes its ports, cannot be. */
	assert_int_equal(wire_restore(&after, wire, sentence, sizeof(sentence)), -EBUSY);
	assert_int_equal(restored->agent.media.telephone_event, 101);
	assert_true(restored->agent.media.comfort_noise);
	assert_int_equal(restored->customer.media.learn_ms, 5000);
	assert_int_equal(restored->customer.media.far_end, 3);
	learned.leg_id = restored->customer.id;
	learned.source = wire->legs[0]->remote;
	learned.far_end = 2; /* of one that was there before */
	wire_note_event(restored, &learned);
	assert_true(wire_equals(restored, wire));
	learned.far_end = 3;
	wire_note_event(restored, &learned);
	assert_int_equal(restored->customer.media.remote.port, 4000);
	assert_false(wire_equals(restored, wire));
	world_fini(&after);
	bridgetap__dataplane__v1__call__free_unpacked(wire, NULL);
}

/* A call with a monitor, as the data plane would show it, in a world that does not know it. */
static WireCall *forgotten_call(struct world *after)
{
	struct media phone = media(6000);
	struct call *call = new_call("a");
	struct organisation *again;
	struct session *session;

	assert_int_equal(session_join(call, sue, MODE_BARGE, &phone, 77, &session, &refusal), 0);
	world_init(after, count_up, NULL);
	set_realms(after);
	assert_int_equal(organisation_put(after, "acme", "Acme", &again, &refusal), 0);
	return wire_of(call);
}

static void a_monitor_of_no_known_mode_or_role_is_not_restored(void **state)
{
	char sentence[256];

	(void)state;
	for (unsigned damage = 0; damage < 3; damage++) {
		struct world after;
		WireCall *wire = forgotten_call(&after);
		Bridgetap__Dataplane__V1__Leg *monitor = NULL;

		for (size_t i = 0; i < wire->n_legs; i++)
			if ((int)wire->legs[i]->mode == MODE_BARGE)
				monitor = wire->legs[i];
		assert_non_null(monitor);
		if (damage == 0)
			monitor->mode = 0;
		else if (damage == 1)
			monitor->mode = MODE_BARGE + 1;
		else
			monitor->role = BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_RECORDER;
		assert_int_equal(wire_restore(&after, wire, sentence, sizeof(sentence)), -EINVAL);
		assert_null(after.calls_by_wire_id);
		assert_int_equal(after.realms[0].ports.free, 10);
		world_fini(&after);
		bridgetap__dataplane__v1__call__free_unpacked(wire, NULL);
		call_end(call_find(acme, "a"));
	}
}

static void what_cannot_be_restored_is_refused_whole(void **state)
{
	struct call *call = new_call("a");
	char sentence[256];
	WireCall *wire = wire_of(call);
	struct world after;

	(void)state;
	world_init(&after, count_up, NULL);
	set_realms(&after);
	assert_int_equal(wire_restore(&after, wire, sentence, sizeof(sentence)), -ENOENT);
	assert_non_null(strstr(sentence, "acme"));
	wire->context.data[0] ^= 0xff;
	assert_true(wire_restore(&after, wire, sentence, sizeof(sentence)) < 0);
	assert_int_equal(after.realms[0].ports.free, 10);
	world_fini(&after);
	bridgetap__dataplane__v1__call__free_unpacked(wire, NULL);
}

int main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_call_has_ports_and_ssrcs_of_its_own),
		WORLD_TEST(all_legs_of_a_call_arrive_at_one_worker),
		WORLD_TEST(live_calls_keep_their_ports_whatever_the_range),
		WORLD_TEST(a_realm_that_is_gone_gives_out_no_ports),
		WORLD_TEST(ids_are_unique_and_chosen_where_none_is_given),
		WORLD_TEST(the_time_to_learn_has_bounds_and_needs_learning),
		WORLD_TEST(an_update_changes_the_time_to_learn),
		WORLD_TEST(when_ports_run_out_nothing_is_half_made),
		WORLD_TEST(recording_goes_through_its_states_and_no_others),
		WORLD_TEST(an_update_keeps_ports_ssrcs_and_monitors),
		WORLD_TEST(what_is_refused_is_taken_back_to_what_was_followed_last),
		WORLD_TEST(a_refused_change_takes_back_nothing_of_others),
		WORLD_TEST(what_one_agent_has_taught_is_not_the_nexts),
		WORLD_TEST(a_refused_start_of_the_recording_gives_its_ports_back),
		WORLD_TEST(addresses_and_payload_types_that_cannot_be_are_refused),
		WORLD_TEST(who_may_join_is_decided_by_role_seat_and_session),
		WORLD_TEST(a_mode_is_one_of_three),
		WORLD_TEST(a_refused_switch_leaves_the_mode_that_was_followed_last),
		WORLD_TEST(a_session_is_its_users_to_switch_and_leave),
		WORLD_TEST(
			a_join_counts_when_it_is_followed_and_leaves_nothing_where_it_is_refused),
		WORLD_TEST(a_guest_stays_through_a_transfer_only_where_the_new_extension_permits),
		WORLD_TEST(every_failed_allocation_is_refused_and_changes_nothing),
		WORLD_TEST(a_restarted_control_plane_takes_back_what_it_had),
		WORLD_TEST(a_monitor_of_no_known_mode_or_role_is_not_restored),
		WORLD_TEST(what_cannot_be_restored_is_refused_whole),
	};

	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}

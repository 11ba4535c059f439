/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/access.h"
#include "monitor/decision.h"
#include "monitor/session.h"
#include "monitor/text.h"
#include "people.h"

/* Who may do what, in every situation there is: against a table of the sentences of the mission,
 * each a rule of its own. A situation is arranged by writing into the settings: that edits put them
 * there is edit_test's. */

static struct world world;
static struct organisation *acme;
static struct user *ann, *vera; /* an agent; and the one about whom it is decided */
static struct extension *desks[2];
static struct call *calls[2], *another; /* of Ann, of Vera; and one of Ann's that Vera monitors */
static struct refusal refusal;

/* --- situations --- */

enum dimension {
	ELSEWHERE, /* monitors another call; the slowest, for a session is entered for it */
	OWN,	   /* is the agent of the call */
	ROLE,
	LISTING, /* in the access setting of the agent's extension */
	WIDENED, /* supervisors monitor by default */
	EXTENSION,
	ACCEPTED,
	REQUIRED,
	CONSENTED,
	OFF,
	PRESENCE,
	DASHBOARD,
	DESKTOP,
	SEATS,
	TOGGLE,
	ENDED,
	DIMENSIONS,
};

enum listing {
	NOT_LISTED,
	USER_IN,
	ROLE_IN,
	USER_OUT,
	ROLE_OUT,
	USER_IN_ROLE_OUT,
	ROLE_IN_USER_OUT,
	LISTINGS,
};

static const enum user_role roles[] = { USER_ROLE_AGENT, USER_ROLE_SUPERVISOR, USER_ROLE_ADMIN };
static const enum presence presences[] = { PRESENCE_OFFLINE, PRESENCE_ONLINE, PRESENCE_AWAY,
	PRESENCE_DND };

/* Seats, and monitors who have taken one. */
static const unsigned seats[][2] = { { 2, 0 }, { 3, 0 }, { 3, 1 }, { 4, 1 }, { 4, 2 } };

static const struct {
	const char *name;
	unsigned size;
} dimensions[DIMENSIONS] = {
	[ELSEWHERE] = { "monitors elsewhere", 2 },
	[OWN] = { "own call", 2 },
	[ROLE] = { "role", COUNT_OF(roles) },
	[LISTING] = { "listing", LISTINGS },
	[WIDENED] = { "supervisors by default", 2 },
	[EXTENSION] = { "extension", 2 },
	[ACCEPTED] = { "consent accepted", 2 },
	[REQUIRED] = { "consent of users required", 2 },
	[CONSENTED] = { "consented", 2 },
	[OFF] = { "switched off", 2 },
	[PRESENCE] = { "presence", COUNT_OF(presences) },
	[DASHBOARD] = { "dashboard", 2 },
	[DESKTOP] = { "desktop", 2 },
	[SEATS] = { "seats", COUNT_OF(seats) },
	[TOGGLE] = { "toggle", 2 },
	[ENDED] = { "ended", 2 },
};

/* The next situation, the last dimension first; false after the last one. */
static bool advance(unsigned s[DIMENSIONS])
{
	for (int d = DIMENSIONS - 1; d >= 0; d--) {
		if (++s[d] < dimensions[d].size)
			return true;
		s[d] = 0;
	}
	return false;
}

/* An extension that is not there lists nobody, and nobody has consented there. */
static bool is_possible(const unsigned s[DIMENSIONS])
{
	return s[EXTENSION] || (s[LISTING] == NOT_LISTED && !s[CONSENTED]);
}

static void explain(const unsigned s[DIMENSIONS])
{
	for (unsigned d = 0; d < DIMENSIONS; d++)
		print_error("%s %u%s", dimensions[d].name, s[d], d + 1 < DIMENSIONS ? ", " : "\n");
}

/* --- arranging them --- */

static struct text_list user_list(void)
{
	static char *texts[] = { "zoe", "vera" };

	return (struct text_list){ 2, texts };
}

static struct text_list role_list(void)
{
	static char *texts[] = { "clerk", "trainer" };

	return (struct text_list){ 2, texts };
}

static struct access_list list_for(enum listing listing)
{
	struct access_list list = { 0 };

	if (listing == USER_IN || listing == USER_IN_ROLE_OUT)
		list.included_users = user_list();
	if (listing == ROLE_IN || listing == ROLE_IN_USER_OUT)
		list.included_roles = role_list();
	if (listing == USER_OUT || listing == ROLE_IN_USER_OUT)
		list.excluded_users = user_list();
	if (listing == ROLE_OUT || listing == USER_IN_ROLE_OUT)
		list.excluded_roles = role_list();
	return list;
}

static struct extension_settings *settings_of(const struct extension *extension)
{
	return extension->entry.settings;
}

static void monitor_elsewhere(void)
{
	struct session *session = calloc(1, sizeof(*session));

	assert_non_null(session);
	assert_int_equal(text_replace(&session->user, "vera"), 0);
	session->call = another;
	session->mode = MODE_LISTEN;
	assert_int_equal(session_enter(session), 0);
}

static void arrange_vera(const unsigned s[DIMENSIONS])
{
	struct user_settings *settings = vera->entry.settings;

	settings->role = roles[s[ROLE]];
	settings->call_monitor_access = s[TOGGLE];
	vera->presence = presences[s[PRESENCE]];
	vera->dashboard = s[DASHBOARD];
	vera->desktop = s[DESKTOP];
	if (s[ELSEWHERE] && another->sessions == NULL)
		monitor_elsewhere();
}

static struct call *arrange(const unsigned s[DIMENSIONS])
{
	struct call *call = calls[s[OWN]];
	struct extension *desk = desks[s[OWN]];

	arrange_vera(s);
	(s[OWN] ? vera : ann)->extension = s[EXTENSION] ? desk : NULL;
	settings_of(desk)->access.monitoring = list_for(s[LISTING]);
	settings_of(desk)->consented = s[CONSENTED];
	acme->settings.supervisors_monitor_by_default = s[WIDENED];
	acme->settings.consent_accepted = s[ACCEPTED];
	acme->settings.consent_of_users_required = s[REQUIRED];
	acme->monitoring_off = s[OFF];
	world.seats_max = seats[s[SEATS]][0];
	call->session_count = seats[s[SEATS]][1];
	call->change.gone = s[ENDED];
	return call;
}

/* --- the sentences --- */

static bool is_agent(const unsigned *s)
{
	return roles[s[ROLE]] == USER_ROLE_AGENT;
}

static bool is_own(const unsigned *s)
{
	return s[OWN];
}

static bool is_not_own(const unsigned *s)
{
	return !s[OWN];
}

static bool is_excluded(const unsigned *s)
{
	return s[LISTING] == USER_OUT || s[LISTING] == ROLE_OUT || s[LISTING] == USER_IN_ROLE_OUT ||
	       s[LISTING] == ROLE_IN_USER_OUT;
}

static bool is_neither_default_nor_added(const unsigned *s)
{
	if (s[LISTING] == USER_IN || s[LISTING] == ROLE_IN)
		return false;
	if (roles[s[ROLE]] == USER_ROLE_ADMIN)
		return false;
	return roles[s[ROLE]] != USER_ROLE_SUPERVISOR || !s[WIDENED];
}

static bool is_no_agent_with_toggle(const unsigned *s)
{
	return roles[s[ROLE]] != USER_ROLE_AGENT || !s[TOGGLE];
}

static bool is_off(const unsigned *s)
{
	return s[OFF];
}

static bool is_not_accepted(const unsigned *s)
{
	return !s[ACCEPTED];
}

static bool is_not_consented(const unsigned *s)
{
	return s[REQUIRED] && !s[CONSENTED];
}

static bool is_full(const unsigned *s)
{
	/* Agent and customer have a seat each, and there must be one more. */
	return seats[s[SEATS]][1] + 2 + 1 > seats[s[SEATS]][0];
}

static bool is_off_dashboard(const unsigned *s)
{
	return !s[DASHBOARD];
}

static bool is_off_desktop(const unsigned *s)
{
	return !s[DESKTOP];
}

static bool is_not_online(const unsigned *s)
{
	return presences[s[PRESENCE]] != PRESENCE_ONLINE;
}

static bool is_elsewhere(const unsigned *s)
{
	return s[ELSEWHERE];
}

static bool is_over(const unsigned *s)
{
	return s[ENDED];
}

#define DEED(name) (1u << DEED_##name)
#define BY_RIGHT   (DEED(JOIN) | DEED(STAY))
#define BY_INVITE  (DEED(JOIN_INVITED) | DEED(STAY_INVITED) | DEED(BE_INVITED))
#define JOINING	   (DEED(JOIN) | DEED(JOIN_INVITED) | DEED(BE_INVITED))
#define OF_A_CALL  (BY_RIGHT | BY_INVITE | DEED(INVITE))

static const struct {
	const char *row;
	uint32_t deeds;
	enum reason reason;
	bool (*broken)(const unsigned *situation);
} rules[] = {
	{ "M1: agents can neither list nor join", DEED(LIST) | BY_RIGHT, REASON_NOT_PERMITTED,
		is_agent },
	{ "M4: logged in to the dashboard", JOINING, REASON_DASHBOARD_LOGGED_OUT,
		is_off_dashboard },
	{ "M4: logged in to the desktop app", JOINING, REASON_DESKTOP_LOGGED_OUT, is_off_desktop },
	{ "M4: online, and not away or do not disturb", JOINING, REASON_NOT_ONLINE, is_not_online },
	{ "M5: one call at a time", JOINING, REASON_ALREADY_MONITORING, is_elsewhere },
	{ "M2, M5: ongoing calls only", OF_A_CALL, REASON_CALL_ENDED, is_over },
	{ "M6: a seat must be free", JOINING | DEED(INVITE), REASON_CALL_FULL, is_full },
	{ "M6: the agent is another participant than the monitor", BY_RIGHT | BY_INVITE,
		REASON_NOT_PERMITTED, is_own },
	{ "M11: invited by the agent who is on that call", DEED(INVITE), REASON_NOT_PERMITTED,
		is_not_own },
	{ "M11: only agents with the toggle", BY_INVITE, REASON_NOT_PERMITTED,
		is_no_agent_with_toggle },
	{ "M17: admins, supervisors where widened, and who is added", BY_RIGHT,
		REASON_NOT_PERMITTED, is_neither_default_nor_added },
	{ "M18: nobody of the excluded side", BY_RIGHT, REASON_NOT_PERMITTED, is_excluded },
	{ "M21: the switch is off for everyone", OF_A_CALL, REASON_ORGANISATION_DISABLED, is_off },
	{ "M22: the organisation has accepted", OF_A_CALL, REASON_CONSENT_MISSING,
		is_not_accepted },
	{ "M22: the extension's user has consented, where asked for", OF_A_CALL,
		REASON_CONSENT_MISSING, is_not_consented },
};

static uint32_t expected(enum deed deed, const unsigned *s)
{
	uint32_t reasons = 0;

	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (rules[i].deeds >> deed & 1 && rules[i].broken(s))
			reasons |= 1u << rules[i].reason;
	return reasons;
}

static void expect(enum deed deed, const unsigned *s, uint32_t got)
{
	uint32_t wanted = expected(deed, s);

	if (got == wanted)
		return;
	explain(s);
	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (rules[i].deeds >> deed & 1 && rules[i].broken(s))
			print_error("broken: %s\n", rules[i].row);
	fail_msg("deed %d: reasons %#x, not %#x", deed, got, wanted);
}

/* --- setting up --- */

static uint32_t count_up(void *arg)
{
	static uint32_t last;

	(void)arg;
	return ++last;
}

static struct call *new_call(const char *id, const char *agent)
{
	struct media media = { .learn = true };
	struct call_description description = {
		.id = id,
		.agent = media,
		.customer = media,
		.agent_user = agent,
		.contact_number = "",
	};
	struct call *call;

	assert_int_equal(call_create(acme, &description, 0, &call, &refusal), 0);
	return call;
}

static int start(void **state)
{
	const struct realm_description realm = { "access", { { 192, 0, 2, 1 }, 4, 0 }, 20000, 20019,
		false };

	(void)state;
	world_init(&world, count_up, NULL);
	assert_int_equal(world_set_realms(&world, &realm, 1), 0);
	assert_int_equal(organisation_put(&world, "acme", "Acme", &acme, &refusal), 0);
	people_put_user_with_role(acme, "zoe", USER_ROLE_AGENT, "clerk");
	ann = people_put_user(acme, "ann", USER_ROLE_AGENT, false);
	vera = people_put_user_with_role(acme, "vera", USER_ROLE_AGENT, "trainer");
	desks[0] = people_put_extension(acme, "100", "ann");
	desks[1] = people_put_extension(acme, "101", "vera");
	calls[0] = new_call("of-ann", "ann");
	calls[1] = new_call("of-vera", "vera");
	another = new_call("another", "ann");
	return 0;
}

static int stop(void **state)
{
	const struct access none = { 0 };

	(void)state;
	/* What was written into the settings was never theirs. */
	for (unsigned i = 0; i < 2; i++) {
		settings_of(desks[i])->access = none;
		calls[i]->session_count = 0;
		calls[i]->change.gone = false;
	}
	world_fini(&world);
	return 0;
}

/* --- tests --- */

static void every_deed_is_decided_as_the_rules_say_in_every_situation(void **state)
{
	unsigned s[DIMENSIONS] = { 0 };
	unsigned long situations = 0;

	(void)state;
	do {
		const struct call *call;

		if (!is_possible(s))
			continue;
		call = arrange(s);
		for (enum deed deed = DEED_LIST; deed <= DEED_BE_INVITED; deed++)
			expect(deed, s, decide(deed, vera, call));
		assert_int_equal(
			decide_for_viewer(acme, vera), expected(DEED_JOIN, s) & REASONS_OF_VIEWER);
		situations++;
	} while (advance(s));
	print_message("%lu situations\n", situations);
	assert_int_equal(situations, 921600);
}

static void whoever_is_deleted_may_do_nothing(void **state)
{
	(void)state;
	people_open(acme);
	for (enum deed deed = DEED_LIST; deed <= DEED_BE_INVITED; deed++)
		assert_int_equal(decide(deed, NULL, calls[0]), 1u << REASON_NOT_PERMITTED);
}

/* M20: the three roles that every user has one of can be listed like any other. */
static void the_roles_of_users_can_be_listed(void **state)
{
	static const char *const ids[] = { "agent", "supervisor", "admin" };

	(void)state;
	for (unsigned listed = 0; listed < 3; listed++)
		for (unsigned role = 0; role < 3; role++) {
			char *texts[] = { (char *)(uintptr_t)ids[listed] };
			struct access_list *list = &settings_of(desks[0])->access.monitoring;

			((struct user_settings *)vera->entry.settings)->role = roles[role];
			*list = (struct access_list){ .included_roles = { 1, texts } };
			assert_int_equal(access_permits_monitoring(calls[0], vera),
				role == listed || roles[role] == USER_ROLE_ADMIN);
			*list = (struct access_list){ .excluded_roles = { 1, texts } };
			assert_int_equal(access_permits_monitoring(calls[0], vera),
				role != listed && roles[role] == USER_ROLE_ADMIN);
			*list = (struct access_list){ 0 };
		}
}

/* M16: each tier is everyone's, nobody's, or who is listed's, whatever the role. */
static bool tier_grants(enum access_option option, enum listing listing)
{
	if (option == ACCESS_EVERYONE)
		return true;
	return option == ACCESS_LISTED && (listing == USER_IN || listing == ROLE_IN);
}

static void a_tier_opens_what_it_says_and_callers_open_the_status_too(void **state)
{
	(void)state;
	/* Two tiers, each an option and a listing; whose extension it is; the role. */
	for (unsigned n = 0; n < 3 * LISTINGS * 3 * LISTINGS * 2 * 3; n++) {
		enum access_option status = n % 3, callers = n / 3 % 3;
		enum listing status_listing = n / 9 % LISTINGS,
			     callers_listing = n / 9 / LISTINGS % LISTINGS;
		bool own = n / 9 / LISTINGS / LISTINGS % 2;
		struct access *access = &settings_of(desks[own])->access;
		bool sees_callers = own || tier_grants(callers, callers_listing);

		((struct user_settings *)vera->entry.settings)->role =
			roles[n / 9 / LISTINGS / LISTINGS / 2];
		access->status = (struct access_tier){ status, list_for(status_listing) };
		access->callers = (struct access_tier){ callers, list_for(callers_listing) };
		assert_int_equal(access_shows_callers(desks[own], vera), sees_callers);
		assert_int_equal(access_shows_status(desks[own], vera),
			sees_callers || tier_grants(status, status_listing));
		assert_true(access_shows_callers(desks[own], NULL)); /* the organisation itself */
		assert_true(access_shows_status(desks[own], NULL));
		access->status = access->callers = (struct access_tier){ 0 };
	}
}

static void admins_edit_any_access_and_users_their_own_where_allowed(void **state)
{
	(void)state;
	for (unsigned role = 0; role < 3; role++)
		for (unsigned own = 0; own < 2; own++)
			for (unsigned allowed = 0; allowed < 2; allowed++) {
				bool admin = roles[role] == USER_ROLE_ADMIN;

				((struct user_settings *)vera->entry.settings)->role = roles[role];
				acme->settings.users_edit_own_access = allowed;
				assert_int_equal(access_is_editable(acme, desks[own], vera),
					admin || (own && allowed));
				assert_true(access_is_editable(acme, desks[own], NULL));
				/* M22: consent is one's own, whether settings are or not. */
				assert_int_equal(
					access_may_consent(desks[own], vera), admin || own);
				assert_true(access_may_consent(desks[own], NULL));
			}
}

static void an_extension_shows_the_text_then_the_call_then_the_presence(void **state)
{
	static const struct {
		enum presence presence;
		enum extension_state shown;
	} rows[] = {
		{ PRESENCE_UNKNOWN, EXTENSION_UNAVAILABLE },
		{ PRESENCE_OFFLINE, EXTENSION_UNAVAILABLE },
		{ PRESENCE_ONLINE, EXTENSION_AVAILABLE },
		{ PRESENCE_AWAY, EXTENSION_AWAY },
		{ PRESENCE_DND, EXTENSION_DND },
	};
	const struct presence_report text = { .status_text = "lunch" },
				     none = { .status_text = "" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		vera->presence = rows[i].presence;
		assert_int_equal(extension_state(acme, desks[1]), EXTENSION_BUSY);
		assert_int_equal(user_report_presence(acme, vera, &text, &refusal), 0);
		assert_int_equal(extension_state(acme, desks[1]), EXTENSION_CUSTOM);
		assert_int_equal(user_report_presence(acme, vera, &none, &refusal), 0);
		assert_int_equal(call_transfer(calls[1], "ann", NULL, &refusal), 0);
		assert_int_equal(extension_state(acme, desks[1]), rows[i].shown);
		assert_int_equal(call_transfer(calls[1], "vera", NULL, &refusal), 0);
	}
}

int main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(every_deed_is_decided_as_the_rules_say_in_every_situation),
		WORLD_TEST(whoever_is_deleted_may_do_nothing),
		WORLD_TEST(the_roles_of_users_can_be_listed),
		WORLD_TEST(a_tier_opens_what_it_says_and_callers_open_the_status_too),
		WORLD_TEST(admins_edit_any_access_and_users_their_own_where_allowed),
		WORLD_TEST(an_extension_shows_the_text_then_the_call_then_the_presence),
	};

	return cmocka_run_group_tests_name("decision", tests, NULL, NULL);
}

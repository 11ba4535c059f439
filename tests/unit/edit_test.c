/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/call.h"
#include "monitor/edit.h"
#include "monitor/text.h"
#include "people.h"

/* Random edits of a directory against a plain copy of it: what is referred to is there, what is
 * deleted is nowhere referred to, and what is rolled back has never been. */

static struct world world;
static struct organisation *acme;
static struct refusal refusal;
static uint32_t randomness;

static unsigned pick(unsigned below)
{
	randomness = randomness * 1664525u + 1013904223u;
	return (unsigned)((uint64_t)(randomness >> 4) * below >> 28);
}

static uint32_t pick_random(void *arg)
{
	(void)arg;
	return pick(1u << 28);
}

/* --- the plain copy: ids are letters, sets of them are bits --- */

#define IDS   6
#define NONE  -1
#define LISTS 3
#define SIDES 4 /* included roles and users, excluded roles and users */

struct plain_user {
	enum user_role role;
	unsigned roles;
	bool toggle;
};

struct plain_extension {
	int user;
	bool consented;
	uint64_t version;
	unsigned sides[LISTS][SIDES];
};

struct plain {
	bool there[DIRECTORY_KINDS][IDS];
	bool put[DIRECTORY_KINDS][IDS]; /* by the edit that is being made */
	bool deleting;
	struct plain_user users[IDS];
	struct plain_extension extensions[IDS];
};

static const char *id_of(enum directory_kind kind, int i)
{
	static char ids[DIRECTORY_KINDS][IDS][4];

	if (i == NONE)
		return "";
	snprintf(ids[kind][i], sizeof(ids[kind][i]), "%c%c", "rgue"[kind], (char)('0' + i));
	return ids[kind][i];
}

static unsigned there(const struct plain *plain, enum directory_kind kind)
{
	unsigned set = 0;

	for (unsigned i = 0; i < IDS; i++)
		set |= (unsigned)plain->there[kind][i] << i;
	return set;
}

/* Of what a side of an access list is: roles or users. */
static enum directory_kind kind_of_side(unsigned side)
{
	return side % 2 == 0 ? DIRECTORY_ROLE : DIRECTORY_USER;
}

/* Whether all that was put is whole, and no two extensions are one user's. */
static bool is_whole(const struct plain *plain)
{
	unsigned owners = 0;
	bool extensions = false;

	for (unsigned i = 0; i < IDS; i++) {
		const struct plain_extension *extension = &plain->extensions[i];

		if (plain->there[DIRECTORY_USER][i] && plain->put[DIRECTORY_USER][i] &&
			plain->users[i].roles & ~there(plain, DIRECTORY_ROLE))
			return false;
		if (!plain->there[DIRECTORY_EXTENSION][i])
			continue;
		if (extension->user != NONE && plain->there[DIRECTORY_USER][extension->user]) {
			extensions |= (owners >> extension->user & 1) != 0;
			owners |= 1u << extension->user;
		}
		if (!plain->put[DIRECTORY_EXTENSION][i])
			continue;
		if (extension->user != NONE && !plain->there[DIRECTORY_USER][extension->user])
			return false;
		for (unsigned side = 0; side < LISTS * SIDES; side++)
			if (extension->sides[side / SIDES][side % SIDES] &
				~there(plain, kind_of_side(side)))
				return false;
	}
	return !extensions;
}

/* Take out of everything what is not there any more. */
static void forget(struct plain *plain)
{
	for (unsigned i = 0; i < IDS; i++) {
		struct plain_extension *extension = &plain->extensions[i];
		bool changed = false;

		plain->users[i].roles &= there(plain, DIRECTORY_ROLE);
		for (unsigned side = 0; side < LISTS * SIDES; side++) {
			unsigned *set = &extension->sides[side / SIDES][side % SIDES];
			unsigned left = *set & there(plain, kind_of_side(side));

			changed |= left != *set;
			*set = left;
		}
		extension->version += changed; /* whoever has read it before must read it again */
		if (extension->user != NONE && !plain->there[DIRECTORY_USER][extension->user]) {
			extension->user = NONE;
			extension->consented = false;
		}
	}
}

/* --- the same to both --- */

static void *zeroed(size_t size)
{
	void *memory = calloc(1, size);

	assert_non_null(memory);
	return memory;
}

static struct text_list list_of(enum directory_kind kind, unsigned set)
{
	struct text_list list;
	char *ids[IDS];
	unsigned count = 0;

	for (int i = 0; i < IDS; i++)
		if (set >> i & 1)
			ids[count++] = (char *)(uintptr_t)id_of(kind, i);
	assert_int_equal(text_list_copy(&list, ids, count), 0);
	return list;
}

static struct text_list *side_of(struct extension_settings *settings, unsigned list, unsigned side)
{
	struct access_list *const lists[LISTS] = { &settings->access.status.list,
		&settings->access.callers.list, &settings->access.monitoring };
	struct text_list *const sides[SIDES] = { &lists[list]->included_roles,
		&lists[list]->included_users, &lists[list]->excluded_roles,
		&lists[list]->excluded_users };

	return sides[side];
}

static void *label_settings(void)
{
	struct label_settings *settings = zeroed(sizeof(*settings));

	assert_int_equal(text_replace(&settings->name, "Label"), 0);
	return settings;
}

static void *user_settings_of(const struct plain_user *user)
{
	struct user_settings *settings = zeroed(sizeof(*settings));

	assert_int_equal(text_replace(&settings->name, "Somebody"), 0);
	settings->role = user->role;
	settings->call_monitor_access = user->toggle;
	settings->roles = list_of(DIRECTORY_ROLE, user->roles);
	return settings;
}

static void *extension_settings_of(const struct plain_extension *extension)
{
	struct extension_settings *settings = zeroed(sizeof(*settings));

	assert_int_equal(text_replace(&settings->name, "Desk"), 0);
	assert_int_equal(text_replace(&settings->user, id_of(DIRECTORY_USER, extension->user)), 0);
	settings->consented = extension->consented;
	settings->access.version = extension->version;
	for (unsigned side = 0; side < LISTS * SIDES; side++)
		*side_of(settings, side / SIDES, side % SIDES) =
			list_of(kind_of_side(side), extension->sides[side / SIDES][side % SIDES]);
	return settings;
}

/* Mostly what is there, so that not every edit is refused; now and then anything. */
static unsigned pick_set(const struct plain *plain, enum directory_kind kind)
{
	unsigned set = pick(1u << IDS) & pick(1u << IDS);

	return pick(40) == 0 ? set : set & there(plain, kind);
}

static void *pick_settings(struct plain *plain, enum directory_kind kind, unsigned i)
{
	struct plain_extension *extension = &plain->extensions[i];

	if (kind == DIRECTORY_USER) {
		plain->users[i] = (struct plain_user){ USER_ROLE_AGENT + pick(3),
			pick_set(plain, DIRECTORY_ROLE), pick(2) };
		return user_settings_of(&plain->users[i]);
	}
	if (kind != DIRECTORY_EXTENSION)
		return label_settings();
	*extension = (struct plain_extension){ NONE, pick(2), pick(100), { { 0 } } };
	for (int user = 0; user < IDS; user++)
		if (plain->there[DIRECTORY_USER][user] && pick(4) == 0)
			extension->user = user;
	for (unsigned side = 0; side < LISTS * SIDES; side++)
		extension->sides[side / SIDES][side % SIDES] = pick_set(plain, kind_of_side(side));
	/* Nobody is on both sides. */
	for (unsigned list = 0; list < LISTS; list++)
		for (unsigned side = 0; side < 2; side++)
			extension->sides[list][side + 2] &= ~extension->sides[list][side];
	return extension_settings_of(extension);
}

static void put(struct edit *edit, struct plain *plain, enum directory_kind kind, unsigned i)
{
	void *settings = pick_settings(plain, kind, i);

	plain->there[kind][i] = plain->put[kind][i] = true;
	assert_int_equal(edit_put(edit, kind, id_of(kind, (int)i), settings, &refusal), 0);
}

static void delete (struct edit *edit, struct plain *plain, enum directory_kind kind, unsigned i)
{
	int wanted = plain->there[kind][i] ? 0 : -ENOENT;

	assert_int_equal(edit_delete(edit, kind, id_of(kind, (int)i), &refusal), wanted);
	plain->there[kind][i] = false;
	plain->deleting |= wanted == 0;
}

static void delete_others(struct edit *edit, struct plain *plain)
{
	assert_int_equal(edit_delete_others(edit, &refusal), 0);
	for (unsigned n = 0; n < DIRECTORY_KINDS * IDS; n++) {
		bool *is_there = &plain->there[n / IDS][n % IDS];

		plain->deleting |= *is_there && !plain->put[n / IDS][n % IDS];
		*is_there &= plain->put[n / IDS][n % IDS];
	}
}

/* --- comparing --- */

static unsigned set_of(const struct text_list *list, enum directory_kind kind)
{
	unsigned set = 0;

	for (unsigned t = 0; t < list->count; t++)
		for (int i = 0; i < IDS; i++)
			if (strcmp(list->texts[t], id_of(kind, i)) == 0)
				set |= 1u << i;
	assert_int_equal(__builtin_popcount(set), list->count);
	return set;
}

static void expect_user(const struct plain_user *wanted, const struct user *user)
{
	assert_int_equal(user_settings(user)->role, wanted->role);
	assert_int_equal(user_settings(user)->call_monitor_access, wanted->toggle);
	assert_int_equal(set_of(&user_settings(user)->roles, DIRECTORY_ROLE), wanted->roles);
}

static void expect_extension(const struct plain_extension *wanted, struct extension *extension)
{
	struct extension_settings *settings = extension->entry.settings;

	assert_string_equal(settings->user, id_of(DIRECTORY_USER, wanted->user));
	assert_int_equal(settings->consented, wanted->consented);
	assert_int_equal(settings->access.version, wanted->version);
	for (unsigned side = 0; side < LISTS * SIDES; side++)
		assert_int_equal(
			set_of(side_of(settings, side / SIDES, side % SIDES), kind_of_side(side)),
			wanted->sides[side / SIDES][side % SIDES]);
}

/* Every user has the extension that is theirs, and no other. */
static void expect_owner(const struct plain *plain, int i, const struct user *user)
{
	const struct extension *wanted = NULL;

	for (int e = 0; e < IDS; e++)
		if (plain->there[DIRECTORY_EXTENSION][e] && plain->extensions[e].user == i)
			wanted = extension_find(acme, id_of(DIRECTORY_EXTENSION, e));
	assert_ptr_equal(user->extension, wanted);
}

static void expect_pages(const struct plain *plain, enum directory_kind kind)
{
	struct entry *entries[2];
	const char *after = "";
	unsigned count;
	int i = -1;

	do {
		count = directory_page(acme, kind, after, entries, 2);
		for (unsigned e = 0; e < count; e++) {
			for (i++; i < IDS && !plain->there[kind][i]; i++)
				;
			assert_string_equal(after = entries[e]->id, id_of(kind, i));
		}
	} while (count > 0);
	for (i++; i < IDS; i++)
		assert_false(plain->there[kind][i]);
}

static void expect_all(const struct plain *plain)
{
	for (enum directory_kind kind = 0; kind < DIRECTORY_KINDS; kind++) {
		for (int i = 0; i < IDS; i++) {
			struct entry *entry = directory_find(acme, kind, id_of(kind, i));

			assert_int_equal(entry != NULL, plain->there[kind][i]);
			if (entry != NULL && kind == DIRECTORY_USER) {
				expect_user(&plain->users[i], (struct user *)entry);
				expect_owner(plain, i, (struct user *)entry);
			} else if (entry != NULL && kind == DIRECTORY_EXTENSION) {
				expect_extension(&plain->extensions[i], (struct extension *)entry);
			}
		}
		expect_pages(plain, kind);
	}
}

/* --- setting up --- */

static int start(void **state)
{
	(void)state;
	randomness = 815;
	world_init(&world, pick_random, NULL);
	return organisation_put(&world, "acme", "Acme", &acme, &refusal);
}

static int stop(void **state)
{
	(void)state;
	world_fini(&world);
	return 0;
}

/* --- tests --- */

static void random_edits_do_what_they_say_and_no_more(void **state)
{
	struct plain now = { 0 };
	unsigned committed = 0, refused = 0, rolled_back = 0;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct plain after = now;
		struct edit edit;
		int ret;

		memset(after.put, 0, sizeof(after.put));
		after.deleting = false;
		edit_begin(&edit, acme);
		for (unsigned steps = 1 + pick(4); steps > 0; steps--) {
			enum directory_kind kind = pick(DIRECTORY_KINDS);

			(pick(4) == 0 ? delete : put)(&edit, &after, kind, pick(IDS));
		}
		if (pick(200) == 0)
			delete_others(&edit, &after);
		ret = edit_check(&edit, &refusal);
		assert_int_equal(ret, is_whole(&after) ? 0 : -EINVAL);
		if (ret < 0 || pick(5) == 0) {
			edit_roll_back(&edit);
			ret < 0 ? refused++ : rolled_back++;
		} else {
			edit_commit(&edit);
			if (after.deleting)
				forget(&after);
			now = after;
			committed++;
		}
		expect_all(&now);
	}
	print_message(
		"%u committed, %u refused, %u rolled back\n", committed, refused, rolled_back);
	assert_true(committed > 5000 && refused > 1000 && rolled_back > 1000);
}

/* A watcher that was not looked at meanwhile must not take the new user for the old one. */
static void a_user_who_is_put_again_has_an_epoch_that_nobody_has_seen(void **state)
{
	uint64_t seen = people_put_user(acme, "sue", USER_ROLE_ADMIN, false)->epoch, again;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		people_delete(acme, DIRECTORY_USER, "sue");
		again = people_put_user(acme, "sue", USER_ROLE_AGENT, false)->epoch;
		assert_true(again > seen);
		seen = people_put_user(acme, "sue", USER_ROLE_SUPERVISOR, false)->epoch;
		assert_true(seen > again);
	}
}

/* What a viewer may see and do: by their own roles, or by the organisation's settings. */
static void the_epoch_goes_up_for_whom_something_has_changed(void **state)
{
	struct user *sue = people_put_user_with_role(acme, "sue", USER_ROLE_SUPERVISOR, "trainer");
	struct user *sam = people_put_user(acme, "sam", USER_ROLE_SUPERVISOR, false);
	uint64_t of_sue = sue->epoch, of_sam = sam->epoch, of_all = acme->epoch;

	(void)state;
	people_delete(acme, DIRECTORY_ROLE, "trainer");
	assert_true(sue->epoch > of_sue);
	assert_true(sam->epoch == of_sam);
	of_sue = sue->epoch;
	people_put_user(acme, "sam", USER_ROLE_AGENT, false);
	assert_true(sue->epoch == of_sue);
	assert_true(sam->epoch > of_sam);
	assert_true(acme->epoch == of_all);
	people_open(acme);
	assert_true(acme->epoch > of_all);
	of_all = acme->epoch;
	organisation_set_monitoring(acme, true);
	assert_true(acme->epoch > of_all);
}

int main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(random_edits_do_what_they_say_and_no_more),
		WORLD_TEST(a_user_who_is_put_again_has_an_epoch_that_nobody_has_seen),
		WORLD_TEST(the_epoch_goes_up_for_whom_something_has_changed),
	};

	return cmocka_run_group_tests_name("edit", tests, NULL, NULL);
}

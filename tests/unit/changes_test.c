/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "monitor/changes.h"

enum { THINGS = 20 };

struct thing {
	struct change change;
	int value;
	unsigned number;
};

static unsigned freed;

static void free_thing(struct change *change)
{
	free(change);
	freed++;
}

/* A watcher's picture: the value of each thing, -1 for none. */
struct picture {
	uint64_t seen;
	int values[THINGS];
	bool lagged;
};

static void look(const struct changes *changes, struct picture *picture)
{
	if (changes_lagged(changes, picture->seen)) {
		picture->lagged = true;
		picture->seen = 0;
		memset(picture->values, 0xff, sizeof(picture->values));
	}
	for (struct change *c = changes_after(changes, picture->seen); c != NULL; c = c->next) {
		const struct thing *thing = (struct thing *)c;

		picture->values[thing->number] = c->gone ? -1 : thing->value;
		picture->seen = c->number;
	}
}

/* Random lives of things, and watchers that look every now and then: after each look a watcher's
 * picture equals the truth. */
static void watchers_see_the_last_state_however_seldom_they_look(void **state)
{
	struct changes changes = { .tombstones_max = 8, .free_tombstone = free_thing };
	struct thing *things[THINGS] = { NULL };
	struct picture pictures[4];
	unsigned made = 0;

	(void)state;
	srandom(5);
	freed = 0;
	memset(pictures, 0, sizeof(pictures));
	for (unsigned w = 0; w < COUNT_OF(pictures); w++)
		memset(pictures[w].values, 0xff, sizeof(pictures[w].values));
	for (unsigned step = 0; step < 20000; step++) {
		unsigned n = (unsigned)random() % THINGS;

		if (things[n] == NULL) {
			things[n] = calloc(1, sizeof(*things[n]));
			things[n]->number = n;
			things[n]->value = (int)step;
			changes_note(&changes, &things[n]->change);
			made++;
		} else if (random() % 4 == 0) {
			changes_bury(&changes, &things[n]->change);
			things[n] = NULL;
		} else {
			things[n]->value = (int)step;
			changes_note(&changes, &things[n]->change);
		}
		for (unsigned w = 0; w < COUNT_OF(pictures); w++) {
			if (step % (1u << 3 * w) != 0)
				continue;
			look(&changes, &pictures[w]);
			for (unsigned t = 0; t < THINGS; t++)
				assert_int_equal(pictures[w].values[t],
					things[t] != NULL ? things[t]->value : -1);
		}
	}
	assert_false(pictures[0].lagged); /* one that keeps up never starts over */
	assert_true(pictures[3].lagged);
	assert_true(changes.tombstones <= 8);
	for (unsigned n = 0; n < THINGS; n++)
		if (things[n] != NULL)
			changes_bury(&changes, &things[n]->change);
	changes_fini(&changes);
	assert_int_equal(freed, made);
}

static void nothing_new_is_nothing_to_see(void **state)
{
	struct changes changes = { .tombstones_max = 8, .free_tombstone = free_thing };
	struct thing thing = { .value = 1 };

	(void)state;
	assert_null(changes_after(&changes, 0));
	changes_note(&changes, &thing.change);
	assert_non_null(changes_after(&changes, 0));
	assert_null(changes_after(&changes, changes.last));
	changes_note(&changes, &thing.change);
	assert_ptr_equal(changes_after(&changes, 1), &thing.change);
	assert_null(thing.change.next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watchers_see_the_last_state_however_seldom_they_look),
		cmocka_unit_test(nothing_new_is_nothing_to_see),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "store_fixture.h"

static char filler[80];

/* A disk of a megabyte, in a mount namespace of this program's own, which ends with it. */
static int small_disk_mount(void **state)
{
	if (store_folder_create(state) < 0)
		return -1;
	snprintf(filler, sizeof(filler), "%s/filler", store_folder);
	if (unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		mount("none", store_folder, "tmpfs", 0, "size=1m") == 0)
		*state = filler;
	return 0;
}

static int small_disk_unmount(void **state)
{
	store_close(store);
	store = NULL;
	if (*state != NULL)
		umount2(store_folder, MNT_DETACH);
	return store_folder_remove(state);
}

static void need_small_disk(void *const *state)
{
	if (*state == NULL) {
		print_message("a file system cannot be mounted here\n");
		skip();
	}
}

static void fill_disk(void)
{
	static const char bytes[4096];
	int file = open(filler, O_CREAT | O_WRONLY | O_APPEND, 0600);

	while (write(file, bytes, sizeof(bytes)) > 0)
		continue;
	assert_int_equal(errno, ENOSPC);
	close(file);
}

static void a_full_disk_refuses_changes_until_there_is_room(void **state)
{
	static char large[200000];

	need_small_disk(state);
	store_reopen();
	put_alone("acme", "user", "ann", "1");
	audit_queue(0, 4);
	assert_int_equal(store_flush(store), 0);
	audit_queue(4, 2);
	fill_disk();

	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put(store, "acme", "user", "big", large, sizeof(large)), 0);
	assert_int_equal(put("acme", "user", "ann", "2"), 0);
	assert_int_equal(store_commit(store), -EIO);
	assert_true(store_is_failing(store));
	assert_records("acme/user/ann=1;");
	assert_audit_is(true, 4);
	assert_true(store_has_queued(store));

	unlink(filler);
	put_alone("acme", "user", "ann", "3");
	assert_false(store_is_failing(store));
	assert_false(store_has_queued(store));
	assert_audit_is(true, 6);
	store_reopen();
	assert_records("acme/user/ann=3;");
	assert_audit_is(true, 6);
}

/* More than the cache holds goes to the disk before the commit: the put itself is refused. */
static void a_change_too_large_for_the_disk_is_refused_whole(void **state)
{
	size_t size = 8000000;
	char *large;

	need_small_disk(state);
	large = calloc(1, size);
	store_reopen();
	put_alone("acme", "user", "ann", "1");
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(put("acme", "user", "ann", "2"), 0);
	assert_int_equal(store_put(store, "acme", "user", "big", large, size), -EIO);
	assert_true(store_is_failing(store));
	assert_int_equal(put("acme", "user", "bob", "3"), -EIO);
	assert_int_equal(store_delete(store, "acme", "user", "ann"), -EIO);
	assert_int_equal(store_commit(store), -EIO);
	assert_records("acme/user/ann=1;");
	put_alone("acme", "user", "ann", "4");
	assert_false(store_is_failing(store));
	store_reopen();
	assert_records("acme/user/ann=4;");
	free(large);
}

static void the_audit_waits_for_room(void **state)
{
	need_small_disk(state);
	store_reopen();
	audit_queue(0, 10);
	assert_int_equal(store_flush(store), 0);
	fill_disk();
	/* The log has some room left in its last page. */
	audit_queue(10, 4000);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(store_flush(store), -EIO);
		assert_true(store_is_failing(store));
		assert_true(store_has_queued(store));
		assert_audit_is(true, 10);
	}
	audit_queue(4010, 10);
	unlink(filler);
	assert_int_equal(mount("none", store_folder, NULL, MS_REMOUNT, "size=8m"), 0);
	assert_int_equal(store_flush(store), 0);
	assert_false(store_is_failing(store));
	assert_audit_is(true, 4020);
	store_reopen();
	assert_audit_is(true, 4020);
}

static void a_flush_of_nothing_finds_out_whether_there_is_room_again(void **state)
{
	static char large[200000];

	need_small_disk(state);
	store_reopen();
	fill_disk();
	assert_int_equal(store_begin(store), 0);
	store_put(store, "acme", "user", "big", large, sizeof(large));
	assert_int_equal(store_commit(store), -EIO);
	assert_int_equal(store_flush(store), -EIO);
	assert_true(store_is_failing(store));
	unlink(filler);
	assert_int_equal(store_flush(store), 0);
	assert_false(store_is_failing(store));
	assert_audit_is(true, 0);
}

int main(void)
{
#define SMALL_DISK_TEST(name) \
	cmocka_unit_test_setup_teardown(name, small_disk_mount, small_disk_unmount)
	const struct CMUnitTest tests[] = {
		SMALL_DISK_TEST(a_full_disk_refuses_changes_until_there_is_room),
		SMALL_DISK_TEST(a_change_too_large_for_the_disk_is_refused_whole),
		SMALL_DISK_TEST(the_audit_waits_for_room),
		SMALL_DISK_TEST(a_flush_of_nothing_finds_out_whether_there_is_room_again),
	};

	return cmocka_run_group_tests_name("full disk", tests, NULL, NULL);
}

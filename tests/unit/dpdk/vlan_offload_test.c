/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "net/vlan_offload.h"

/* Interfaces of a network of the test's own: of a veth pair, which can take tags off, and does. */

static bool is_stubborn; /* the driver: it says yes, and goes on */
static unsigned changes;

/* In place of the C library's. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (request == SIOCETHTOOL &&
		*(uint32_t *)((struct ifreq *)arg)->ifr_data == ETHTOOL_SFEATURES) {
		changes++;
		if (is_stubborn)
			return 0;
	}
	return (int)syscall(SYS_ioctl, fd, request, arg);
}

static bool takes_off_tags(const char *interface)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GFLAGS };
	struct ifreq request = { .ifr_data = (char *)&value };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	assert_int_equal(syscall(SYS_ioctl, fd, SIOCETHTOOL, &request), 0);
	close(fd);
	return value.data & ETH_FLAG_RXVLAN;
}

static int begin(void **state)
{
	(void)state;
	is_stubborn = false;
	changes = 0;
	return unshare(CLONE_NEWNET) != 0 || system("ip link add a0 type veth peer name b0") != 0;
}

static void tags_are_left_where_they_are(void **state)
{
	(void)state;
	assert_true(takes_off_tags("a0"));
	assert_int_equal(vlan_offload_stop("a0"), 0);
	assert_false(takes_off_tags("a0"));
	assert_true(takes_off_tags("b0"));
	assert_int_equal(changes, 1);
	/* There is nothing to change, and nothing is asked for. */
	assert_int_equal(vlan_offload_stop("a0"), 0);
	assert_int_equal(vlan_offload_stop("lo"), 0);
	assert_int_equal(changes, 1);
}

static void a_driver_that_goes_on_is_noticed(void **state)
{
	(void)state;
	is_stubborn = true;
	assert_int_equal(vlan_offload_stop("a0"), -ENOTSUP);
	assert_true(takes_off_tags("a0"));
}

static void an_interface_that_is_not_there_is_told(void **state)
{
	(void)state;
	assert_int_equal(vlan_offload_stop("c0"), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tags_are_left_where_they_are, begin),
		cmocka_unit_test_setup(a_driver_that_goes_on_is_noticed, begin),
		cmocka_unit_test_setup(an_interface_that_is_not_there_is_told, begin),
	};

	return cmocka_run_group_tests_name("vlan_offload", tests, NULL, NULL);
}

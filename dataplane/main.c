/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/dataplane.h"

#define DEFAULT_CONFIG "/etc/bridgetap/dataplane.conf"

static const char usage[] =
	"Usage: bridgetap-dataplane [--config FILE] [--check]\n"
	"\n"
	"The packet side of Bridgetap: mixes and forwards RTP on the ports of its configuration,\n"
	"as the control plane tells it over a Unix socket.\n"
	"\n"
	"  -c, --config FILE  configuration (default " DEFAULT_CONFIG ")\n"
	"  -n, --check        only check the configuration: 0 if it is right\n"
	"  -V, --version      print the version\n"
	"  -h, --help         print this\n";

static int start_and_run(struct dataplane *dp)
{
	if (dataplane_init_eal(dp) < 0)
		return -1;
	if (dataplane_init_ports(dp) < 0)
		return -1;
	if (dataplane_init_workers(dp) < 0)
		return -1;
	if (dataplane_init_control(dp) < 0)
		return -1;
	return dataplane_run(dp);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'n' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static struct dataplane dp = { .epoll_fd = -1, .signal_fd = -1, .timer_fd = -1 };
	const char *path = DEFAULT_CONFIG;
	bool check = false;
	int option, ret;

	while ((option = getopt_long(argc, argv, "c:nVh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'n':
			check = true;
			break;
		case 'V':
			puts("bridgetap-dataplane " BRIDGETAP_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EXIT_FAILURE;
		}
	}
	if (config_load(&dp.config, path, argv[0]) < 0)
		return EXIT_FAILURE;
	if (check) {
		printf("%s is right\n", path);
		config_free(&dp.config);
		return EXIT_SUCCESS;
	}
	ret = start_and_run(&dp);
	dataplane_fini(&dp);
	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

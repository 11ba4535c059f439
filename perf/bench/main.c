/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/report.h"

static const char usage[] =
	"Usage: bridgetap-bench-control [OPTION...] STEP...\n"
	"\n"
	"Loads a control plane through its client API, and takes the time. bench.py starts it and\n"
	"reads what it prints.\n"
	"\n"
	"Steps, in an order that makes sense:\n"
	"  setup    an organisation with agents, and supervisors who are logged in\n"
	"  load     load the table of calls\n"
	"  list     list calls by filters\n"
	"  watch    watch calls that change\n"
	"  switch   switch modes, as many as can be\n"
	"\n"
	"  -s, --socket FILE        where the control plane listens\n"
	"  -p, --pid PID            its process, to see how much CPU it takes\n"
	"  -d, --dataplane-pid PID  likewise of the data plane\n"
	"  -c, --calls N            live calls (100000)\n"
	"  -a, --agents N           users who are agents (as many as calls)\n"
	"  -u, --supervisors N      users who are supervisors (512)\n"
	"  -w, --watchers N         streams that watch (1000)\n"
	"  -r, --realms N           realms \"access1\" and so on of the data plane (1)\n"
	"  -n, --connections N      connections (1)\n"
	"  -t, --seconds N          how long sustained load lasts (5)\n"
	"  -h, --help               print this\n";

static const struct option options[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "pid", required_argument, NULL, 'p' },
	{ "dataplane-pid", required_argument, NULL, 'd' },
	{ "calls", required_argument, NULL, 'c' },
	{ "agents", required_argument, NULL, 'a' },
	{ "supervisors", required_argument, NULL, 'u' },
	{ "watchers", required_argument, NULL, 'w' },
	{ "realms", required_argument, NULL, 'r' },
	{ "connections", required_argument, NULL, 'n' },
	{ "seconds", required_argument, NULL, 't' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static const struct step {
	const char *name;
	int (*run)(struct bench *bench);
} steps[] = {
	{ "setup", bench_setup },
	{ "load", bench_load },
	{ "list", bench_list },
	{ "watch", bench_watch },
	{ "switch", bench_switch },
};

void *bench_alloc(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (memory == NULL)
		report_out_of_memory();
	return memory;
}

void bench_pause(struct bench *bench, double seconds)
{
	const size_t forever = 1;

	hub_until_none(&bench->hub, &forever, seconds);
}

static const struct step *step_find(const char *name)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(steps[i].name, name) == 0)
			return &steps[i];
	return NULL;
}

static int refuse_usage(const char *what)
{
	fprintf(stderr, "bridgetap-bench-control: %s\n\n%s", what, usage);
	return 2;
}

/* A positive number, or 0. */
static unsigned number_of(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	return *text != '-' && *end == '\0' && value <= 1u << 24 ? (unsigned)value : 0;
}

static unsigned *number_option(struct bench *bench, unsigned *connections, int option)
{
	switch (option) {
	case 'c':
		return &bench->calls;
	case 'a':
		return &bench->agents;
	case 'u':
		return &bench->supervisors;
	case 'w':
		return &bench->watchers;
	case 'r':
		return &bench->realms;
	case 'n':
		return connections;
	default:
		return NULL;
	}
}

/* Take an option; 0, or -1 where its argument is wrong. */
static int take_option(
	struct bench *bench, unsigned *connections, const char **socket_path, int option)
{
	unsigned value = option == 's' ? 1 : number_of(optarg);

	if (value == 0)
		return -1;
	if (option == 's')
		*socket_path = optarg;
	else if (option == 'p')
		bench->pids.controlplane = (int)value;
	else if (option == 'd')
		bench->pids.dataplane = (int)value;
	else if (option == 't')
		bench->seconds = value;
	else
		*number_option(bench, connections, option) = value;
	return 0;
}

static int run_steps(struct bench *bench, char **names)
{
	for (; *names != NULL; names++)
		if (step_find(*names)->run(bench) < 0)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	struct bench bench = {
		.calls = 100000, .supervisors = 512, .watchers = 1000, .realms = 1, .seconds = 5
	};
	const char *socket_path = NULL;
	unsigned connections = 1;
	int option;

	while ((option = getopt_long(argc, argv, "s:p:d:c:a:u:w:r:n:t:h", options, NULL)) != -1) {
		if (option == 'h')
			return printf("%s", usage) < 0;
		if (option == '?' || take_option(&bench, &connections, &socket_path, option) < 0)
			return refuse_usage("an option is wrong");
	}
	if (socket_path == NULL || optind == argc)
		return refuse_usage("--socket and a step are needed");
	for (int i = optind; i < argc; i++)
		if (step_find(argv[i]) == NULL)
			return refuse_usage("there is no such step");
	if (bench.agents == 0)
		bench.agents = bench.calls;
	signal(SIGPIPE, SIG_IGN);
	/* After an error calls may be under way whose memory is gone: nothing is tidied up then. */
	if (hub_init(&bench.hub, socket_path, BENCH_ORGANISATION, connections) < 0 ||
		run_steps(&bench, argv + optind) < 0)
		return 1;
	hub_fini(&bench.hub);
	return 0;
}

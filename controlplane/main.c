/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "dataplane_link/link.h"
#include "grpc/session.h"
#include "listener.h"
#include "log.h"
#include "loop/loop.h"
#include "monitor/world.h"
#include "service/keep.h"
#include "service/services.h"
#include "store/store.h"

#define DEFAULT_CONFIG "/etc/bridgetap/controlplane.conf"
#define DRAIN_MS       2000 /* how long clients may take to go when we stop */

static const char usage[] =
	"Usage: bridgetap-controlplane [--config FILE] [--check]\n"
	"\n"
	"The deciding side of Bridgetap: serves gRPC clients on a Unix socket, and loads the\n"
	"outcome into the data plane.\n"
	"\n"
	"  -c, --config FILE  configuration (default " DEFAULT_CONFIG ")\n"
	"  -n, --check        only check the configuration: 0 if it is right\n"
	"  -V, --version      print the version\n"
	"  -h, --help         print this\n";

/* The whole process. */
struct controlplane {
	struct config config;
	struct loop *loop;
	struct world world;
	struct store *store;
	struct link *link;
	struct services services;
	struct grpc_server grpc;
	struct listener *listener;
	int signal_fd;
	struct loop_op signal_op;
	struct loop_timer drain;
};

static uint32_t random_bits(void *arg)
{
	uint32_t bits = 0;

	(void)arg;
	while (getrandom(&bits, sizeof(bits), 0) != sizeof(bits)) {
	}
	return bits;
}

static uint64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- what was kept --- */

static int restore_settings(struct controlplane *cp)
{
	char error[256];

	cp->store = store_open(cp->config.store, error);
	if (cp->store == NULL) {
		log_line(LOG_ERR,
			"%s: cannot open the store: %s; set \"store\" to a file in a "
			"directory that can be written to",
			cp->config.store, error);
		return -EIO;
	}
	if (keep_restore(cp->store, &cp->world) < 0) {
		log_line(LOG_ERR, "%s: cannot read the store", cp->config.store);
		return -EIO;
	}
	return 0;
}

/* --- stopping --- */

static void stop(void *arg)
{
	struct controlplane *cp = arg;

	loop_stop(cp->loop);
}

static void signalled(void *arg, int result)
{
	struct controlplane *cp = arg;

	(void)result;
	log_line(LOG_INFO, "stopping; calls go on");
	loop_timer_set(cp->loop, &cp->drain, DRAIN_MS);
	listener_shut_down(cp->listener, stop, cp);
}

static int watch_signals(struct controlplane *cp)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	cp->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (cp->signal_fd < 0)
		return -errno;
	cp->signal_op = (struct loop_op){ .done = signalled, .arg = cp };
	cp->drain = (struct loop_timer){ .expired = stop, .arg = cp };
	loop_poll_in(cp->loop, &cp->signal_op, cp->signal_fd);
	return 0;
}

/* --- life --- */

static int start(struct controlplane *cp)
{
	const char *missing;

	cp->loop = loop_create();
	if (cp->loop == NULL) {
		log_line(LOG_ERR,
			"this kernel gives no io_uring: %s; allow it "
			"(sysctl kernel.io_uring_disabled=0)",
			strerror(errno));
		return -errno;
	}
	world_init(&cp->world, random_bits, NULL);
	if (restore_settings(cp) < 0)
		return -EIO;
	cp->link = link_create(cp->loop, &cp->world, cp->config.dataplane);
	if (cp->link == NULL || watch_signals(cp) < 0) {
		log_line(LOG_ERR, "out of memory");
		return -ENOMEM;
	}
	cp->services = (struct services){
		.loop = cp->loop,
		.world = &cp->world,
		.link = cp->link,
		.store = cp->store,
		.peers = &cp->config.peers,
		.wall_ms = wall_ms,
		.started_ms = loop_now_ms(cp->loop),
		.dead_calls.after_s = cp->config.end_dead_calls_after_s,
	};
	services_init(&cp->services);
	cp->grpc.services = services_list(&cp->services, &cp->grpc.service_count);
	if (!grpc_server_check(&cp->grpc, &missing)) {
		log_line(LOG_ERR, "method %s has no code: this build is broken", missing);
		return -ENOSYS;
	}
	cp->listener = listener_create(cp->loop, cp->config.listen, cp->config.mode, &cp->grpc);
	if (cp->listener == NULL) {
		int error = errno;

		log_line(LOG_ERR, "cannot listen on %s: %s%s", cp->config.listen, strerror(error),
			error == EADDRINUSE ? "; another control plane is running there" : "");
		return -error;
	}
	log_line(LOG_INFO, "ready: listening on %s", cp->config.listen);
	return 0;
}

static void finish(struct controlplane *cp)
{
	if (cp->loop != NULL)
		loop_close(cp->loop);
	listener_destroy(cp->listener);
	link_destroy(cp->link);
	services_fini(&cp->services);
	world_fini(&cp->world);
	store_close(cp->store);
	peers_fini(&cp->config.peers);
	if (cp->signal_fd >= 0)
		close(cp->signal_fd);
	loop_destroy(cp->loop);
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
	static struct controlplane cp = { .signal_fd = -1 };
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
			puts("bridgetap-controlplane " BRIDGETAP_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EXIT_FAILURE;
		}
	}
	if (config_load(&cp.config, path) < 0)
		return EXIT_FAILURE;
	if (check) {
		printf("%s is right\n", path);
		return EXIT_SUCCESS;
	}
	ret = start(&cp);
	if (ret == 0)
		ret = loop_run(cp.loop);
	finish(&cp);
	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

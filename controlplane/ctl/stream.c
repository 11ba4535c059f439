/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <signal.h>
#include <stddef.h>

#include "ctl/ctl.h"

/* Server streams, which go on until somebody has had enough. */

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

struct watching {
	const struct ctl_watch *watch;
	bool asked;
};

static bool next_request(void *arg, const ProtobufCMessage **message)
{
	struct watching *watching = arg;

	if (watching->asked)
		return false;
	watching->asked = true;
	*message = watching->watch->request;
	return true;
}

static bool take_message(void *arg, const ProtobufCMessage *message)
{
	const struct ctl_watch *watch = ((struct watching *)arg)->watch;

	return watch->message(watch->arg, message) && !interrupted;
}

static bool idle(void *arg)
{
	const struct ctl_watch *watch = ((struct watching *)arg)->watch;

	if (watch->idle != NULL)
		watch->idle(watch->arg);
	return !interrupted;
}

bool ctl_watch_quietly(struct ctl *ctl, const struct ctl_watch *watch, struct client_result *result)
{
	const struct sigaction action = { .sa_handler = interrupt };
	struct watching watching = { .watch = watch };
	const struct client_hooks hooks = { next_request, take_message, idle, &watching };

	sigaction(SIGINT, &action, NULL);
	return ctl_stream_quietly(ctl, watch->method, &hooks, result);
}

int ctl_watch(struct ctl *ctl, const struct ctl_watch *watch)
{
	struct client_result result;

	if (!ctl_watch_quietly(ctl, watch, &result))
		return ctl->code;
	return ctl_end(ctl, &result);
}

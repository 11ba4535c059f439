/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "ctl/monitor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridgetap/v1/monitor.pb-c.h"
#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/parse.h"

void print_session(const void *response)
{
	const Bridgetap__V1__MonitorSession *session = response;

	print_line(stdout, "%s: %s on call %s as session %s; send media to %s",
		or_else(session->user_name, session->user), MODE_WORD(session->mode),
		session->call_id, session->id,
		ADDRESS(session->leg != NULL ? session->leg->local : NULL));
}

static bool parse_mode(const char *text, Bridgetap__V1__Mode *mode)
{
	int value;

	if (!parse_word(text, &bridgetap__v1__mode__descriptor, &value))
		return false;
	*mode = (Bridgetap__V1__Mode)value;
	return true;
}

static int join(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__JoinRequest request = BRIDGETAP__V1__JOIN_REQUEST__INIT;
	struct parsed_media parsed;

	if (!parse_mode(argv[1], &request.mode) ||
		!parse_media(argv[2], argc > 3 ? argv[3] : NULL, &parsed))
		return CTL_USAGE;
	request.call_id = argv[0];
	request.media = &parsed.media;
	return ctl_show(ctl, "Monitor.Join", &request, print_session);
}

/* --- which session --- */

struct finding {
	const char *call;
	char *session; /* NULL while it is not found */
};

static bool take_situation(void *arg, const void *message)
{
	const Bridgetap__V1__WatchNoticesResponse *response = message;
	const Bridgetap__V1__Situation *situation = response->situation;
	struct finding *finding = arg;

	if (situation != NULL && situation->session != NULL &&
		strcmp(situation->session->call_id, finding->call) == 0)
		finding->session = ctl_need(strdup(situation->session->id));
	return false;
}

/* The session that `text` names: by the call that this user monitors, or by its own id. What they
 * monitor is among what concerns them, which every user may watch; an invited agent may not look at
 * the call. To be freed; NULL without a connection. */
static char *find_session(struct ctl *ctl, const char *text)
{
	const Bridgetap__V1__WatchNoticesRequest request =
		BRIDGETAP__V1__WATCH_NOTICES_REQUEST__INIT;
	struct finding finding = { .call = text };
	const struct ctl_watch watch = { "Monitor.WatchNotices", &request, take_situation, NULL,
		&finding };
	struct client_result result;

	if (!ctl_watch_quietly(ctl, &watch, &result))
		return NULL;
	/* Where that failed, what the session is wanted for says why. */
	client_result_free(&result);
	return finding.session != NULL ? finding.session : ctl_need(strdup(text));
}

static int switch_mode(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__SwitchModeRequest request = BRIDGETAP__V1__SWITCH_MODE_REQUEST__INIT;
	char *id;
	int code;

	(void)argc;
	if (!parse_mode(argv[1], &request.mode))
		return CTL_USAGE;
	id = find_session(ctl, argv[0]);
	if (id == NULL)
		return ctl->code;
	request.session_id = id;
	code = ctl_show(ctl, "Monitor.SwitchMode", &request, print_session);
	free(id);
	return code;
}

static int leave(struct ctl *ctl, int argc, char **argv)
{
	char *id = find_session(ctl, argv[0]);
	int code;

	(void)argc;
	if (id == NULL)
		return ctl->code;
	code = ctl_tell_for(ctl, "Monitor.Leave", id, "left");
	free(id);
	return code;
}

const struct ctl_command monitor_commands[] = {
	{ "join", join, 3, 4, "CALL listen|whisper|barge ADDRESS:PORT [pcmu|pcma|g722]", NULL,
		"Monitor a call; ADDRESS:PORT is where your phone takes RTP",
		"  bridgetapctl join c1 listen 192.0.2.30:6000\n" },
	{ "switch", switch_mode, 2, 2, "CALL|SESSION listen|whisper|barge", NULL, "Change the mode",
		"  bridgetapctl switch c1 whisper\n" },
	{ "leave", leave, 1, 1, "CALL|SESSION", NULL,
		"Stop monitoring, or, for an admin, remove the monitor of a SESSION",
		"  bridgetapctl leave c1\n" },
	{ 0 },
};

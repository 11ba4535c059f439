/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "bridgetap/v1/monitor.pb-c.h"
#include "ctl/ctl.h"
#include "proto/unpack.h"

typedef Bridgetap__V1__MonitorSession Session;

static const char *const modes[] = {
	[BRIDGETAP__V1__MODE__MODE_LISTEN] = "listen",
	[BRIDGETAP__V1__MODE__MODE_WHISPER] = "whisper",
	[BRIDGETAP__V1__MODE__MODE_BARGE] = "barge",
};

uint64_t ctl_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- lines --- */

#define COLUMNS "%-20.20s %-10.10s %-15.15s %-3s %8s %-6s %s"

void ctl_format_header(char line[static CTL_LINE_SIZE])
{
	snprintf(line, CTL_LINE_SIZE, COLUMNS, "CALL", "AGENT", "CONTACT", "DIR", "DURATION", "REC",
		"MONITORED BY");
}

static const char *mode_name(Bridgetap__V1__Mode mode)
{
	return (size_t)mode < sizeof(modes) / sizeof(modes[0]) && modes[mode] ? modes[mode] : "?";
}

void ctl_format_call(
	char line[static CTL_LINE_SIZE], const Bridgetap__V1__Call *call, uint64_t now_ms)
{
	static const char *const directions[] = { "-", "in", "out" };
	static const char *const recordings[] = { "-", "on", "paused" };
	uint64_t seconds = now_ms > call->created_ms ? (now_ms - call->created_ms) / 1000 : 0;
	char duration[32], monitors[256] = "";

	snprintf(duration, sizeof(duration), "%llu:%02u:%02u", (unsigned long long)(seconds / 3600),
		(unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
	for (size_t i = 0; i < call->n_monitors; i++)
		snprintf(monitors + strlen(monitors), sizeof(monitors) - strlen(monitors),
			"%s%.60s (%s)", i ? ", " : "", call->monitors[i]->user_name,
			mode_name(call->monitors[i]->mode));
	snprintf(line, CTL_LINE_SIZE, COLUMNS, call->id, *call->agent_user ? call->agent_user : "-",
		*call->contact_number ? call->contact_number : "-",
		directions[call->direction < 3 ? call->direction : 0], duration,
		recordings[call->recording < 3 ? call->recording : 0], *monitors ? monitors : "-");
}

/* --- calls --- */

int ctl_calls(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__ListCallsRequest request = BRIDGETAP__V1__LIST_CALLS_REQUEST__INIT;
	char line[CTL_LINE_SIZE], token[64] = "";
	uint64_t now = ctl_now_ms();
	uint32_t total;

	(void)argv;
	if (argc > 1)
		return ctl_usage("calls takes no arguments");
	ctl_format_header(line);
	if (!ctl->json)
		puts(line);
	request.page_size = 1000;
	do {
		struct client_result result;
		Bridgetap__V1__ListCallsResponse *response;

		request.page_token = token;
		response = (void *)client_unary(ctl->client, &bridgetap__v1__calls__descriptor,
			"ListCalls", &request.base, &result);
		if (response == NULL)
			return ctl_failed(&result);
		for (size_t i = 0; i < response->n_calls; i++) {
			if (ctl->json) {
				ctl_print_json(&response->calls[i]->base);
				continue;
			}
			ctl_format_call(line, response->calls[i], now);
			puts(line);
		}
		total = response->total;
		snprintf(token, sizeof(token), "%s", response->next_page_token);
		unpacked_free(&response->base);
	} while (*token != '\0');
	if (!ctl->json)
		printf("%u calls\n", total);
	return CTL_OK;
}

/* --- join, switch, leave --- */

static bool parse_mode(const char *text, Bridgetap__V1__Mode *mode)
{
	for (unsigned i = 1; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i], text) == 0) {
			*mode = (Bridgetap__V1__Mode)i;
			return true;
		}
	ctl_usage("\"%s\" is none of listen, whisper, barge", text);
	return false;
}

/* "192.0.2.30:6000" or "[2001:db8::30]:6000", in place. */
static bool parse_address(char *text, Bridgetap__V1__MediaAddress *address)
{
	char *colon = strrchr(text, ':'), *end;

	address->address = text;
	if (colon == NULL || colon == text) {
		ctl_usage("\"%s\" is not ADDRESS:PORT", text);
		return false;
	}
	*colon = '\0';
	if (*text == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		address->address = text + 1;
	}
	address->port = (uint32_t)strtoul(colon + 1, &end, 10);
	if (*end != '\0' || address->port == 0) {
		ctl_usage("\"%s\" is not a port", colon + 1);
		return false;
	}
	return true;
}

static void print_session(struct ctl *ctl, const Session *session)
{
	const Bridgetap__V1__MediaAddress *local = session->leg->local;

	if (ctl->json) {
		ctl_print_json(&session->base);
		return;
	}
	printf("%s: %s on call %s as session %s; send media to %s%s%s:%u\n", session->user_name,
		mode_name(session->mode), session->call_id, session->id,
		strchr(local->address, ':') ? "[" : "", local->address,
		strchr(local->address, ':') ? "]" : "", local->port);
}

int ctl_join(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__JoinRequest request = BRIDGETAP__V1__JOIN_REQUEST__INIT;
	Bridgetap__V1__MediaDescription media = BRIDGETAP__V1__MEDIA_DESCRIPTION__INIT;
	Bridgetap__V1__MediaAddress remote = BRIDGETAP__V1__MEDIA_ADDRESS__INIT;
	struct client_result result;
	Session *session;

	if (argc < 4 || argc > 5)
		return ctl_usage("join takes CALL, a mode and ADDRESS:PORT, and maybe a codec");
	if (!parse_mode(argv[2], &request.mode) || !parse_address(argv[3], &remote))
		return CTL_USAGE;
	media.codec = BRIDGETAP__V1__CODEC__CODEC_PCMU;
	if (argc == 5 && strcasecmp(argv[4], "pcma") == 0)
		media.codec = BRIDGETAP__V1__CODEC__CODEC_PCMA;
	else if (argc == 5 && strcasecmp(argv[4], "pcmu") != 0)
		return ctl_usage("\"%s\" is none of pcmu, pcma", argv[4]);
	media.remote = &remote;
	request.call_id = argv[1];
	request.media = &media;
	session = (void *)client_unary(
		ctl->client, &bridgetap__v1__monitor__descriptor, "Join", &request.base, &result);
	if (session == NULL)
		return ctl_failed(&result);
	print_session(ctl, session);
	unpacked_free(&session->base);
	return CTL_OK;
}

/* The session that `text` names: by its own id, or by the call that this user monitors. */
static void find_session(struct ctl *ctl, const char *text, char *id, size_t size)
{
	Bridgetap__V1__GetCallRequest request = BRIDGETAP__V1__GET_CALL_REQUEST__INIT;
	struct client_result result;
	Bridgetap__V1__Call *call;

	snprintf(id, size, "%s", text);
	request.call_id = (char *)(uintptr_t)text;
	call = (void *)client_unary(
		ctl->client, &bridgetap__v1__calls__descriptor, "GetCall", &request.base, &result);
	client_result_free(&result);
	for (size_t i = 0; call != NULL && i < call->n_monitors; i++)
		if (strcmp(call->monitors[i]->user, ctl->options.user) == 0)
			snprintf(id, size, "%s", call->monitors[i]->id);
	if (call != NULL)
		unpacked_free(&call->base);
}

int ctl_switch(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__SwitchModeRequest request = BRIDGETAP__V1__SWITCH_MODE_REQUEST__INIT;
	struct client_result result;
	Session *session;
	char id[128];

	if (argc != 3)
		return ctl_usage("switch takes CALL or SESSION, and a mode");
	if (!parse_mode(argv[2], &request.mode))
		return CTL_USAGE;
	find_session(ctl, argv[1], id, sizeof(id));
	request.session_id = id;
	session = (void *)client_unary(ctl->client, &bridgetap__v1__monitor__descriptor,
		"SwitchMode", &request.base, &result);
	if (session == NULL)
		return ctl_failed(&result);
	print_session(ctl, session);
	unpacked_free(&session->base);
	return CTL_OK;
}

int ctl_leave(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__LeaveRequest request = BRIDGETAP__V1__LEAVE_REQUEST__INIT;
	struct client_result result;
	ProtobufCMessage *response;
	char id[128];

	if (argc != 2)
		return ctl_usage("leave takes CALL or SESSION");
	find_session(ctl, argv[1], id, sizeof(id));
	request.session_id = id;
	response = client_unary(
		ctl->client, &bridgetap__v1__monitor__descriptor, "Leave", &request.base, &result);
	if (response == NULL)
		return ctl_failed(&result);
	if (ctl->json)
		ctl_print_json(response);
	else
		puts("left");
	unpacked_free(response);
	return CTL_OK;
}

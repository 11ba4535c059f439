/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <string.h>

#include "bridgetap/v1/monitor.pb-c.h"
#include "ctl/ctl.h"
#include "ctl/format.h"

/* All that concerns the user, one line each. */

typedef Bridgetap__V1__Notice Notice;

/* --- words --- */

static const char *mode_for_agent(Bridgetap__V1__Mode mode)
{
	switch (mode) {
	case BRIDGETAP__V1__MODE__MODE_LISTEN:
		return "listening";
	case BRIDGETAP__V1__MODE__MODE_WHISPER:
		return "talking to you only";
	case BRIDGETAP__V1__MODE__MODE_BARGE:
		return "talking to both";
	default:
		return "in an unknown mode";
	}
}

/* Why something has ended, depending on what it was. */
enum ended {
	SESSION,
	INVITATION,
	OFFER,
};

static const char *why_ended(Bridgetap__V1__NoticeWhy why, enum ended ended)
{
	static const char *const by_user[] = { "you left", "declined", "you rejected it" };
	static const char *const by_other[] = { "you were removed", "withdrawn", "withdrawn" };

	switch (why) {
	case BRIDGETAP__V1__NOTICE_WHY__BY_USER:
		return by_user[ended];
	case BRIDGETAP__V1__NOTICE_WHY__BY_OTHER:
		return by_other[ended];
	case BRIDGETAP__V1__NOTICE_WHY__CALL_OVER:
		return "the call is over";
	case BRIDGETAP__V1__NOTICE_WHY__RIGHT_LOST:
		return "the right to it was lost";
	case BRIDGETAP__V1__NOTICE_WHY__OTHER_CALL:
		return "an incoming call was taken";
	case BRIDGETAP__V1__NOTICE_WHY__TRANSFERRED:
		return "the call went to another agent";
	case BRIDGETAP__V1__NOTICE_WHY__WAS_ACCEPTED:
		return "accepted";
	case BRIDGETAP__V1__NOTICE_WHY__MEDIA_FAILED:
		return "the media plane has lost it";
	default:
		return "for an unknown reason";
	}
}

/* --- what stands --- */

/* Who, how. `moment` is when, or "now" for what stands. */
static void print_attendance(const char *moment, const char *call, const char *verb,
	const Bridgetap__V1__Attendance *attendance)
{
	if (attendance != NULL)
		print_line(stdout, "%s  call %s: %s %s%s", moment, call,
			or_else(attendance->user_name, attendance->user), verb,
			mode_for_agent(attendance->mode));
}

static void print_hand(const char *moment, const char *call, const Bridgetap__V1__Hand *hand)
{
	if (hand == NULL)
		print_line(stdout, "%s  call %s: your hand is down", moment, call);
	else if (*hand->attended_by == '\0')
		print_line(
			stdout, "%s  call %s: your hand is up: supervisors see it", moment, call);
	else
		print_line(stdout, "%s  call %s: your hand is up: %s attends", moment, call,
			or_else(hand->attended_by_name, hand->attended_by));
}

static void print_invitation(const char *moment, const Bridgetap__V1__Invitation *invitation)
{
	const char *mode = MODE_WORD(invitation->mode);

	print_line(stdout, "%s  call %s: %s invites %s%s%s: invitation %s", moment,
		invitation->call_id, or_else(invitation->from_name, invitation->from_user),
		or_else(invitation->to_name, invitation->to_user), invitation->mode ? " to " : "",
		invitation->mode ? mode : "", invitation->id);
}

static void print_offer(const char *moment, const Bridgetap__V1__Offer *offer)
{
	print_line(stdout, "%s  a call from %s comes in for you: offer %s", moment,
		or_else(offer->contact_number, "an unknown number"), offer->id);
}

static void print_situation(const Bridgetap__V1__Situation *situation)
{
	const Bridgetap__V1__MonitorSession *session = situation->session;

	for (size_t i = 0; i < situation->n_calls; i++) {
		const Bridgetap__V1__OwnCall *call = situation->calls[i];

		print_line(stdout, "now  call %s: you are the agent", call->call_id);
		if (call->hand != NULL)
			print_hand("now", call->call_id, call->hand);
		for (size_t m = 0; m < call->n_monitors; m++)
			print_attendance("now", call->call_id, "is ", call->monitors[m]);
	}
	if (session != NULL)
		print_line(stdout, "now  call %s: you monitor it (%s), as session %s",
			session->call_id, MODE_WORD(session->mode), session->id);
	for (size_t i = 0; i < situation->n_invitations; i++)
		print_invitation("now", situation->invitations[i]);
	for (size_t i = 0; i < situation->n_offers; i++)
		print_offer("now", situation->offers[i]);
}

/* --- what happens --- */

static void print_session_ended(const char *moment, const Notice *notice)
{
	char reasons[512] = "";

	for (size_t i = 0; i < notice->n_reasons; i++)
		snprintf(reasons + strlen(reasons), sizeof(reasons) - strlen(reasons), "%s%s: %s",
			i ? "; " : " (", reason_name((int)notice->reasons[i]->code),
			notice->reasons[i]->sentence);
	print_line(stdout, "%s  call %s: your monitoring has ended: %s%s%s", moment,
		notice->call_id, why_ended(notice->why, SESSION), reasons,
		*reasons != '\0' ? ")" : "");
}

static void print_invitation_ended(const char *moment, const Notice *notice)
{
	const Bridgetap__V1__Invitation *invitation = notice->invitation;

	if (invitation != NULL)
		print_line(stdout, "%s  call %s: the invitation %s from %s to %s has ended: %s",
			moment, invitation->call_id, invitation->id,
			or_else(invitation->from_name, invitation->from_user),
			or_else(invitation->to_name, invitation->to_user),
			why_ended(notice->why, INVITATION));
}

static void print_offer_ended(const char *moment, const Notice *notice)
{
	const Bridgetap__V1__Offer *offer = notice->offer;

	if (offer != NULL)
		print_line(stdout, "%s  the call from %s is offered no more: %s", moment,
			or_else(offer->contact_number, "an unknown number"),
			why_ended(notice->why, OFFER));
}

static void print_left(const char *moment, const Notice *notice)
{
	const Bridgetap__V1__Attendance *attendance = notice->attendance;

	print_line(stdout, "%s  call %s: %s has left", moment, notice->call_id,
		attendance != NULL ? or_else(attendance->user_name, attendance->user)
				   : "a monitor");
}

static void print_notice(const Notice *notice)
{
	static const Bridgetap__V1__Hand up = BRIDGETAP__V1__HAND__INIT;
	const char *moment = TIME(notice->at_ms);

	switch (notice->kind) {
	case BRIDGETAP__V1__NOTICE_KIND__MONITOR_JOINED:
		print_attendance(moment, notice->call_id, "has joined, ", notice->attendance);
		break;
	case BRIDGETAP__V1__NOTICE_KIND__MONITOR_SWITCHED:
		print_attendance(moment, notice->call_id, "is now ", notice->attendance);
		break;
	case BRIDGETAP__V1__NOTICE_KIND__MONITOR_LEFT:
		print_left(moment, notice);
		break;
	case BRIDGETAP__V1__NOTICE_KIND__HAND_RAISED:
	case BRIDGETAP__V1__NOTICE_KIND__HAND_ATTENDED:
		print_hand(moment, notice->call_id, notice->hand != NULL ? notice->hand : &up);
		break;
	case BRIDGETAP__V1__NOTICE_KIND__HAND_LOWERED:
		print_hand(moment, notice->call_id, NULL);
		break;
	case BRIDGETAP__V1__NOTICE_KIND__SESSION_ENDED:
		print_session_ended(moment, notice);
		break;
	case BRIDGETAP__V1__NOTICE_KIND__INVITED:
		if (notice->invitation != NULL)
			print_invitation(moment, notice->invitation);
		break;
	case BRIDGETAP__V1__NOTICE_KIND__INVITATION_ENDED:
		print_invitation_ended(moment, notice);
		break;
	case BRIDGETAP__V1__NOTICE_KIND__CALL_OFFERED:
		if (notice->offer != NULL)
			print_offer(moment, notice->offer);
		break;
	case BRIDGETAP__V1__NOTICE_KIND__OFFER_ENDED:
		print_offer_ended(moment, notice);
		break;
	default:
		print_line(stdout, "%s  a notice of an unknown kind, %d", moment, notice->kind);
	}
}

/* --- the call --- */

static bool take_message(void *arg, const void *message)
{
	const Bridgetap__V1__WatchNoticesResponse *response = message;
	const struct ctl *ctl = arg;

	if (ctl->json) {
		ctl_print_json(response);
		return true;
	}
	if (response->lagged)
		print_line(stdout, "now  some notices were left out; this is how it stands:");
	if (response->situation != NULL)
		print_situation(response->situation);
	if (response->notice != NULL)
		print_notice(response->notice);
	return true;
}

static int notices(struct ctl *ctl, int argc, char **argv)
{
	const Bridgetap__V1__WatchNoticesRequest request =
		BRIDGETAP__V1__WATCH_NOTICES_REQUEST__INIT;
	const struct ctl_watch watch = { "Monitor.WatchNotices", &request, take_message, NULL,
		ctl };

	(void)argc;
	(void)argv;
	return ctl_watch(ctl, &watch);
}

const struct ctl_command notices_commands[] = {
	{ "notices", notices, 0, 0, "", NULL,
		"Show all that concerns you as it stands, then as it happens",
		"  bridgetapctl --user ann notices\n" },
	{ 0 },
};

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <strings.h>

#include "bridgetap/v1/monitor.pb-c.h"
#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/monitor.h"
#include "ctl/parse.h"

/* Agents: hands, invitations, and incoming calls for who monitors. */

/* --- hand --- */

static void print_hand(const void *response)
{
	const Bridgetap__V1__Hand *hand = response;

	if (*hand->attended_by == '\0')
		puts("your hand is up: supervisors see it");
	else
		print_line(stdout, "your hand is up: %s attends",
			or_else(hand->attended_by_name, hand->attended_by));
}

static int raise_hand(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return ctl_show_for(ctl, "Monitor.RaiseHand", argv[0], print_hand);
}

static int lower_hand(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return ctl_tell_for(ctl, "Monitor.LowerHand", argv[0], "your hand is down");
}

/* --- invitations --- */

static void print_invitation(const void *response)
{
	const Bridgetap__V1__Invitation *invitation = response;

	print_line(stdout, "invited %s into call %s: invitation %s",
		or_else(invitation->to_name, invitation->to_user), invitation->call_id,
		invitation->id);
}

static int invite(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__InviteRequest request = BRIDGETAP__V1__INVITE_REQUEST__INIT;
	int mode = BRIDGETAP__V1__MODE__MODE_UNSPECIFIED;

	if (argc > 2 && !parse_word(argv[2], &bridgetap__v1__mode__descriptor, &mode))
		return CTL_USAGE;
	request.call_id = argv[0];
	request.user_id = argv[1];
	request.mode = (Bridgetap__V1__Mode)mode;
	return ctl_show(ctl, "Monitor.Invite", &request, print_invitation);
}

static void print_invitable(const void *response)
{
	static const char *const titles[] = { "USER", "NAME", "CANNOT JOIN", NULL };
	const Bridgetap__V1__ListInvitableResponse *invitable = response;
	struct grid grid;

	grid_init(&grid, titles);
	for (size_t i = 0; i < invitable->n_agents; i++) {
		const Bridgetap__V1__Invitable *agent = invitable->agents[i];
		const struct reasons blocked = { agent->blocked, agent->n_blocked }, none = { 0 };

		grid_row(&grid);
		grid_cell(&grid, "%s", agent->user_id);
		grid_cell(&grid, "%s", agent->name);
		grid_reasons(&grid, &blocked, &none);
	}
	grid_print(&grid, true);
	grid_fini(&grid);
}

static int list_invitable(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return ctl_show_for(ctl, "Monitor.ListInvitable", argv[0], print_invitable);
}

static int accept_invitation(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__AcceptInvitationRequest request =
		BRIDGETAP__V1__ACCEPT_INVITATION_REQUEST__INIT;
	const char *codec = NULL;
	struct parsed_media parsed;
	int mode = BRIDGETAP__V1__MODE__MODE_UNSPECIFIED;

	/* The mode may be left out before a codec: the invitation may have one. */
	if (argc == 3 && !is_word(argv[2], &bridgetap__v1__mode__descriptor, &mode) &&
		is_word(argv[2], &bridgetap__v1__codec__descriptor, &(int){ 0 }))
		codec = argv[2];
	else if (argc > 2 && !parse_word(argv[2], &bridgetap__v1__mode__descriptor, &mode))
		return CTL_USAGE;
	if (argc > 3)
		codec = argv[3];
	if (!parse_media(argv[1], codec, &parsed))
		return CTL_USAGE;
	request.invitation_id = argv[0];
	request.mode = (Bridgetap__V1__Mode)mode;
	request.media = &parsed.media;
	return ctl_show(ctl, "Monitor.AcceptInvitation", &request, print_session);
}

static int decline_invitation(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return ctl_tell_for(ctl, "Monitor.DeclineInvitation", argv[0], "declined");
}

static int withdraw_invitation(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return ctl_tell_for(ctl, "Monitor.WithdrawInvitation", argv[0], "withdrawn");
}

/* --- incoming calls --- */

static int answer_offer(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__AnswerOfferRequest request = BRIDGETAP__V1__ANSWER_OFFER_REQUEST__INIT;

	(void)argc;
	request.accept = strcasecmp(argv[1], "accept") == 0;
	if (!request.accept && strcasecmp(argv[1], "reject") != 0)
		return ctl_usage("\"%s\" is none of accept, reject", argv[1]);
	request.offer_id = argv[0];
	return ctl_tell(ctl, "Monitor.AnswerOffer", &request,
		request.accept ? "accepted: you monitor no more"
			       : "rejected: you go on monitoring");
}

const struct ctl_command people_commands[] = {
	{ "hand raise", raise_hand, 1, 1, "CALL", NULL, "Ask for a supervisor on your own call",
		"  bridgetapctl hand raise c1\n" },
	{ "hand lower", lower_hand, 1, 1, "CALL", NULL, "Ask no more",
		"  bridgetapctl hand lower c1\n" },
	{ "invite", invite, 2, 3, "CALL USER [listen|whisper|barge]", NULL,
		"Invite another agent into your own call; without a mode, they pick one",
		"  bridgetapctl invite c1 bob whisper\n" },
	{ "invite list", list_invitable, 1, 1, "CALL", NULL,
		"List whom you can invite, and why one could not join",
		"  bridgetapctl invite list c1\n" },
	{ "invite accept", accept_invitation, 2, 4,
		"INVITATION ADDRESS:PORT [listen|whisper|barge] [pcmu|pcma|g722]", NULL,
		"Join the call that you are invited into",
		"  bridgetapctl invite accept i1 192.0.2.12:6000 listen\n" },
	{ "invite decline", decline_invitation, 1, 1, "INVITATION", NULL,
		"Do not join the call that you are invited into",
		"  bridgetapctl invite decline i1\n" },
	{ "invite withdraw", withdraw_invitation, 1, 1, "INVITATION", NULL,
		"Take an invitation back", "  bridgetapctl invite withdraw i1\n" },
	{ "answer", answer_offer, 2, 2, "OFFER accept|reject", NULL,
		"Answer a call that comes in for you while you monitor another",
		"  bridgetapctl answer o1 accept\n" },
	{ 0 },
};

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/invitation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "monitor/decision.h"
#include "monitor/session.h"
#include "monitor/text.h"

struct invitation *invitation_find(const struct organisation *organisation, const char *id)
{
	struct invitation *invitation;

	HASH_FIND_STR(organisation->invitations, id, invitation);
	return invitation;
}

static void tell(
	const struct invitation *invitation, const char *user, enum notice_kind kind, enum why why)
{
	const struct notice notice = {
		.kind = kind,
		.why = why,
		.organisation = invitation->call->organisation,
		.user = user,
		.call = invitation->call,
		.invitation = invitation,
	};

	notify(&notice);
}

static int check(const struct call *call, const struct user *from, const struct user *to, int mode,
	struct refusal *refusal)
{
	const struct invitation *other;
	uint32_t reasons = decide(DEED_INVITE, from, call) | decide(DEED_BE_INVITED, to, call);
	unsigned count = 0;

	if (mode < MODE_NONE || mode > MODE_BARGE)
		return refuse(refusal, -EINVAL, "mode is none of listen, whisper, barge");
	if (reasons != 0)
		return refuse_for(refusal, reasons);
	DL_FOREACH (call->invitations, other) {
		count++;
		if (strcmp(other->to, to->entry.id) == 0)
			return refuse(refusal, -EEXIST, "\"%s\" is invited to this call already",
				to->entry.id);
	}
	return count < INVITATIONS_MAX
		       ? 0
		       : refuse(refusal, -ENOSPC, "%d invitations to this call are open already",
				 INVITATIONS_MAX);
}

int invitation_create(struct call *call, const struct user *from, const struct user *to, int mode,
	uint64_t now_ms, struct invitation **result, struct refusal *refusal)
{
	struct invitation *invitation;

	if (check(call, from, to, mode, refusal) < 0)
		return refusal->error;
	invitation = calloc(1, sizeof(*invitation));
	if (invitation == NULL || text_replace(&invitation->to, to->entry.id) < 0)
		goto fail;
	invitation->call = call;
	invitation->mode = mode;
	invitation->created_ms = now_ms;
	world_random_id(call->organisation->world, invitation->id);
	HASH_ADD_STR(call->organisation->invitations, id, invitation);
	if (!table_has(invitation))
		goto fail;
	DL_APPEND(call->invitations, invitation);
	tell(invitation, invitation->to, NOTICE_INVITED, WHY_NONE);
	*result = invitation;
	return 0;

fail:
	if (invitation != NULL)
		free(invitation->to);
	free(invitation);
	return refuse(refusal, -ENOMEM, "out of memory");
}

static int check_user(const struct invitation *invitation, const struct user *user,
	const char *whose, struct refusal *refusal)
{
	if (strcmp(whose, user->entry.id) != 0)
		return refuse_for(refusal, 1u << REASON_NOT_PERMITTED);
	return invitation->accepting
		       ? refuse(refusal, -EBUSY, "the invitation is being accepted just now")
		       : 0;
}

int invitation_check_answer(
	const struct invitation *invitation, const struct user *user, struct refusal *refusal)
{
	return check_user(invitation, user, invitation->to, refusal);
}

int invitation_check_withdraw(
	const struct invitation *invitation, const struct user *user, struct refusal *refusal)
{
	return check_user(invitation, user, invitation->call->agent_user, refusal);
}

void invitation_end(struct invitation *invitation, enum why why)
{
	struct call *call = invitation->call;

	HASH_DEL(call->organisation->invitations, invitation);
	DL_DELETE(call->invitations, invitation);
	tell(invitation, invitation->to, NOTICE_INVITATION_ENDED, why);
	tell(invitation, call->agent_user, NOTICE_INVITATION_ENDED, why);
	free(invitation->to);
	free(invitation);
}

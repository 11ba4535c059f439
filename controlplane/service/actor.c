/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/actor.h"

#include <errno.h>

#include "monitor/decision.h"
#include "service/services.h"

/* What a peer may not know, it does not learn: this comes before anything is looked up. */
static int check_peer(struct grpc_call *grpc, enum need need, const char *organisation,
	const char *user, struct actor *actor, struct refusal *refusal)
{
	const struct services *services = grpc_call_context(grpc);
	const struct grpc_peer *peer = grpc_call_peer(grpc);
	enum peer_level level = peers_level(services->peers, peer, organisation, user);

	actor->is_operator = level == PEER_OPERATOR;
	if (level != PEER_NOBODY && (need != NEED_OPERATOR || level == PEER_OPERATOR))
		return 0;
	refuse_for(refusal, 1u << REASON_NOT_PERMITTED);
	refuse_in_words(refusal,
		"processes of Unix user %u may not do this%s; see \"peers\" in the control plane's "
		"configuration",
		peer->uid, need == NEED_OPERATOR ? "" : " here");
	return refusal->error;
}

static int find_organisation(struct world *world, const char *id, enum need need,
	struct actor *actor, struct refusal *refusal)
{
	actor->organisation = organisation_find(world, id);
	if (actor->organisation != NULL || need == NEED_OPERATOR)
		return 0;
	if (*id == '\0')
		return refuse(
			refusal, -EINVAL, "bridgetap-organisation is missing in the metadata");
	return refuse(refusal, -ENOENT, "there is no organisation \"%.64s\"", id);
}

static int check_user(const struct actor *actor, enum need need, struct refusal *refusal)
{
	static const char *const whose[] = {
		[NEED_OPERATOR] = "the operator: name no user (bridgetap-user)",
		[NEED_ORGANISATION] = "an admin, or the organisation itself: name no user "
				      "(bridgetap-user)",
		[NEED_VIEWER] = "a supervisor or an admin",
	};
	const struct user *user = actor->user;

	if (user == NULL)
		return need == NEED_USER ? refuse(refusal, -EINVAL,
						   "bridgetap-user is missing in the metadata")
					 : 0;
	if (need == NEED_OPERATOR ||
		(need == NEED_ORGANISATION && user_settings(user)->role != USER_ROLE_ADMIN) ||
		(need == NEED_VIEWER && decide(DEED_LIST, user, NULL) != 0)) {
		refuse_for(refusal, 1u << REASON_NOT_PERMITTED);
		refuse_in_words(refusal, "this is not for user \"%s\" to do, but for %s",
			user->entry.id, whose[need]);
		return refusal->error;
	}
	return 0;
}

static int identify(
	struct grpc_call *grpc, enum need need, struct actor *actor, struct refusal *refusal)
{
	struct services *services = grpc_call_context(grpc);
	const char *organisation = grpc_call_metadata(grpc, "bridgetap-organisation");
	const char *user = grpc_call_metadata(grpc, "bridgetap-user");

	*actor = (struct actor){ 0 };
	services->acting = (struct acting){ .peer_uid = grpc_call_peer(grpc)->uid };
	loop_task_queue(services->loop, &services->flush);
	if (check_peer(grpc, need, organisation, user, actor, refusal) < 0 ||
		find_organisation(services->world, organisation, need, actor, refusal) < 0)
		return refusal->error;
	if (*user != '\0' && actor->organisation != NULL) {
		actor->user = user_find(actor->organisation, user);
		if (actor->user == NULL)
			return refuse(refusal, -ENOENT, "there is no user \"%.64s\"", user);
		services->acting.user = actor->user->entry.id;
	}
	return check_user(actor, need, refusal);
}

bool actor_admit(struct grpc_call *grpc)
{
	struct refusal refusal;
	struct actor actor;

	if (check_peer(grpc, NEED_ANYONE, grpc_call_metadata(grpc, "bridgetap-organisation"),
		    grpc_call_metadata(grpc, "bridgetap-user"), &actor, &refusal) == 0)
		return true;
	service_refuse(grpc, &refusal);
	return false;
}

bool actor_identify(struct grpc_call *grpc, enum need need, struct actor *actor)
{
	struct refusal refusal;

	if (identify(grpc, need, actor, &refusal) == 0)
		return true;
	service_refuse(grpc, &refusal);
	return false;
}

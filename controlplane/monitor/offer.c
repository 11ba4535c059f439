/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/offer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/text.h"

struct offer *offer_find(const struct organisation *organisation, const char *id)
{
	struct offer *offer;

	HASH_FIND_STR(organisation->offers, id, offer);
	return offer;
}

static void tell(const struct offer *offer, enum notice_kind kind, enum why why)
{
	const struct notice notice = {
		.kind = kind,
		.why = why,
		.organisation = offer->organisation,
		.user = offer->user,
		.offer = offer,
	};

	notify(&notice);
}

static void free_offer(struct offer *offer)
{
	if (offer == NULL)
		return;
	free(offer->user);
	free(offer->contact_number);
	free(offer);
}

static int check(const struct organisation *organisation, const struct user *user,
	const char *contact_number, struct refusal *refusal)
{
	const struct offer *other;
	unsigned count = 0;

	if (text_check("contact_number", contact_number, CONTACT_MAX, refusal) < 0)
		return refusal->error;
	for (other = organisation->offers; other != NULL; other = other->hh.next)
		count += strcmp(other->user, user->entry.id) == 0;
	return count < OFFERS_MAX
		       ? 0
		       : refuse(refusal, -ENOSPC, "%d calls are offered to \"%s\" already",
				 OFFERS_MAX, user->entry.id);
}

int offer_create(struct organisation *organisation, const struct user *user,
	const char *contact_number, uint64_t now_ms, struct offer **result, struct refusal *refusal)
{
	struct offer *offer;

	if (check(organisation, user, contact_number, refusal) < 0)
		return refusal->error;
	offer = calloc(1, sizeof(*offer));
	if (offer == NULL || text_replace(&offer->user, user->entry.id) < 0 ||
		text_replace(&offer->contact_number, contact_number) < 0)
		goto fail;
	offer->organisation = organisation;
	offer->created_ms = now_ms;
	world_random_id(organisation->world, offer->id);
	HASH_ADD_STR(organisation->offers, id, offer);
	if (!table_has(offer))
		goto fail;
	*result = offer;
	tell(offer, NOTICE_CALL_OFFERED, WHY_NONE);
	return 0;

fail:
	free_offer(offer);
	return refuse(refusal, -ENOMEM, "out of memory");
}

int offer_check_answer(const struct offer *offer, const struct user *user, struct refusal *refusal)
{
	return strcmp(offer->user, user->entry.id) == 0
		       ? 0
		       : refuse_for(refusal, 1u << REASON_NOT_PERMITTED);
}

void offer_end(struct offer *offer, enum why why)
{
	HASH_DEL(offer->organisation->offers, offer);
	tell(offer, NOTICE_OFFER_ENDED, why);
	free_offer(offer);
}

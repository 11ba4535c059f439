/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>

#include "bridgetap/v1/directory.pb-c.h"
#include "service/directory_methods.h"
#include "service/services.h"

/* Log-ins and presence: Directory.SetPresence and GetPresence. */

_Static_assert((int)BRIDGETAP__V1__PRESENCE_STATE__OFFLINE == (int)PRESENCE_OFFLINE &&
		       (int)BRIDGETAP__V1__PRESENCE_STATE__ONLINE == (int)PRESENCE_ONLINE &&
		       (int)BRIDGETAP__V1__PRESENCE_STATE__AWAY == (int)PRESENCE_AWAY &&
		       (int)BRIDGETAP__V1__PRESENCE_STATE__DO_NOT_DISTURB == (int)PRESENCE_DND,
	"presence");

static Bridgetap__V1__Login encode_login(bool logged_in)
{
	return logged_in ? BRIDGETAP__V1__LOGIN__LOGGED_IN : BRIDGETAP__V1__LOGIN__LOGGED_OUT;
}

static void reply_with(struct grpc_call *grpc, const struct user *user)
{
	Bridgetap__V1__Presence message = BRIDGETAP__V1__PRESENCE__INIT;
	Bridgetap__V1__StatusText text = BRIDGETAP__V1__STATUS_TEXT__INIT;

	message.user_id = user->entry.id;
	message.dashboard = encode_login(user->dashboard);
	message.desktop = encode_login(user->desktop);
	message.state = user->presence == PRESENCE_UNKNOWN
				? BRIDGETAP__V1__PRESENCE_STATE__OFFLINE
				: (Bridgetap__V1__PresenceState)user->presence;
	if (user->status_text != NULL) {
		text.text = user->status_text;
		message.status_text = &text;
	}
	grpc_call_reply(grpc, &message.base);
}

/* Of whom the request speaks: the organisation may ask about all, users about themselves. NULL
 * after finishing the call. */
static struct user *find_subject(struct grpc_call *grpc, struct actor *actor, const char *id)
{
	struct refusal refusal;
	struct user *user;

	if (!actor_identify(grpc, NEED_ANYONE, actor))
		return NULL;
	user = user_find(actor->organisation, id);
	if (actor->user != NULL && actor->user != user &&
		user_settings(actor->user)->role != USER_ROLE_ADMIN)
		refuse_for(&refusal, 1u << REASON_NOT_PERMITTED);
	else if (*id == '\0')
		refuse(&refusal, -EINVAL, "presence.user_id is missing");
	else if (user == NULL)
		refuse(&refusal, -ENOENT, "there is no user \"%.64s\"", id);
	else
		return user;
	service_refuse(grpc, &refusal);
	return NULL;
}

static int decode_login(const char *field, Bridgetap__V1__Login login, bool *value,
	const bool **result, struct refusal *refusal)
{
	*result = NULL;
	if (login == BRIDGETAP__V1__LOGIN__LOGIN_UNSPECIFIED)
		return 0;
	if (login != BRIDGETAP__V1__LOGIN__LOGGED_IN && login != BRIDGETAP__V1__LOGIN__LOGGED_OUT)
		return refuse(refusal, -EINVAL, "%s %d is not known", field, login);
	*value = login == BRIDGETAP__V1__LOGIN__LOGGED_IN;
	*result = value;
	return 0;
}

void set_presence(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__SetPresenceRequest *request = (const void *)message;
	const Bridgetap__V1__Presence *presence = request->presence;
	struct presence_report report = { 0 };
	bool dashboard, desktop;
	struct refusal refusal;
	struct actor actor;
	struct user *user = find_subject(grpc, &actor, presence != NULL ? presence->user_id : "");

	if (user == NULL)
		return;
	report.presence = (enum presence)presence->state;
	if (presence->status_text != NULL)
		report.status_text = presence->status_text->text;
	if ((int)presence->state < PRESENCE_UNKNOWN || (int)presence->state > PRESENCE_DND)
		refuse(&refusal, -EINVAL, "presence.state %d is not known", presence->state);
	else if (decode_login("presence.dashboard", presence->dashboard, &dashboard,
			 &report.dashboard, &refusal) == 0 &&
		 decode_login("presence.desktop", presence->desktop, &desktop, &report.desktop,
			 &refusal) == 0 &&
		 user_report_presence(actor.organisation, user, &report, &refusal) == 0) {
		reply_with(grpc, user);
		return;
	}
	service_refuse(grpc, &refusal);
}

void get_presence(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__GetPresenceRequest *request = (const void *)message;
	struct actor actor;
	const struct user *user = find_subject(grpc, &actor, request->user_id);

	if (user != NULL)
		reply_with(grpc, user);
}

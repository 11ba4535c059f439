/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_ACTOR_H
#define BRIDGETAP_SERVICE_ACTOR_H

#include "grpc/call.h"
#include "monitor/world.h"

/* Who acts, by the request's metadata and by the Unix peer that sent it: asked at the beginning of
 * every method. */

struct actor {
	struct organisation *organisation;
	struct user *user; /* NULL: the organisation itself, or the operator */
	bool is_operator;
};

/* As proto/bridgetap/v1/common.proto has them. */
enum need {
	NEED_OPERATOR, /* needs no organisation; where one is named and known, it is filled in */
	NEED_ORGANISATION, /* itself, or an admin */
	NEED_VIEWER,	   /* itself, or an admin or supervisor */
	NEED_ANYONE,	   /* itself, or any user */
	NEED_USER,
};

/* grpc_service.admit: who may do nothing at all here is not listened to. */
bool actor_admit(struct grpc_call *grpc);

/* False after finishing the call with a status. */
bool actor_identify(struct grpc_call *grpc, enum need need, struct actor *actor);

#endif

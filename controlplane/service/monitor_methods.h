/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_MONITOR_METHODS_H
#define BRIDGETAP_SERVICE_MONITOR_METHODS_H

#include "service/services.h"

/* Methods of Monitor, and one of Calls, that have files of their own. */

/* hands.c */
grpc_message_fn raise_hand, lower_hand;

/* invitations.c */
grpc_message_fn list_invitable, invite, withdraw_invitation, decline_invitation;
struct invitation;
/* NULL after finishing the call with NOT_FOUND. */
struct invitation *find_invitation(
	struct grpc_call *grpc, struct organisation *organisation, const char *id);

/* monitor.c */
grpc_message_fn accept_invitation;

/* offers.c */
grpc_message_fn offer_call, answer_offer;
/* A user monitors no more: calls that are offered to them can ring. */
void offers_release(struct organisation *organisation, const char *user);

/* notices.c */
grpc_message_fn watch_notices;

#endif

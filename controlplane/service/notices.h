/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_NOTICES_H
#define BRIDGETAP_SERVICE_NOTICES_H

#include "monitor/notice.h"
#include "service/watchers.h"

/* Monitor.WatchNotices: carries what happens to the users whom it concerns, after the media plane
 * has followed. */

/* Of world.notify, with a struct services. A session that ends is taken out of the media plane, and
 * put into the audit, here. */
void notices_notify(void *arg, const struct notice *notice);

/* The method: a grpc_message_fn. */
void watch_notices(struct grpc_call *grpc, const ProtobufCMessage *message);

void notices_init(struct watchers *watchers);
void notices_fini(struct watchers *watchers);

/* Users have been deleted: their streams end once they have been told what still concerns them. */
void notices_users_gone(struct organisation *organisation);

/* End every stream. */
void notices_end_all(struct watchers *watchers);

#endif

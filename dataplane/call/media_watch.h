/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_MEDIA_WATCH_H
#define BRIDGETAP_CALL_MEDIA_WATCH_H

#include "call/report.h"

/* Whether the leg's media still arrives: tells, once each, that it has ceased, never begun, or come
 * back. Silence while the far end is on hold does not count. The worker that owns the call, now and
 * then. */
void media_watch(struct leg *leg, struct forward_env *env);

#endif

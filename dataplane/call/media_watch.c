/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "call/media_watch.h"

#include "call/event.h"

#include "fastpath.h"

/* Told or not: what could not be is told at the next look. */
static bool tell(const struct leg *leg, enum event_kind kind, struct forward_env *env)
{
	struct event event = {
		.call = call_of(leg)->number,
		.serial = call_of(leg)->serial,
		.leg = leg_rest(leg)->id,
		.ssrc = leg->source.ssrc,
		.source = leg_rest(leg)->from,
		.kind = (uint8_t)kind,
	};

	return event_post(env->events, &event, env->counters);
}

static bool is_silent_for_long(
	const struct leg *leg, const struct leg_report *report, const struct forward_env *env)
{
	uint32_t timeout_ms = env->reporter->media_timeout_ms;

	return env->now_ms - leg->heard_ms >= timeout_ms &&
	       (report->alive_ms == 0 || env->now_ms - report->alive_ms >= timeout_ms);
}

void media_watch(struct leg *leg, struct forward_env *env)
{
	static const enum event_kind kinds[] = {
		[LEG_MEDIA_FLOWS] = EVENT_MEDIA_RESUMED,
		[LEG_MEDIA_SILENT] = EVENT_MEDIA_TIMEOUT,
		[LEG_MEDIA_NEVER] = EVENT_MEDIA_NEVER_STARTED,
	};
	struct leg_report *report = &leg_rest(leg)->report;
	bool begun = leg->source.restarts > 0, was_told = report->media >= LEG_MEDIA_SILENT;
	uint8_t epoch = __atomic_load_n(&env->reporter->epoch, __ATOMIC_RELAXED);
	enum leg_media media;

	if (leg->role == ROLE_RECORDER)
		return;
	if (report->on_hold)
		report->alive_ms = env->now_ms;
	if (is_silent_for_long(leg, report, env))
		media = begun ? LEG_MEDIA_SILENT : LEG_MEDIA_NEVER;
	else
		media = begun || was_told ? LEG_MEDIA_FLOWS : LEG_MEDIA_AWAITED;

	if (media == LEG_MEDIA_AWAITED || (media == LEG_MEDIA_FLOWS && !was_told)) {
		report->media = (uint8_t)media;
		return;
	}
	if (media == report->media && report->told_epoch == epoch)
		return;
	if (tell(leg, kinds[media], env)) {
		report->media = (uint8_t)media;
		report->told_epoch = epoch;
	}
}

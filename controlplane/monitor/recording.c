/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/recording.h"

#include <errno.h>
#include <stdio.h>

#include "monitor/leg.h"

int recording_check_target(const struct organisation *organisation,
	const struct recording_target *target, struct refusal *refusal)
{
	bool two = target->agent.length != 0 || target->customer.length != 0;
	struct media media = { .remote = two ? target->agent : target->mix };
	struct realm *realm;

	if (two == (target->mix.length != 0) ||
		(two && (target->agent.length == 0 || target->customer.length == 0)))
		return refuse(
			refusal, -EINVAL, "recording: give both agent and customer, or mix alone");
	snprintf(media.realm, sizeof(media.realm), "%s", target->realm);
	if (leg_check(organisation, &media, true, "recording", &realm, refusal) < 0)
		return refusal->error;
	media.remote = target->customer;
	return two ? leg_check(organisation, &media, true, "recording", &realm, refusal) : 0;
}

void recording_close(struct recording *recording)
{
	for (unsigned i = 0; i < recording->leg_count; i++)
		leg_close(&recording->legs[i]);
	*recording = (struct recording){ 0 };
}

int recording_open(
	struct call *call, const struct recording_target *target, struct refusal *refusal)
{
	struct recording *recording = &call->recording;
	bool two = target->mix.length == 0;
	const struct address *const remotes[2] = { two ? &target->agent : &target->mix,
		&target->customer };

	for (unsigned i = 0; i < (two ? 2 : 1); i++) {
		struct media media = {
			.remote = *remotes[i],
			.codec = CODEC_PCMU,
			.telephone_event = target->telephone_event,
		};

		snprintf(media.realm, sizeof(media.realm), "%s", target->realm);
		if (leg_open(call, &recording->legs[i], &media, true, "recording", refusal) < 0) {
			recording_close(recording);
			return refusal->error;
		}
		recording->leg_count++;
	}
	recording->target = *target;
	snprintf(recording->target.realm, sizeof(recording->target.realm), "%s",
		recording->legs[0].realm->name);
	recording->state = RECORDING_ON;
	return 0;
}

int recording_start(
	struct call *call, const struct recording_target *target, struct refusal *refusal)
{
	if (call->recording.state != RECORDING_OFF)
		return refuse(refusal, -EEXIST, "the call is being recorded already");
	if (recording_check_target(call->organisation, target, refusal) < 0 ||
		recording_open(call, target, refusal) < 0)
		return refusal->error;
	call_note(call);
	return 0;
}

static int recording_change(struct call *call, enum recording_state from, enum recording_state to,
	const char *otherwise, struct refusal *refusal)
{
	if (call->recording.state != from)
		return refuse(refusal, -EBADSLT, "%s", otherwise);
	call->recording.state = to;
	call_note(call);
	return 0;
}

int recording_pause(struct call *call, struct refusal *refusal)
{
	return recording_change(call, RECORDING_ON, RECORDING_PAUSED,
		"the call is not being recorded at the moment", refusal);
}

int recording_resume(struct call *call, struct refusal *refusal)
{
	return recording_change(call, RECORDING_PAUSED, RECORDING_ON,
		"the recording of the call is not paused", refusal);
}

int recording_stop(struct call *call, struct refusal *refusal)
{
	if (call->recording.state == RECORDING_OFF)
		return refuse(refusal, -EBADSLT, "the call is not being recorded");
	recording_close(&call->recording);
	call_note(call);
	return 0;
}

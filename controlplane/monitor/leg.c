/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/leg.h"

#include <errno.h>
#include <string.h>

#define LEARN_MS_MIN 1000u
#define LEARN_MS_MAX 86400000u

#define COMFORT_NOISE 13 /* payload type (RFC 3551) */

/* By codec: RFC 3551 tables 4 and 5. */
static const uint8_t static_payload_types[] = {
	[CODEC_PCMU] = 0, [CODEC_PCMA] = 8, [CODEC_G722] = 9
};

static uint32_t random_of(const struct organisation *organisation)
{
	return organisation->world->random(organisation->world->random_arg);
}

/* By name, or the first of its kind that is of the remote's address family. */
static struct realm *choose_realm(
	struct world *world, const char *name, bool recording, uint8_t address_length)
{
	for (unsigned i = 0; i < world->realm_count; i++) {
		struct realm *realm = &world->realms[i];

		if (realm->gone || realm->recording != recording)
			continue;
		if (*name == '\0' ? address_length == 0 || realm->address.length == address_length
				  : strcmp(realm->name, name) == 0)
			return realm;
	}
	return NULL;
}

static int check_learning(const struct media *media, const char *field, struct refusal *refusal)
{
	if (media->remote.length == 0 && !media->learn)
		return refuse(refusal, -EINVAL,
			"%s.remote is missing; give it, or set learn_remote", field);
	if (media->source.length != 0 && media->learn)
		return refuse(refusal, -EINVAL,
			"%s.source is given, so there is none to be learned", field);
	if (media->learn_ms != 0 && !media->learn)
		return refuse(refusal, -EINVAL, "%s.learn_ms is given, but learn_remote is not set",
			field);
	if (media->learn_ms != 0 &&
		(media->learn_ms < LEARN_MS_MIN || media->learn_ms > LEARN_MS_MAX))
		return refuse(refusal, -EINVAL,
			"%s.learn_ms is %u; it must be from %u to %u, or 0 for two minutes", field,
			media->learn_ms, LEARN_MS_MIN, LEARN_MS_MAX);
	return 0;
}

static bool is_unicast(const struct address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, loopback[16] = { [15] = 1 };
	static const uint8_t unspecified[16];
	const uint8_t *bytes = address->bytes;

	if (address->length == 4)
		return bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224;
	return bytes[0] != 0xff && memcmp(bytes, unspecified, sizeof(unspecified)) != 0 &&
	       memcmp(bytes, loopback, sizeof(loopback)) != 0 &&
	       memcmp(bytes, mapped, sizeof(mapped)) != 0;
}

/* The data plane would refuse these, too, but along with all else that has happened to the call. */
static int check_address(const struct world *world, const struct address *address,
	const char *field, const char *subfield, struct refusal *refusal)
{
	if (address->length == 0)
		return 0;
	if (!is_unicast(address))
		return refuse(refusal, -EINVAL, "%s.%s is no unicast address", field, subfield);
	for (unsigned i = 0; i < world->realm_count; i++)
		if (!world->realms[i].gone && world->realms[i].address.length == address->length &&
			memcmp(world->realms[i].address.bytes, address->bytes, address->length) ==
				0)
			return refuse(refusal, -EINVAL,
				"%s.%s is an address of the appliance itself", field, subfield);
	return 0;
}

/* What was left open is the codec's own; that of no codec is PCMU's. */
static uint8_t payload_type_of(const struct media *media)
{
	return media->payload_type != 0 ? media->payload_type : static_payload_types[media->codec];
}

static int check_payload_types(
	const struct media *media, const char *field, struct refusal *refusal)
{
	uint8_t payload_type = payload_type_of(media);

	if (media->comfort_noise && payload_type == COMFORT_NOISE)
		return refuse(refusal, -EINVAL,
			"%s.payload_type %d is that of comfort noise, not of its codec", field,
			COMFORT_NOISE);
	if (media->telephone_event != 0 && media->telephone_event == payload_type)
		return refuse(refusal, -EINVAL,
			"%s.telephone_event_payload_type cannot be %u, which is its codec's", field,
			payload_type);
	return 0;
}

int leg_check(const struct organisation *organisation, const struct media *media, bool recording,
	const char *field, struct realm **realm, struct refusal *refusal)
{
	*realm = choose_realm(organisation->world, media->realm, recording, media->remote.length);
	if (*realm == NULL && *media->realm != '\0')
		return refuse(refusal, -EINVAL, "%s.realm: there is no %s realm \"%s\"", field,
			recording ? "recording" : "media", media->realm);
	if (*realm == NULL)
		return refuse(refusal, -EINVAL, "%s: there is no %srealm for its address family",
			field, recording ? "recording " : "");
	if (check_learning(media, field, refusal) < 0)
		return refusal->error;
	if (media->remote.length != 0 && media->remote.port == 0)
		return refuse(refusal, -EINVAL, "%s.remote.port is 0", field);
	if ((media->remote.length != 0 && media->remote.length != (*realm)->address.length) ||
		(media->source.length != 0 && media->source.length != (*realm)->address.length))
		return refuse(refusal, -EINVAL, "%s is of another address family than realm \"%s\"",
			field, (*realm)->name);
	if (check_address(organisation->world, &media->remote, field, "remote", refusal) < 0 ||
		check_address(organisation->world, &media->source, field, "source", refusal) < 0)
		return refusal->error;
	return check_payload_types(media, field, refusal);
}

/* Fill in what was left open. */
static void complete_codec(struct media *media)
{
	media->payload_type = payload_type_of(media);
	if (media->codec == CODEC_NONE)
		media->codec = CODEC_PCMU;
}

int leg_open(struct call *call, struct leg *leg, const struct media *media, bool recording,
	const char *field, struct refusal *refusal)
{
	struct realm *realm;
	uint16_t port;

	if (leg_check(call->organisation, media, recording, field, &realm, refusal) < 0)
		return refusal->error;
	/* All of a call arrive at one worker; the first of them, beside port 0, chooses which. */
	port = port_pool_take(&realm->ports, call->agent.local_port);
	if (port == 0)
		return refuse(refusal, -ENOSPC, "all %u ports of realm \"%s\" are in use",
			realm->ports.count, realm->name);
	*leg = (struct leg){
		.id = ++call->next_leg_id,
		.media = *media,
		.realm = realm,
		.local_port = port,
		.ssrc = random_of(call->organisation),
	};
	complete_codec(&leg->media);
	return 0;
}

void leg_close(struct leg *leg)
{
	if (leg->realm != NULL)
		port_pool_give_back(&leg->realm->ports, leg->local_port);
	*leg = (struct leg){ 0 };
}

int leg_move(struct call *call, struct leg *leg, const struct media *media, const char *field,
	struct refusal *refusal)
{
	struct realm *realm;

	if (leg_check(call->organisation, media, false, field, &realm, refusal) < 0)
		return refusal->error;
	if (realm != leg->realm)
		return refuse(refusal, -EINVAL, "%s: a leg cannot move from realm \"%s\" to \"%s\"",
			field, leg->realm->name, realm->name);
	if (media->remote.length != 0 || !leg->media.learn) {
		leg->media.remote = media->remote;
		leg->media.learned = false;
	}
	leg->media.source = media->source;
	leg->media.learn = media->learn;
	leg->media.learn_ms = media->learn_ms;
	leg->media.codec = media->codec;
	leg->media.payload_type = media->payload_type;
	leg->media.telephone_event = media->telephone_event;
	leg->media.comfort_noise = media->comfort_noise;
	leg->media.rtcp_mux = media->rtcp_mux;
	leg->media.rtcp_port = media->rtcp_port;
	leg->media.on_hold = media->on_hold;
	complete_codec(&leg->media);
	return 0;
}

void leg_hand_over(struct leg *leg, const struct media *media)
{
	leg->media.remote = media->remote;
	leg->media.learned = false;
	leg->media.far_end++;
}

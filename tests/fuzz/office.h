/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_TESTS_FUZZ_OFFICE_H
#define BRIDGETAP_TESTS_FUZZ_OFFICE_H

#include <stdbool.h>

#include "fuzz.h"
#include "service/services.h"

/* A control plane without its sockets: the real services, rules, link and HTTP/2 session, with two
 * organisations, their people and a call. Time stands still until it is moved. */

#define OFFICE_SEATS 3

/* What the data plane does with the next batches. */
enum office_verdict { OFFICE_APPLIES, OFFICE_REFUSES, OFFICE_IS_MUTE };

extern struct world office_world;

/* A new office. With `dataplane` false nobody answers the link but office_dataplane_says(). */
void office_open(bool dataplane);

/* Everything is taken down; nothing may be left over, not even a port. */
void office_close(void);

/* Let `ms` go by: what is due then happens, and so does all that follows at once. */
void office_step(uint64_t ms);

/* What must hold of the whole office at any moment. */
void office_check(void);

/* --- clients --- */

const struct grpc_service *office_services(unsigned *count);

/* A connection of a process of this user; there is one at a time. */
void office_connect(uint32_t uid);
void office_disconnect(void);

/* Bytes of the client. False where the connection has ended. What is answered is thrown away. */
bool office_receive(const uint8_t *bytes, size_t size);

/* --- the data plane --- */

void office_dataplane_will(enum office_verdict verdict);

/* A packet of it. */
void office_dataplane_says(const uint8_t *bytes, size_t size);

/* The connection is lost, and there again. */
void office_dataplane_reconnects(void);

/* --- the disk --- */

void office_disk_is_full(bool full);

/* --- for the files of the office alone --- */

struct store *office_store_open(void);
void office_store_close(struct store *store);

struct loop *office_loop_create(void);
void office_loop_destroy(struct loop *loop); /* nothing may be waiting any more */
bool office_loop_round(struct loop *loop);   /* false where nothing was due */
void office_loop_advance(struct loop *loop, uint64_t ms);

void office_dataplane_start(bool answers);
bool office_dataplane_answer(void); /* false where nothing was asked */

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_TESTS_FUZZ_MESSAGES_H
#define BRIDGETAP_TESTS_FUZZ_MESSAGES_H

#include <protobuf-c/protobuf-c.h>

/* The descriptors of all messages under proto/, in the order of their names. Generated. */
extern const ProtobufCMessageDescriptor *const messages[];
extern const unsigned message_count;

#endif

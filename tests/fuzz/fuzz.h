/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_TESTS_FUZZ_H
#define BRIDGETAP_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What every target is made of. A target is one file with LLVMFuzzerTestOneInput(): libFuzzer's
 * interface, which AFL++ has a driver for. What it does is a function of the input alone. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* What must hold whatever the input was; its end is a finding. */
#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s() requires %s\n", __FILE__, __LINE__, __func__, \
				#condition);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* An input that is taken apart from its beginning; zeros follow its end. */
struct bytes {
	const uint8_t *at;
	size_t left;
};

static inline uint8_t take_u8(struct bytes *bytes)
{
	if (bytes->left == 0)
		return 0;
	bytes->left--;
	return *bytes->at++;
}

static inline uint16_t take_u16(struct bytes *bytes)
{
	uint16_t high = take_u8(bytes);

	return (uint16_t)(high << 8 | take_u8(bytes));
}

static inline uint32_t take_u32(struct bytes *bytes)
{
	uint32_t high = take_u16(bytes);

	return high << 16 | take_u16(bytes);
}

/* Up to `length` bytes of the input, without copying. */
static inline struct bytes take_span(struct bytes *bytes, size_t length)
{
	struct bytes span = { bytes->at, length < bytes->left ? length : bytes->left };

	bytes->at += span.left;
	bytes->left -= span.left;
	return span;
}

/* A copy on the heap that ends where the bytes end, so that a byte read past them is seen with any
 * fuzzer. Freed by the caller. */
static inline uint8_t *copy_of(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	REQUIRE(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

#endif

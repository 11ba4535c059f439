/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_TESTS_FAILING_ALLOC_H
#define BRIDGETAP_TESTS_FAILING_ALLOC_H

#include <stdbool.h>

/* Allocations of the code under test that fail on purpose: programs that link failing_alloc.c have
 * malloc, calloc, realloc and strdup wrapped (-Wl,--wrap). */

/* Let the `n`th allocation from now on fail (0: the next one), and all others succeed. */
void alloc_fail_nth(unsigned n);

/* No more failures. Returns whether the one that was asked for has happened. */
bool alloc_succeed(void);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_TESTS_FUZZ_TEXT_FILE_H
#define BRIDGETAP_TESTS_FUZZ_TEXT_FILE_H

#include <stddef.h>
#include <stdint.h>

/* A file in memory with these bytes, to be read by its path, which is the same one each time. NULL
 * where the text would have another file read, which may be of any size. */
const char *text_file(const uint8_t *data, size_t size);

#endif

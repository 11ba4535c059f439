/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CTL_FORMAT_H
#define BRIDGETAP_CTL_FORMAT_H

#include <stdint.h>
#include <stdio.h>

#include <protobuf-c/protobuf-c.h>

#include "bridgetap/v1/common.pb-c.h"
#include "ctl/grid.h"

/* Values as people read them. */

/* The word for a value of an enumeration: its name in lower case without what all names of that
 * enumeration begin with, as in "whisper". "-" for the unspecified one, "?" for an unknown one. */
#define WORD_SIZE 48
const char *word_of(char word[static WORD_SIZE], const ProtobufCEnumDescriptor *words, int value);

/* The same, good until the end of the block that it is in. */
#define WORD(words, value) word_of((char[WORD_SIZE]){ 0 }, &(words), (int)(value))

#define MODE_WORD(mode) WORD(bridgetap__v1__mode__descriptor, mode)

/* "NOT_ONLINE"; "?" for an unknown one. */
const char *reason_name(int code);

/* "0:12:34" */
#define DURATION_SIZE 32
const char *format_duration(char text[static DURATION_SIZE], uint64_t ms);

/* "2026-01-31T12:34:56Z"; "-" for 0. `ms` is since 1970. */
#define TIME_SIZE 32
const char *format_time(char text[static TIME_SIZE], uint64_t ms);
#define TIME(ms) format_time((char[TIME_SIZE]){ 0 }, ms)

/* Milliseconds since 1970. */
uint64_t now_ms(void);

/* "192.0.2.1:20000"; "-" for NULL. */
#define ADDRESS_SIZE 96
const char *format_address(
	char text[static ADDRESS_SIZE], const Bridgetap__V1__MediaAddress *address);
#define ADDRESS(address) format_address((char[ADDRESS_SIZE]){ 0 }, address)

/* The text, or, where that is empty, the other one. */
const char *or_else(const char *text, const char *otherwise);

/* A cell of a table that has a list in it. */
void grid_list(struct grid *grid, char *const *items, size_t count);

/* A cell with the codes of these reasons, each once, and the colour of what is not to be had where
 * there are any. */
struct reasons {
	Bridgetap__V1__Reason *const *items;
	size_t count;
};
void grid_reasons(struct grid *grid, const struct reasons *some, const struct reasons *others);

/* What others have written must not command the terminal: control characters become "?". */
void make_printable(char *text);

/* One line, printable. */
void print_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

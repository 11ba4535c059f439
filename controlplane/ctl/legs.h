/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CTL_LEGS_H
#define BRIDGETAP_CTL_LEGS_H

#include "bridgetap/v1/common.pb-c.h"

/* Print a table of the statistics of a call's legs; nothing where there are none. (stats.c) */
void print_legs(Bridgetap__V1__LegStats *const *legs, size_t count);

#endif

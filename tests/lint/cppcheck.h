/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */

/* The loops of uthash and utlist in a form that cppcheck can follow. */
#define HASH_ITER(hh, head, el, tmp)                                \
	for ((el) = (head), (tmp) = (el) ? (el)->hh.next : 0; (el); \
		(el) = (tmp), (tmp) = (el) ? (el)->hh.next : 0)
#define HASH_FIND(hh, head, key, length, out) (out) = find_in_table(head, key, length)
#define HASH_FIND_STR(head, key, out)	      (out) = find_in_table(head, key, 0)
#define DL_FOREACH(head, el)		      for ((el) = (head); (el); (el) = (el)->next)
#define DL_FOREACH_SAFE(head, el, tmp)                           \
	for ((el) = (head), (tmp) = (el) ? (el)->next : 0; (el); \
		(el) = (tmp), (tmp) = (el) ? (el)->next : 0)
#define LL_FOREACH(head, el) for ((el) = (head); (el); (el) = (el)->next)
#define LL_FOREACH_SAFE(head, el, tmp)                           \
	for ((el) = (head), (tmp) = (el) ? (el)->next : 0; (el); \
		(el) = (tmp), (tmp) = (el) ? (el)->next : 0)
#define DL_COUNT(head, el, count) (count) = count_of(head)

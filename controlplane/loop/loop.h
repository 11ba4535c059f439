/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_LOOP_LOOP_H
#define BRIDGETAP_LOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* The control plane's event loop, on io_uring. One thread; everything below is called from it. */

struct loop;

/* One operation under way. Lives in whatever owns it, which must not go away before `done` was
 * called: cancel first, and wait. `result` is the system call's, or -errno. */
struct loop_op {
	void (*done)(void *arg, int result);
	void *arg;
	bool pending;
};

/* A timer, and a task that runs once at the end of the current round. Both live in their owner. */
struct loop_timer {
	void (*expired)(void *arg);
	void *arg;
	uint64_t due_ms; /* 0 while it is not set */
	struct loop_timer *next, *prev;
};

struct loop_task {
	void (*run)(void *arg);
	void *arg;
	bool queued;
	struct loop_task *next, *prev;
};

struct loop *loop_create(void); /* NULL with errno */

/* No operation is under way any more when it returns, and none will be told of; their owners may
 * be taken down, for which timers and tasks still work. Then loop_destroy(). */
void loop_close(struct loop *loop);
void loop_destroy(struct loop *loop);

/* Serve until loop_stop() was called. 0 or -errno. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Begin an operation; `op` must have done and arg, and must not be pending. Buffers stay in place
 * until it is done. A descriptor that is accepted is close-on-exec. */
void loop_accept(struct loop *loop, struct loop_op *op, int fd);
void loop_recv(struct loop *loop, struct loop_op *op, int fd, void *buffer, size_t length);
void loop_send(struct loop *loop, struct loop_op *op, int fd, const void *buffer, size_t length);
void loop_connect(struct loop *loop, struct loop_op *op, int fd, const struct sockaddr *address,
	socklen_t length);
void loop_poll_in(struct loop *loop, struct loop_op *op, int fd);
void loop_write(struct loop *loop, struct loop_op *op, int fd, const void *buffer, size_t length,
	uint64_t offset);

/* Have a pending operation end soon, with -ECANCELED if not otherwise. */
void loop_cancel(struct loop *loop, struct loop_op *op);

/* Set (again) or clear a timer. Milliseconds from now. */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t after_ms);
void loop_timer_clear(struct loop *loop, struct loop_timer *timer);

/* Run `task` when all that is ready now has been handled; once, however often it is asked. */
void loop_task_queue(struct loop *loop, struct loop_task *task);
void loop_task_drop(struct loop *loop, struct loop_task *task);

/* CLOCK_MONOTONIC, as of this round. */
uint64_t loop_now_ms(const struct loop *loop);

#endif

/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "loop/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include <liburing.h>
#include <utlist.h>

#define ENTRIES 1024

struct loop {
	struct io_uring ring;
	struct loop_timer *timers; /* soonest first */
	struct loop_task *tasks;
	uint64_t now_ms;
	bool stopping;
};

static uint64_t read_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct loop *loop_create(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int ret;

	if (loop == NULL)
		return NULL;
	ret = io_uring_queue_init(ENTRIES, &loop->ring, 0);
	if (ret < 0) {
		free(loop);
		errno = -ret;
		return NULL;
	}
	loop->now_ms = read_clock();
	return loop;
}

void loop_close(struct loop *loop)
{
	io_uring_queue_exit(&loop->ring);
}

void loop_destroy(struct loop *loop)
{
	free(loop);
}

uint64_t loop_now_ms(const struct loop *loop)
{
	return loop->now_ms;
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

/* --- operations --- */

static struct io_uring_sqe *new_entry(struct loop *loop)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);

	while (sqe == NULL) {
		io_uring_submit(&loop->ring); /* makes room */
		sqe = io_uring_get_sqe(&loop->ring);
	}
	return sqe;
}

static void begin(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_sqe_set_data(sqe, op);
	op->pending = true;
}

void loop_accept(struct loop *loop, struct loop_op *op, int fd)
{
	struct io_uring_sqe *sqe = new_entry(loop);

	io_uring_prep_accept(sqe, fd, NULL, NULL, SOCK_CLOEXEC);
	begin(sqe, op);
}

void loop_recv(struct loop *loop, struct loop_op *op, int fd, void *buffer, size_t length)
{
	struct io_uring_sqe *sqe = new_entry(loop);

	io_uring_prep_recv(sqe, fd, buffer, length, 0);
	begin(sqe, op);
}

void loop_send(struct loop *loop, struct loop_op *op, int fd, const void *buffer, size_t length)
{
	struct io_uring_sqe *sqe = new_entry(loop);

	io_uring_prep_send(sqe, fd, buffer, length, MSG_NOSIGNAL);
	begin(sqe, op);
}

void loop_connect(struct loop *loop, struct loop_op *op, int fd, const struct sockaddr *address,
	socklen_t length)
{
	struct io_uring_sqe *sqe = new_entry(loop);

	io_uring_prep_connect(sqe, fd, address, length);
	begin(sqe, op);
}

void loop_poll_in(struct loop *loop, struct loop_op *op, int fd)
{
	struct io_uring_sqe *sqe = new_entry(loop);

	io_uring_prep_poll_add(sqe, fd, POLLIN);
	begin(sqe, op);
}

void loop_write(struct loop *loop, struct loop_op *op, int fd, const void *buffer, size_t length,
	uint64_t offset)
{
	struct io_uring_sqe *sqe = new_entry(loop);

	io_uring_prep_write(sqe, fd, buffer, (unsigned)length, offset);
	begin(sqe, op);
}

void loop_cancel(struct loop *loop, struct loop_op *op)
{
	struct io_uring_sqe *sqe;

	if (!op->pending)
		return;
	sqe = new_entry(loop);
	io_uring_prep_cancel(sqe, op, 0);
	io_uring_sqe_set_data(sqe, NULL); /* of no interest: the operation itself will report */
}

static void complete(struct loop *loop)
{
	struct io_uring_cqe *cqe;

	while (io_uring_peek_cqe(&loop->ring, &cqe) == 0) {
		struct loop_op *op = io_uring_cqe_get_data(cqe);
		int result = cqe->res;

		io_uring_cqe_seen(&loop->ring, cqe);
		if (op == NULL)
			continue;
		op->pending = false;
		op->done(op->arg, result);
	}
}

/* --- timers and tasks --- */

static int sooner(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due_ms < b->due_ms ? -1 : a->due_ms > b->due_ms;
}

void loop_timer_clear(struct loop *loop, struct loop_timer *timer)
{
	if (timer->due_ms != 0)
		DL_DELETE(loop->timers, timer);
	timer->due_ms = 0;
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t after_ms)
{
	loop_timer_clear(loop, timer);
	timer->due_ms = read_clock() + after_ms;
	DL_INSERT_INORDER(loop->timers, timer, sooner);
}

static void run_timers(struct loop *loop)
{
	struct loop_timer *timer;

	while ((timer = loop->timers) != NULL && timer->due_ms <= loop->now_ms) {
		loop_timer_clear(loop, timer);
		timer->expired(timer->arg);
	}
}

void loop_task_queue(struct loop *loop, struct loop_task *task)
{
	if (task->queued)
		return;
	task->queued = true;
	DL_APPEND(loop->tasks, task);
}

void loop_task_drop(struct loop *loop, struct loop_task *task)
{
	if (task->queued)
		DL_DELETE(loop->tasks, task);
	task->queued = false;
}

/* Those that are queued while these run have their turn in the next round. */
static void run_tasks(struct loop *loop)
{
	struct loop_task *task;
	int count;

	DL_COUNT(loop->tasks, task, count);
	while (count-- > 0 && (task = loop->tasks) != NULL) {
		loop_task_drop(loop, task);
		task->run(task->arg);
	}
}

/* --- rounds --- */

static int wait(struct loop *loop)
{
	struct __kernel_timespec timeout, *limit = NULL;
	struct io_uring_cqe *cqe;
	uint64_t after_ms = 0;
	int ret;

	if (loop->tasks == NULL && loop->timers != NULL) {
		loop->now_ms = read_clock();
		if (loop->timers->due_ms > loop->now_ms)
			after_ms = loop->timers->due_ms - loop->now_ms;
	}
	if (loop->tasks != NULL || loop->timers != NULL) {
		timeout.tv_sec = (long long)(after_ms / 1000);
		timeout.tv_nsec = (long long)(after_ms % 1000) * 1000000;
		limit = &timeout;
	}
	ret = io_uring_submit_and_wait_timeout(&loop->ring, &cqe, 1, limit, NULL);
	return ret < 0 && ret != -ETIME && ret != -EINTR ? ret : 0;
}

int loop_run(struct loop *loop)
{
	while (!loop->stopping) {
		int ret = wait(loop);

		if (ret < 0)
			return ret;
		loop->now_ms = read_clock();
		complete(loop);
		run_timers(loop);
		run_tasks(loop);
	}
	return 0;
}

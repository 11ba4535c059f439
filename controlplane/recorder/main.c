/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "loop/loop.h"
#include "recorder/recording.h"

#define FLUSH_MS      200
#define RETRY_MS      1000
#define BIND_TRIES    20
#define BIND_RETRY_US 100000
#define DEFAULT_IDLE  5
#define PACKET_SIZE   2048
#define PAIR_PORTS    4 /* agent's RTP and RTCP, customer's RTP and RTCP */

static const char usage[] =
	"Usage: bridgetap-recorder --address IP --ports FIRST-LAST --output DIRECTORY\n"
	"\n"
	"Receives what Bridgetap sends from its recording port, and writes stereo WAV files: "
	"agent\n"
	"on the left, customer on the right. Each call takes four ports: point the recording's\n"
	"agent to the first of them and its customer to the third.\n"
	"\n"
	"  -a, --address IP     listen on this address\n"
	"  -p, --ports F-L      and these UDP ports; F is even\n"
	"  -o, --output DIR     write there, as DATE-TIME-PORT.wav\n"
	"  -i, --idle SECONDS   a file ends when nothing came for this long (default 5)\n"
	"  -V, --version        print the version\n"
	"  -h, --help           print this\n";

struct recorder;

/* The two ports of one call, and the file that is being written from them. */
struct pair {
	struct recorder *recorder;
	uint16_t port;
	struct recording *recording;
	uint64_t retry_ms; /* no file could be made; not to be tried again before then */
	struct input {
		struct pair *pair;
		enum side side;
		int fd;
		struct loop_op receive_op;
		uint8_t packet[PACKET_SIZE];
	} inputs[SIDES];
};

struct recorder {
	struct loop *loop;
	struct sockaddr_in6 address; /* its port is set for each socket */
	const char *output;
	unsigned first, last, idle_s;
	struct pair *pairs;
	unsigned pair_count;
	struct loop_timer flush;
	int signal_fd;
	struct loop_op signal_op;
	unsigned open_files;
	unsigned receiving; /* inputs with an operation under way */
	bool stopping;
};

static void begin_recording(struct pair *pair)
{
	char path[4096], stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	if (loop_now_ms(pair->recorder->loop) < pair->retry_ms)
		return;
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	snprintf(path, sizeof(path), "%s/%s-%u.wav", pair->recorder->output, stamp, pair->port);
	pair->recording = recording_create(pair->recorder->loop, path);
	if (pair->recording == NULL) {
		log_line(LOG_ERR, "cannot write %s: %s; what comes to port %u is lost", path,
			strerror(errno), pair->port);
		pair->retry_ms = loop_now_ms(pair->recorder->loop) + RETRY_MS;
		return;
	}
	pair->recorder->open_files++;
	log_line(LOG_INFO, "recording %s", path);
}

/* Not before the kernel has let go of the sockets: whoever starts next may want their ports. */
static void stop_when_idle(struct recorder *recorder)
{
	if (recorder->stopping && recorder->open_files == 0 && recorder->receiving == 0)
		loop_stop(recorder->loop);
}

static void file_complete(void *arg, const char *path, uint64_t samples, int error)
{
	struct recorder *recorder = arg;

	if (error != 0)
		log_line(LOG_ERR, "%s is not complete: %s", path, strerror(-error));
	else
		log_line(LOG_INFO, "complete %s, %.1f s", path, (double)samples / 8000);
	recorder->open_files--;
	stop_when_idle(recorder);
}

static void begin_receive(struct input *input)
{
	struct recorder *recorder = input->pair->recorder;

	recorder->receiving++;
	loop_recv(recorder->loop, &input->receive_op, input->fd, input->packet,
		sizeof(input->packet));
}

static void received(void *arg, int result)
{
	struct input *input = arg;
	struct pair *pair = input->pair;
	struct recorder *recorder = pair->recorder;

	recorder->receiving--;
	if (recorder->stopping) {
		stop_when_idle(recorder);
		return;
	}
	if (result > 0) {
		if (pair->recording == NULL)
			begin_recording(pair);
		if (pair->recording != NULL)
			recording_take(pair->recording, input->side, input->packet, (size_t)result);
	}
	begin_receive(input);
}

static void flush_all(void *arg)
{
	struct recorder *recorder = arg;

	for (unsigned i = 0; i < recorder->pair_count; i++) {
		struct pair *pair = &recorder->pairs[i];

		if (pair->recording == NULL)
			continue;
		if (recording_idle_ms(pair->recording) < 1000ull * recorder->idle_s) {
			recording_flush(pair->recording);
			continue;
		}
		recording_close(pair->recording, file_complete, recorder);
		pair->recording = NULL;
	}
	if (!recorder->stopping)
		loop_timer_set(recorder->loop, &recorder->flush, FLUSH_MS);
}

static void signalled(void *arg, int result)
{
	struct recorder *recorder = arg;

	(void)result;
	recorder->stopping = true;
	recorder->open_files++; /* holds on until all were told */
	for (unsigned i = 0; i < recorder->pair_count; i++) {
		struct pair *pair = &recorder->pairs[i];

		for (enum side side = SIDE_AGENT; side < SIDES; side++)
			loop_cancel(recorder->loop, &pair->inputs[side].receive_op);
		if (pair->recording != NULL)
			recording_close(pair->recording, file_complete, recorder);
		pair->recording = NULL;
	}
	recorder->open_files--;
	stop_when_idle(recorder);
}

/* --- start --- */

static int open_input(struct recorder *recorder, struct pair *pair, enum side side)
{
	struct input *input = &pair->inputs[side];
	struct sockaddr_in6 address = recorder->address;
	int size = 1 << 20;

	input->pair = pair;
	input->side = side;
	input->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (input->fd < 0)
		return -errno;
	setsockopt(input->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	address.sin6_port = htons((uint16_t)(pair->port + 2 * side));
	/* After a recorder that was killed the kernel needs a moment to let go of its ports. */
	for (unsigned tries = 0; bind(input->fd, (struct sockaddr *)&address, sizeof(address)) < 0;
		tries++) {
		if (errno != EADDRINUSE || tries == BIND_TRIES)
			return -errno;
		usleep(BIND_RETRY_US);
	}
	input->receive_op = (struct loop_op){ .done = received, .arg = input };
	begin_receive(input);
	return 0;
}

static int open_pairs(struct recorder *recorder)
{
	recorder->pair_count = (recorder->last - recorder->first + 1) / PAIR_PORTS;
	recorder->pairs = calloc(recorder->pair_count, sizeof(*recorder->pairs));
	if (recorder->pairs == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < recorder->pair_count; i++) {
		struct pair *pair = &recorder->pairs[i];

		pair->recorder = recorder;
		pair->port = (uint16_t)(recorder->first + i * PAIR_PORTS);
		for (enum side side = SIDE_AGENT; side < SIDES; side++) {
			int ret = open_input(recorder, pair, side);

			if (ret < 0) {
				log_line(LOG_ERR, "cannot listen on port %u: %s",
					pair->port + 2 * side, strerror(-ret));
				return ret;
			}
		}
	}
	return 0;
}

static int start(struct recorder *recorder)
{
	sigset_t signals;

	recorder->loop = loop_create();
	if (recorder->loop == NULL) {
		log_line(LOG_ERR, "this kernel gives no io_uring: %s", strerror(errno));
		return -errno;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	recorder->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	recorder->signal_op = (struct loop_op){ .done = signalled, .arg = recorder };
	loop_poll_in(recorder->loop, &recorder->signal_op, recorder->signal_fd);
	if (open_pairs(recorder) < 0)
		return -EIO;
	recorder->flush = (struct loop_timer){ .expired = flush_all, .arg = recorder };
	loop_timer_set(recorder->loop, &recorder->flush, FLUSH_MS);
	log_line(LOG_INFO, "ready: %u calls at a time, files go to %s", recorder->pair_count,
		recorder->output);
	return 0;
}

static bool set_address(struct sockaddr_in6 *address, const char *text)
{
	struct in_addr ipv4;

	address->sin6_family = AF_INET6;
	if (inet_pton(AF_INET, text, &ipv4) == 1) {
		memset(address->sin6_addr.s6_addr + 10, 0xff, 2);
		memcpy(address->sin6_addr.s6_addr + 12, &ipv4, 4);
		return true;
	}
	return inet_pton(AF_INET6, text, &address->sin6_addr) == 1;
}

static bool set_ports(struct recorder *recorder, const char *text)
{
	return sscanf(text, "%u-%u", &recorder->first, &recorder->last) == 2 &&
	       recorder->first % 2 == 0 && recorder->first >= 1024 && recorder->last <= 65535 &&
	       recorder->last >= recorder->first + PAIR_PORTS - 1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "address", required_argument, NULL, 'a' },
		{ "ports", required_argument, NULL, 'p' },
		{ "output", required_argument, NULL, 'o' },
		{ "idle", required_argument, NULL, 'i' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static struct recorder recorder = { .idle_s = DEFAULT_IDLE };
	bool has_address = false;
	int option, ret;

	while ((option = getopt_long(argc, argv, "a:p:o:i:Vh", options, NULL)) != -1) {
		switch (option) {
		case 'a':
			has_address = set_address(&recorder.address, optarg);
			if (!has_address) {
				fprintf(stderr, "%s is not an IP address\n", optarg);
				return EXIT_FAILURE;
			}
			break;
		case 'p':
			if (!set_ports(&recorder, optarg)) {
				fprintf(stderr,
					"%s is no range of ports such as 40000-40399; the first is "
					"even, and a call takes four\n",
					optarg);
				return EXIT_FAILURE;
			}
			break;
		case 'o':
			recorder.output = optarg;
			break;
		case 'i':
			recorder.idle_s = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'V':
			puts("bridgetap-recorder " BRIDGETAP_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EXIT_FAILURE;
		}
	}
	if (!has_address || recorder.first == 0 || recorder.output == NULL) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	if (access(recorder.output, W_OK | X_OK) < 0) {
		fprintf(stderr, "cannot write into %s: %s\n", recorder.output, strerror(errno));
		return EXIT_FAILURE;
	}
	ret = start(&recorder);
	if (ret == 0)
		ret = loop_run(recorder.loop);
	if (recorder.loop != NULL)
		loop_close(recorder.loop);
	for (unsigned i = 0; recorder.pairs != NULL && i < recorder.pair_count; i++)
		for (enum side side = SIDE_AGENT; side < SIDES; side++)
			if (recorder.pairs[i].inputs[side].fd > 0)
				close(recorder.pairs[i].inputs[side].fd);
	free(recorder.pairs);
	loop_destroy(recorder.loop);
	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

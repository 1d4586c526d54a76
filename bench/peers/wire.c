/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See wire.h. The sender's one thread also reads the samples: there are few. Counters of the link
 * are read from /proc/net/dev, which shows the network namespace of the program.
 */
#include "bench/peers/wire.h"

#include "bench/messages.h"
#include "bench/peers/cpu_time.h"
#include "bench/peers/socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH 32
#define LATE_MAX 64 /* messages of one burst, when the sender was held up */
#define MESSAGES_MADE 24576u
#define LENGTH_MAX 1100u /* with what proxies add, a datagram fits 1,500 bytes */
#define BUFFER (8 << 20)
#define SAMPLE_ONE_IN 256u
#define SAMPLE_EVERY 64   /* turns between looks for samples */
#define QUIET_NS 20000000 /* nothing came for so long: nothing more will */
#define WAIT_NS 500000000

static const struct wire_plan *plan;
static int sender, tap = -1; /* tap: open while samples are taken */
static struct mmsghdr out[MESSAGES_MADE];
static struct iovec out_iov[MESSAGES_MADE];
static unsigned int n_messages, next, mean_length;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* --- set-up ------------------------------------------------------------------------------ */

static void make_messages(void)
{
	struct message_set set;
	uint64_t bytes = 0;

	messages_make(MESSAGES_MADE, MESSAGES_SEED, &set);
	for (uint32_t i = 0; i < set.n; i++) {
		const struct message *m = &set.m[i];

		if ((m->kind != MESSAGE_INVITE && m->kind != MESSAGE_OPTIONS) ||
		    m->len > LENGTH_MAX)
			continue;
		out_iov[n_messages] = (struct iovec){ m->p, m->len };
		out[n_messages].msg_hdr.msg_iov = &out_iov[n_messages];
		out[n_messages].msg_hdr.msg_iovlen = 1;
		bytes += m->len;
		n_messages++;
	}
	mean_length = (unsigned int)(bytes / n_messages);
}

/* A socket that gets one in SAMPLE_ONE_IN of the IPv4 frames that arrive, chosen by the kernel. */
static int tap_open(const char *link)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, UINT32_MAX / SAMPLE_ONE_IN, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT16_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = { .len = sizeof(code) / sizeof(code[0]), .filter = code };
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_IP),
				 .sll_ifindex = (int)if_nametoindex(link) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || !a.sll_ifindex ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0 ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		socket_die(link);
	return fd;
}

void wire_open(const struct wire_plan *p)
{
	struct sockaddr_in to = socket_address(p->to);

	plan = p;
	make_messages();
	sender = socket_open(p->from, BUFFER);
	if (connect(sender, (struct sockaddr *)&to, sizeof(to)) < 0)
		socket_die(p->to);
}

void wire_messages(unsigned int *n, unsigned int *mean)
{
	*n = n_messages;
	*mean = mean_length;
}

/* --- counting ---------------------------------------------------------------------------- */

/* Frames that have arrived on the link. */
static uint64_t link_frames(void)
{
	unsigned long long bytes, frames = 0;
	size_t n = strlen(plan->link);
	FILE *f = fopen("/proc/net/dev", "re");
	char line[512];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		const char *p = line + strspn(line, " ");

		found = strncmp(p, plan->link, n) == 0 && p[n] == ':' &&
			sscanf(p + n + 1, "%llu %llu", &bytes, &frames) == 2;
	}
	if (f)
		fclose(f);
	if (!found)
		socket_die("/proc/net/dev");
	return frames;
}

/* Looks at the samples that are there. */
static void look(struct wire_trial *t)
{
	static uint8_t frame[2048];
	char via[128];
	int len = snprintf(via, sizeof(via), "SIP/2.0/%s", plan->via ? plan->via : "");
	ssize_t n;

	while (tap >= 0 && (n = recv(tap, frame, sizeof(frame), MSG_DONTWAIT)) >= 0) {
		if (!plan->via)
			continue;
		t->checked++;
		t->wrong += !memmem(frame, (size_t)n, via, (size_t)len);
	}
}

/* Datagrams that came back to the sender since the last call, read or dropped by its socket. */
static uint64_t take_answers(void)
{
	static uint32_t dropped;
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);
	uint64_t n;
	uint8_t byte;

	if (getsockopt(sender, SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
		socket_die("SO_MEMINFO");
	n = info[SK_MEMINFO_DROPS] - dropped;
	dropped = info[SK_MEMINFO_DROPS];
	for (;;) {
		if (recv(sender, &byte, 1, MSG_DONTWAIT | MSG_TRUNC) >= 0)
			n++;
		else if (errno != ECONNREFUSED)
			return n;
	}
}

/* --- a trial ----------------------------------------------------------------------------- */

/* Sends the next @n messages in one call; the number that the kernel took. */
static unsigned int send_batch(unsigned int n)
{
	int done;

	if (n > n_messages - next)
		n = n_messages - next;
	done = sendmmsg(sender, out + next, n, 0);
	if (done <= 0)
		return 0; /* an ICMP error for an earlier one, say; the next call goes on */
	next = (next + (unsigned int)done) % n_messages;
	return (unsigned int)done;
}

static void send_paced(double rate, uint64_t begin, uint64_t end, struct wire_trial *t)
{
	double due = 0, per_ns = rate / 1e9;
	uint64_t now = begin, last = begin;

	for (unsigned int turn = 0; now < end; turn++) {
		due += (double)(now - last) * per_ns;
		last = now;
		if (due > LATE_MAX)
			due = LATE_MAX;
		if (rate == 0)
			due = BATCH;
		if (due >= 1) {
			unsigned int n = send_batch(due < BATCH ? (unsigned int)due : BATCH);

			due -= n;
			t->sent += n;
		}
		if (turn % SAMPLE_EVERY == 0)
			look(t);
		now = now_ns();
	}
}

/* Until no frame has come for a while; their number. */
static uint64_t quiet_frames(struct wire_trial *t)
{
	uint64_t begin = now_ns(), last = begin, now = begin;
	uint64_t before = link_frames();

	while (now - last < QUIET_NS && now - begin < WAIT_NS) {
		uint64_t frames = link_frames();

		look(t);
		now = now_ns();
		if (frames != before)
			last = now;
		before = frames;
	}
	return before;
}

void wire_trial(double rate, double seconds, struct wire_trial *t)
{
	uint64_t begin, end, cpu, frames;

	memset(t, 0, sizeof(*t));
	take_answers();
	frames = link_frames();
	cpu = cpu_time_ns(plan->pids, plan->n_pids);
	begin = now_ns();
	send_paced(rate, begin, begin + (uint64_t)(seconds * 1e9), t);
	end = now_ns();
	t->in_time = link_frames() - frames;
	t->cpu_ns = cpu_time_ns(plan->pids, plan->n_pids) - cpu;
	t->arrived = quiet_frames(t) - frames;
	t->answered = take_answers();
	t->arrived -= t->answered < t->arrived ? t->answered : t->arrived;
	t->seconds = (double)(end - begin) / 1e9;
}

void wire_samples(double seconds, struct wire_trial *t)
{
	tap = tap_open(plan->link);
	wire_trial(0, seconds, t);
	close(tap);
	tap = -1;
}

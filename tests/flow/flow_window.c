/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A transaction window on real workers: what one of them has begun, all of them know.
 */
#include "dataplane/proxy/began.h"
#include "tests/flow/flow.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define NEW_SERVER "10.0.0.11:5070"
#define NEW_NUMBER 5 /* behind those of the bed */
#define CALLS 40u

static char message[FRAME_MAX];
static uint8_t whole[FRAME_MAX];
static struct frame piece[64], out[64];

static void keep(const struct world *w)
{
	(void)w;
}

/* example.com moves from SERVER4, which drains, to a new server. */
static void change(struct began *began)
{
	static uint16_t table[251];
	static struct backend backends[NEW_NUMBER + 1];
	static struct pool pools[8];
	static struct world_past past;
	static struct world next;

	next = flow.lab.world;
	memcpy(backends, next.backends, NEW_NUMBER * sizeof(backends[0]));
	memcpy(pools, next.pools, next.n_pools * sizeof(pools[0]));
	backends[NEW_NUMBER] = backends[0];
	backends[NEW_NUMBER].addr = lab_endpoint(NEW_SERVER);
	backends[0].state = BACKEND_DRAIN;
	for (int i = 0; i < 251; i++)
		table[i] = NEW_NUMBER;
	pools[0].table = table;
	pools[0].table_size = 251;
	past = (struct world_past){ &flow.lab.world, true };
	next.backends = backends;
	next.n_backends = NEW_NUMBER + 1;
	next.pools = pools;
	next.generation++;
	next.epoch++;
	next.past = &past;
	next.n_past = 1;
	next.began = began;
	plane_publish_world(flow.plane, &next, keep);
}

/* The server that the request in @message of @len bytes reaches, sent by queue @q, as fragments if
 * it is long. Each datagram has an identification of its own, as real ones have. */
static struct endpoint where(uint32_t len, int q)
{
	static uint32_t id;
	struct datagram d = { .from = CALLER4, .to = OUT4, .payload = message, .len = len };
	int n = wire_fragments(&d, flow.mac[0], 1480, ++id, piece, 64);
	const char *wrong;
	struct seen s;

	for (int i = 0; i < n; i++)
		flow_put_queue(0, q, &piece[i], 0);
	flow_run();
	n = flow_take_all(1, out, 64);
	cr_assert_gt(n, 0);
	wrong = n > 1 ? wire_reassemble(out, n, whole, &s) : wire_read(&out[0], &s);
	cr_assert_null(wrong, "%s", wrong);
	return s.dst;
}

static bool is(struct endpoint at, const char *text)
{
	struct endpoint want = lab_endpoint(text);

	return endpoint_equal(&at, &want);
}

static uint32_t long_invite(unsigned int i)
{
	return flow_invite_of(message, "example.com", 5000, i);
}

/* The CANCEL of call @i: its start line and CSeq in the INVITE's own headers, no body. */
static uint32_t cancel(unsigned int i)
{
	static const char invite[] = "INVITE";
	char *at;

	flow_invite(message, "example.com", 0, i);
	while ((at = strstr(message, invite)))
		memcpy(at, "CANCEL", 6);
	return (uint32_t)strlen(message);
}

/* Fragments go to the worker that their identification names: each time another one. */
Test(flow_window, what_one_worker_began_the_others_know)
{
	void *mem = aligned_alloc(64, began_size(16));

	cr_assert(mem);
	flow_open(&(struct flow_options){ .workers = 3 });
	for (unsigned int i = 0; i < CALLS; i++)
		cr_assert(is(where(long_invite(i), 0), SERVER4));
	change(began_init(mem, 16));
	for (unsigned int i = 0; i < CALLS; i++) {
		cr_expect(is(where(long_invite(i), 0), SERVER4), "INVITE %u again", i);
		cr_expect(is(where(cancel(i), (int)i % 3), SERVER4), "CANCEL of %u", i);
		cr_expect(is(where(long_invite(CALLS + i), 0), NEW_SERVER), "new INVITE %u", i);
		cr_expect(is(where(long_invite(CALLS + i), 0), NEW_SERVER), "and again");
		cr_expect(is(where(cancel(CALLS + i), (int)i % 3), NEW_SERVER), "and its CANCEL");
	}
	cr_expect_eq(flow_count(C_WINDOW_OLD), 2 * CALLS);
	cr_expect_eq(flow_count(C_WINDOW_NEW), 3 * CALLS);
	flow_close();
	free(mem);
}

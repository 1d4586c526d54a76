/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests through parser, rules and edits: from a stranger, from a trusted peer in the test bed of
 * torture messages, and in a transaction window, where other tables and other rules were in force
 * before. Where the input has a "vt=" with 16 bytes behind it these become our
 * token for its call, which no fuzzer would guess, and the message runs once more.
 */
#include "dataplane/proxy/began.h"
#include "dataplane/proxy/token.h"
#include "tests/fuzz/fuzz_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Signs all Route tokens of the message. False if there is none. */
static bool sign(const struct lab_world *w, uint8_t *p, size_t n)
{
	static struct sip_msg m;
	uint8_t token[TOKEN_LEN];
	uint8_t *at = p;
	bool any = false;

	sip_parse(p, n, SIP_EXACT, &m);
	token_make(&w->world.keys, &m, token);
	while ((at = memmem(at, (size_t)(p + n - at), "vt=", 3)) && p + n - at >= 3 + TOKEN_LEN) {
		memcpy(at + 3, token, TOKEN_LEN);
		at += 3 + TOKEN_LEN;
		any = true;
	}
	return any;
}

/* The world of a while before BED_MAIN: each key had another place in the tables. */
static const struct world *turned(const struct world *w)
{
	static uint16_t tables[2 * LAB_MAX][MAGLEV_SIZE];
	static struct pool pools[2 * LAB_MAX];
	static struct world then;

	then = *w;
	memcpy(pools, w->pools, w->n_pools * sizeof(pools[0]));
	for (uint16_t i = 0; i < w->n_pools; i++) {
		for (uint32_t k = 0; k < pools[i].table_size; k++)
			tables[i][k] = pools[i].table[(k + 999) % pools[i].table_size];
		pools[i].table = tables[i];
	}
	then.pools = pools;
	then.epoch = 1;
	return &then;
}

/* BED_MAIN in the third epoch of a window. */
static const struct lab_world *in_window(struct recent *recent)
{
	static struct recent_line lines[(1u << RECENT_LOG2_MIN) / sizeof(struct recent_line)];
	static _Alignas(64) uint8_t filter[(1u << BEGAN_LOG2_MIN) + 64];
	static struct world_past past[2];
	static struct lab_world l;

	recent_init(recent, lines, RECENT_LOG2_MIN);
	if (l.world.n_past)
		return &l;
	l = *fixture_world(BED_MAIN);
	past[0] = (struct world_past){ turned(&l.world), true };
	past[1] = (struct world_past){ &fixture_world(BED_CORPUS)->world, false };
	l.world.epoch = 2;
	l.world.past = past;
	l.world.n_past = 2;
	l.world.began = began_init(filter, BEGAN_LOG2_MIN);
	return &l;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct recent recent;
	static uint8_t copy[SIP_MAX_LEN];
	const struct lab_world *w = fixture_world(BED_MAIN);
	struct proxy_in stranger = { .src = lab_endpoint("203.0.113.40:40000"), .listener = OUT4 };
	struct proxy_in caller = stranger;
	struct proxy_in peer = { .src = lab_endpoint("[2001:db8:aa::7]:5060"), .listener = OUT6 };

	if (size > SIP_MAX_LEN)
		return 0;
	path_run(w, &stranger, data, size);
	path_run(fixture_world(BED_CORPUS), &peer, data, size);
	caller.recent = &recent;
	path_run(in_window(&recent), &caller, data, size);
	memcpy(copy, data, size);
	if (sign(w, copy, size))
		path_run(w, &stranger, copy, size);
	return 0;
}

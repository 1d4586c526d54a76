/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of edits, against a plain stable sort.
 */
#include "dataplane/proxy/plan.h"

#include <criterion/criterion.h>

static struct proxy_out out;
static struct sip_msg m;

static uint32_t random_below(uint32_t n)
{
	static uint64_t state = 3;

	state = state * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(state >> 33) % n;
}

struct item {
	uint32_t off, del;
	const uint8_t *text;
};

/* Whether @a comes before @b: by place, and at one place what only puts in before what takes out.
 */
static bool before(const struct item *a, const struct item *b)
{
	return a->off != b->off ? a->off < b->off : a->del == 0 && b->del > 0;
}

static void sort(struct item *v, unsigned int n)
{
	for (unsigned int i = 1; i < n; i++)
		for (unsigned int j = i; j > 0 && before(&v[j], &v[j - 1]); j--) {
			struct item t = v[j];

			v[j] = v[j - 1];
			v[j - 1] = t;
		}
}

static bool overlaps(const struct item *v, unsigned int n)
{
	for (unsigned int i = 1; i < n; i++)
		if (v[i].off < v[i - 1].off + v[i - 1].del)
			return true;
	return false;
}

Test(plan, any_number_of_edits_in_any_order_comes_out_sorted)
{
	static const uint8_t texts[EDIT_MAX + PLAN_SLACK];
	unsigned int good = 0, bad = 0;

	for (int round = 0; round < 20000; round++) {
		unsigned int n = random_below(round % 10 ? 6 : EDIT_MAX + 1);
		struct item v[EDIT_MAX];
		struct plan p;
		int delta = 0;
		bool failed;

		plan_open(&p, &m, &out);
		for (unsigned int i = 0; i < n; i++) {
			v[i].off = random_below(4) ? 100 * random_below(600) : 65535 - 20;
			v[i].del = random_below(2) ? random_below(20) : 0;
			v[i].text = texts + i;
			plan_edit(&p, v[i].off, v[i].del, v[i].text, i);
			delta += (int)i - (int)v[i].del;
		}
		sort(v, n);
		failed = overlaps(v, n);
		cr_assert_eq(plan_close(&p), !failed);
		cr_assert_eq(out.edits.failed, failed);
		failed ? bad++ : good++;
		cr_assert_eq(out.edits.n, n);
		cr_assert_eq(out.edits.delta, delta);
		for (unsigned int i = 0; i < n; i++) {
			cr_assert_eq(out.edits.e[i].off, v[i].off);
			cr_assert_eq(out.edits.e[i].del, v[i].del);
			cr_assert_eq(out.edits.e[i].text, v[i].text);
			cr_assert_eq(out.edits.e[i].ins, v[i].text - texts);
		}
	}
	cr_assert_gt(good, 1000);
	cr_assert_gt(bad, 100);
}

Test(plan, one_edit_too_many_fails_the_plan)
{
	struct plan p;

	plan_open(&p, &m, &out);
	for (unsigned int i = 0; i < EDIT_MAX; i++)
		plan_edit(&p, 10 * i, 1, plan_nothing, 0);
	cr_assert(plan_close(&p));
	plan_edit(&p, 60000, 1, plan_nothing, 0);
	cr_assert_not(plan_close(&p));
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/stats.h"

#include <criterion/criterion.h>
#include <string.h>

Test(stats, names_are_lower_case_and_differ)
{
	char a[64], b[64];

	for (unsigned int i = 0; i < N_COUNTERS; i++) {
		counter_name((enum counter)i, a, sizeof(a));
		cr_expect_gt(strlen(a), 0);
		cr_expect_gt(strlen(counter_info((enum counter)i)->help), 0);
		for (const char *p = a; *p; p++)
			cr_expect((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_',
				  "%s", a);
		for (unsigned int j = 0; j < i; j++) {
			counter_name((enum counter)j, b, sizeof(b));
			cr_expect_str_neq(a, b);
		}
	}
	counter_name(C_RX_FRAMES, a, 4);
	cr_expect_str_eq(a, "rx_");
}

/* A frame with a verdict balances, one without or with two does not, whatever else is counted. */
Test(stats, each_frame_must_have_one_verdict)
{
	for (unsigned int i = 0; i < N_COUNTERS; i++) {
		enum counter_class class = counter_info((enum counter)i)->class;
		struct stats_total t = { .c[C_RX_FRAMES] = 1 };
		bool verdict = class == COUNTER_out || class == COUNTER_drop;

		if (class == COUNTER_rx)
			continue;
		t.c[i] = 1;
		cr_expect_eq(stats_imbalance(&t), verdict ? 0 : 1, "%s",
			     counter_info((enum counter)i)->id);
		t.c[i] = 2;
		cr_expect_eq(stats_imbalance(&t), verdict ? -1 : 1);
	}
	for (unsigned int i = 0; i < SIP_N_REASONS; i++) {
		struct stats_total t = { .c[C_RX_FRAMES] = 1 };

		t.dropped[i] = 1;
		t.answered[i] = 1;
		cr_expect_eq(stats_imbalance(&t), 0);
	}
	cr_expect_eq(stats_imbalance(&(struct stats_total){ .c[C_RX_FRAMES] = 5, .held = 5 }), 0);
}

Test(stats, what_left_is_one_frame_per_message_and_the_extra_ones)
{
	struct stats_total t = { .c = { [C_TX_FRAMES] = 9,
					[C_TX_HANDOVER_LOST] = 1,
					[C_FORWARDED] = 5,
					[C_ANSWERED] = 1,
					[C_TX_EXTRA_FRAGMENTS] = 4 } };

	cr_expect_eq(stats_tx_imbalance(&t), 0);
	t.c[C_TX_FRAMES]--;
	cr_expect_eq(stats_tx_imbalance(&t), -1);
}

Test(stats, sums_of_several_writers)
{
	struct stats *a = stats_new(), *b = stats_new();
	struct stats_total t = { 0 };

	cr_assert(a && b);
	stat_add(&a->c[C_RX_FRAMES], 3);
	stat_add(&a->c[C_RX_FRAMES], 4);
	stat_add(&b->c[C_RX_FRAMES], 10);
	stat_add(&b->dropped[SIP_R_BAD_VIA], 2);
	stat_add(&a->answered[SIP_R_BAD_VIA], 1);
	stat_add(&b->held, 6);
	stat_add(&b->backend[STATS_BACKENDS - 1], 1);
	stats_sum(&t, a);
	stats_sum(&t, b);
	cr_expect_eq(t.c[C_RX_FRAMES], 17);
	cr_expect_eq(t.dropped[SIP_R_BAD_VIA], 2);
	cr_expect_eq(t.answered[SIP_R_BAD_VIA], 1);
	cr_expect_eq(t.held, 6);
	stats_free(a);
	stats_free(b);
	stats_free(NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Alarms: when they are raised and cleared, and what is shown of them.
 */
#include "control/watch/alarms.h"

#include <criterion/criterion.h>
#include <string.h>

static void tell(struct alarms *a, enum alarm_id id, bool holds, unsigned int times)
{
	for (unsigned int i = 0; i < times; i++)
		alarms_tell(a, id, holds, "number %u of %u", i + 1, times);
}

Test(alarms, are_raised_and_cleared_after_as_long_as_the_table_says)
{
	for (unsigned int i = 0; i < N_ALARMS; i++) {
		const struct alarm_info *info = alarm_info((enum alarm_id)i);
		struct alarms a = { 0 };

		tell(&a, (enum alarm_id)i, true, info->rise - 1u);
		cr_expect_eq(alarms_raised(&a), 0, "%s", info->name);
		tell(&a, (enum alarm_id)i, true, 1);
		cr_expect_eq(alarms_raised(&a), 1, "%s", info->name);
		cr_expect(a.v[i].since_ms > 0);
		tell(&a, (enum alarm_id)i, false, info->fall - 1u);
		cr_expect_eq(alarms_raised(&a), 1, "%s", info->name);
		tell(&a, (enum alarm_id)i, false, 1);
		cr_expect_eq(alarms_raised(&a), 0, "%s", info->name);
		cr_expect_eq(a.v[i].n_raised, 1);
	}
}

Test(alarms, need_the_condition_in_a_row)
{
	struct alarms a = { 0 };
	unsigned int rise = alarm_info(ALARM_BUSY)->rise;

	cr_assert_gt(rise, 1);
	for (unsigned int i = 0; i < 10; i++) {
		tell(&a, ALARM_BUSY, true, rise - 1);
		tell(&a, ALARM_BUSY, false, 1);
	}
	cr_expect_eq(alarms_raised(&a), 0);
	tell(&a, ALARM_BUSY, true, rise);
	tell(&a, ALARM_BUSY, false, 1);
	tell(&a, ALARM_BUSY, true, 1);
	tell(&a, ALARM_BUSY, false, alarm_info(ALARM_BUSY)->fall - 1u);
	cr_expect_eq(alarms_raised(&a), 1);
}

Test(alarms, show_the_text_that_was_told_last)
{
	struct alarms a = { 0 };
	json_t *list;

	alarms_tell(&a, ALARM_POOL, true, "pool %s has no live backend", "core");
	alarms_tell(&a, ALARM_RELOAD, true, "refused");
	alarms_tell(&a, ALARM_POOL, true, "pool %s has no live backend", "ims");
	list = alarms_json(&a);
	cr_assert_eq(json_array_size(list), 2);
	cr_expect_str_eq(json_string_value(json_array_get(list, 0)),
			 "pool ims has no live backend");
	cr_expect_str_eq(json_string_value(json_array_get(list, 1)), "refused");
	json_decref(list);
	alarms_tell(&a, ALARM_RELOAD, false, "%s", "");
	cr_expect_eq(alarms_raised(&a), 1);
}

Test(alarms, have_names_of_their_own)
{
	for (unsigned int i = 0; i < N_ALARMS; i++) {
		for (unsigned int k = 0; k < i; k++)
			cr_expect(strcmp(alarm_info((enum alarm_id)i)->name,
					 alarm_info((enum alarm_id)k)->name) != 0);
	}
}

Test(alarms, may_be_told_before_there_are_any)
{
	json_t *list = alarms_json(NULL);

	alarms_tell(NULL, ALARM_RELOAD, true, "refused");
	cr_expect_eq(json_array_size(list), 0);
	json_decref(list);
}

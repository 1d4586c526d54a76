/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/watch/alarms.h"

#include "control/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static const struct alarm_info infos[N_ALARMS] = {
#define ALARM(id, name, rise, fall, help) { name, help, rise, fall },
#include "control/watch/alarms.def"
#undef ALARM
};

const struct alarm_info *alarm_info(enum alarm_id id)
{
	return &infos[id];
}

static uint64_t wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void turn(struct alarm *alarm, enum alarm_id id, bool holds)
{
	alarm->raised = holds;
	alarm->run = 0;
	alarm->since_ms = wall_ms();
	if (holds) {
		alarm->n_raised++;
		log_warning("alarm %s: %s", infos[id].name, alarm->text);
	} else {
		log_info("alarm %s is over; it was: %s", infos[id].name, alarm->text);
	}
}

void alarms_tell(struct alarms *a, enum alarm_id id, bool holds, const char *fmt, ...)
{
	struct alarm *alarm = a ? &a->v[id] : NULL;
	va_list ap;

	if (!alarm)
		return;
	if (holds) {
		va_start(ap, fmt);
		vsnprintf(alarm->text, sizeof(alarm->text), fmt, ap);
		va_end(ap);
	}
	if (holds == alarm->raised)
		alarm->run = 0;
	else if (++alarm->run >= (holds ? infos[id].rise : infos[id].fall))
		turn(alarm, id, holds);
}

unsigned int alarms_raised(const struct alarms *a)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < N_ALARMS; i++)
		n += a->v[i].raised;
	return n;
}

json_t *alarms_json(const struct alarms *a)
{
	json_t *list = json_array();

	for (unsigned int i = 0; list && a && i < N_ALARMS; i++) {
		if (a->v[i].raised && json_array_append_new(list, json_string(a->v[i].text)) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Alarms: what an operator should be told of without having asked. alarms.def is the table.
 *
 * Who knows a condition tells it, as often as it likes, with alarms_tell(); an alarm is raised and
 * cleared once the condition has held, or not, for as long as the table says, and each is one line
 * of the log. The second's facts (busy share, drops, queues) are judged by alarms_watch.c from the
 * counters. Control thread only.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct app;

enum alarm_id {
#define ALARM(id, name, rise, fall, help) ALARM_##id,
#include "control/watch/alarms.def"
#undef ALARM
	N_ALARMS
};

#define ALARM_TEXT_MAX 192

struct alarm_info {
	const char *name; /* "pool", as in metrics */
	const char *help;
	uint16_t rise, fall; /* times that it is told in a row */
};

struct alarm {
	bool raised;
	uint16_t run;              /* times in a row that it was told otherwise than raised */
	uint64_t since_ms;         /* wall clock, of the last change; 0 = never raised */
	uint64_t n_raised;         /* how often since the start */
	char text[ALARM_TEXT_MAX]; /* for people: "pool core: no live backend" */
};

/* All zero: no alarm. */
struct alarms {
	struct alarm v[N_ALARMS];
};

/** Facts about alarm @id; static storage. */
const struct alarm_info *alarm_info(enum alarm_id id);

/**
 * Says whether the condition of @id holds now; @fmt: for people, what it is about; ignored if it
 * does not hold. To be told once a second, or, where the table has 1 for both, whenever it changes.
 * @a NULL does nothing.
 */
__attribute__((format(printf, 4, 5))) void alarms_tell(struct alarms *a, enum alarm_id id,
						       bool holds, const char *fmt, ...);

/** How many are raised. */
unsigned int alarms_raised(const struct alarms *a);

/** An array of the texts of those raised, for the JSON of status. New reference, or NULL without
 * memory. @a may be NULL. */
json_t *alarms_json(const struct alarms *a);

/* The alarms part: judges the facts of each second (alarms_watch.c). */
int alarms_start(struct app *app);
void alarms_stop(struct app *app);

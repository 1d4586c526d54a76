/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the checks and keeps what they say.
 */
#include "control/doctor/doctor.h"

#include "control/devices.h"
#include "control/doctor/doctor_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 2048

static const struct {
	const char *id, *group, *title, *help;
	void (*run)(struct doctor *d);
} checks[DOCTOR_N_CHECKS] = {
#define CHECK(id, g, t, h) { #id, #g, t, h, doctor_##id },
#include "control/doctor/checks.def"
};

/* The text in the arena; NULL without memory. *@cut: it is not whole. */
__attribute__((format(printf, 3, 0))) static char *format(struct doctor_report *r, bool *cut,
							  const char *fmt, va_list ap)
{
	char text[TEXT_MAX];
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	*cut = n < 0 || n >= (int)sizeof(text);
	return arena_copy(&r->arena, text, strlen(text));
}

/* Room for one more finding: twice as much as before, the old list stays in the arena. */
static bool grow(struct doctor_report *r)
{
	uint32_t room = r->room ? r->room * 2 : 64;
	struct doctor_finding *v;

	if (r->n < r->room)
		return true;
	v = arena_alloc(&r->arena, room * sizeof(*v));
	if (!v)
		return false;
	if (r->n)
		memcpy(v, r->v, r->n * sizeof(*v));
	r->v = v;
	r->room = room;
	return true;
}

void doctor_say(struct doctor *d, enum doctor_check check, enum doctor_status status,
		const char *subject, const char *fmt, ...)
{
	struct doctor_report *r = d->report;
	struct doctor_finding it = { .check = check, .status = status };
	va_list ap;
	bool cut;

	va_start(ap, fmt);
	it.text = format(r, &cut, fmt, ap);
	va_end(ap);
	if (subject)
		it.subject = arena_copy(&r->arena, subject, strlen(subject));
	if (!it.text || (subject && !it.subject) || !grow(r)) {
		r->no_memory = true;
		return;
	}
	r->v[r->n++] = it;
	r->n_of[status]++;
}

void doctor_mend(struct doctor *d, const char *fmt, ...)
{
	struct doctor_report *r = d->report;
	const char *text;
	va_list ap;
	bool cut;

	va_start(ap, fmt);
	text = format(r, &cut, fmt, ap);
	va_end(ap);
	if (!text)
		r->no_memory = true;
	else if (r->n && !cut && !strstr(text, CPUS_CUT))
		r->v[r->n - 1].mend = text; /* half a command is worse than none */
}

void doctor_mend_boot(struct doctor *d, const char *name, const char *words, const char *also)
{
	doctor_mend(d,
		    "mkdir -p /etc/default/grub.d; echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX "
		    "%s\"' >/etc/default/grub.d/viaduct-%s.cfg && update-grub    # then %sreboot",
		    words, name, also);
}

void doctor_run(const struct doctor_case *c, struct doctor_report *out)
{
	struct doctor d = {
		.c = c,
		.f = &c->facts,
		.config = c->config,
		.report = out,
		.spin = c->config && c->config->idle == CONFIG_IDLE_SPIN,
	};

	cpus_allowed(d.f, &d.allowed);
	d.n_workers = device_workers(c->config, CPU_COUNT(&d.allowed));
	doctor_find_devices(&d);
	for (size_t i = 0; i < DOCTOR_N_CHECKS; i++)
		checks[i].run(&d);
}

void doctor_free(struct doctor_report *r)
{
	arena_free(&r->arena);
	memset(r, 0, sizeof(*r));
}

/* Text from files, which may hold anything: what is no UTF-8 becomes "?". */
static json_t *text_json(const char *text)
{
	json_t *s = text ? json_string(text) : json_null();

	return s ? s : json_string("?");
}

json_t *doctor_json(const struct doctor_report *r)
{
	static const char *const statuses[] = { "ok", "note", "warning", "fault" };
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->n; i++) {
		const struct doctor_finding *it = &r->v[i];

		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:s}", "id",
				  checks[it->check].id, "group", checks[it->check].group, "title",
				  checks[it->check].title, "subject", text_json(it->subject),
				  "status", statuses[it->status], "finding", text_json(it->text),
				  "mend", text_json(it->mend), "why", checks[it->check].help));
	}
	return json_pack("{s:i, s:i, s:i, s:o}", "faults", (int)r->n_of[DOCTOR_FAULT], "warnings",
			 (int)r->n_of[DOCTOR_WARNING], "notes", (int)r->n_of[DOCTOR_NOTE], "checks",
			 list);
}

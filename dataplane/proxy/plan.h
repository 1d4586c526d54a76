/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The changes to one request or response while the rules run: edits in any order, and the text they
 * put in.
 *
 * The rules meet the places of a message in the RFC's order, edit_apply() wants them by offset;
 * plan_close() sorts. The text lives in proxy_out.text, so nothing is allocated and nothing points
 * into the message. Private to dataplane/proxy.
 */
#pragma once

#include "dataplane/proxy/proxy.h"

struct plan {
	struct proxy_out *out;
	const struct sip_msg *m;
	bool failed; /* more edits or text than there is room for */
	unsigned int n;
	struct edit e[EDIT_MAX];
};

/** Starts a plan without edits. Text already in @out stays. */
void plan_open(struct plan *p, const struct sip_msg *m, struct proxy_out *out);

/** Reserves @n bytes of text and returns them, or NULL (and marks the plan failed). */
uint8_t *plan_text(struct plan *p, uint32_t n);

/** Text that stands for itself until the end: @n bytes copied from @src. NULL on failure. */
uint8_t *plan_copy(struct plan *p, const void *src, uint32_t n);

/** At @off take @del bytes out, put @ins bytes of @text (from plan_text(), or static) there. */
void plan_edit(struct plan *p, uint32_t off, uint32_t del, const void *text, uint32_t ins);

/** Takes the bytes from @from up to @to out. */
static inline void plan_cut(struct plan *p, uint32_t from, uint32_t to)
{
	plan_edit(p, from, to - from, "", 0);
}

/** Sorts the edits into out->edits. False if anything failed: the message is too large for us. */
bool plan_close(struct plan *p);

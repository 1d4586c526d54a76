/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/proxy/plan.h"

#include <string.h>

void plan_open(struct plan *p, const struct sip_msg *m, struct proxy_out *out)
{
	p->out = out;
	p->m = m;
	p->failed = false;
	p->n = 0;
}

uint8_t *plan_text(struct plan *p, uint32_t n)
{
	struct proxy_out *out = p->out;
	uint8_t *t;

	if (n > PROXY_TEXT - out->text_used) {
		p->failed = true;
		return NULL;
	}
	t = out->text + out->text_used;
	out->text_used += n;
	return t;
}

uint8_t *plan_copy(struct plan *p, const void *src, uint32_t n)
{
	uint8_t *t = plan_text(p, n);

	if (t)
		memcpy(t, src, n);
	return t;
}

/*
 * Whether an edit at @off comes before @e. At one place what is only put in comes before what is
 * taken out: new rows before a first row that goes.
 */
static bool goes_before(uint32_t off, uint32_t del, const struct edit *e)
{
	return e->off > off || (e->off == off && del == 0 && e->del > 0);
}

void plan_edit(struct plan *p, uint32_t off, uint32_t del, const void *text, uint32_t ins)
{
	unsigned int i;

	if (p->n == EDIT_MAX || !text || ins > SIP_MAX_LEN) {
		p->failed = true;
		return;
	}
	/* Insertion from the back: the rules mostly work front to back, so it rarely moves any. */
	for (i = p->n; i > 0 && goes_before(off, del, &p->e[i - 1]); i--)
		p->e[i] = p->e[i - 1];
	p->e[i] = (struct edit){
		.off = (uint16_t)off,
		.del = (uint16_t)del,
		.ins = (uint16_t)ins,
		.text = text,
	};
	p->n++;
}

bool plan_close(struct plan *p)
{
	struct edit_list *l = &p->out->edits;

	edit_reset(l);
	for (unsigned int i = 0; i < p->n; i++)
		edit_add(l, p->e[i].off, p->e[i].del, p->e[i].text, p->e[i].ins);
	return !p->failed && !l->failed;
}

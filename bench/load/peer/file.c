/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of files: read and indexed once for all cores, then each is a state of its own: at home,
 * on its way, or given up. The messages are in the templates, the states in the peer.
 */
#include "bench/load/peer/file.h"

#include "bench/load/peer/state.h"

#include <stdio.h>
#include <stdlib.h>

#define MESSAGES_MAX 65536u
#define TABLE (2 * MESSAGES_MAX)

struct file_message {
	uint8_t *p;
	uint32_t len;
	uint64_t key;
};

struct file_messages {
	uint32_t n;
	struct file_message m[MESSAGES_MAX];
	uint32_t at[TABLE]; /* index + 1 by key, open addressing */
};

/* Where each message is. */
struct file_flight {
	uint64_t due, sent; /* sent 0 = it is not on its way */
	uint64_t branch;    /* fingerprint of the proxy's, 0 = not seen yet */
	bool late;          /* it was given up and may still come */
};

struct file_state {
	const struct file_messages *m;
	uint32_t next, look, n_flying;
	struct file_flight flight[MESSAGES_MAX];
};

/* --- reading --------------------------------------------------------------------------------- */

static uint64_t hash(uint64_t h, const uint8_t *p, struct row_span s)
{
	for (uint32_t i = 0; i < s.len; i++)
		h = (h ^ p[s.off + i]) * 0x100000001b3u;
	return mix64(h + s.len);
}

/* What tells messages apart: Call-ID, CSeq, and status or method; without a Call-ID all of the
 * start line. False if it is no message. */
static bool message_key(const struct rows *r, uint64_t *key)
{
	int id = rows_find(r, ROW_CALL_ID, 0), cseq = rows_find(r, ROW_CSEQ, 0);
	struct row_span start = r->start;
	const uint8_t *p = r->p, *blank = memchr(p + start.off, ' ', start.len);

	if (!blank || id < 0 || cseq < 0)
		return false;
	if (start.len > 12 && memcmp(p, "SIP/2.0 ", 8) == 0)
		start.len = 11;
	else
		start.len = (uint32_t)(blank - p) - start.off;
	*key = hash(hash(hash(1, p, r->row[id].value), p, r->row[cseq].value), p, start);
	return true;
}

/* The place of @key in the table: where it is, or where it belongs. */
static uint32_t *place(struct file_messages *m, uint64_t key)
{
	uint32_t i = (uint32_t)(key % TABLE);

	while (m->at[i] && m->m[m->at[i] - 1].key != key)
		i = (i + 1) % TABLE;
	return &m->at[i];
}

static bool add_message(void *arg, const uint8_t *p, size_t len)
{
	static struct rows rows;
	struct file_messages *m = arg;
	struct file_message *new = &m->m[m->n];
	uint32_t *at;
	uint64_t key;

	if (m->n == MESSAGES_MAX || len > PEER_ROOM || !rows_read(p, (uint32_t)len, &rows) ||
	    !message_key(&rows, &key))
		return true;
	at = place(m, key);
	if (*at)
		return true; /* a retransmission */
	new->p = malloc(len);
	if (!new->p)
		return false;
	memcpy(new->p, p, len);
	new->len = (uint32_t)len;
	new->key = key;
	*at = ++m->n;
	return true;
}

static uint8_t *read_whole(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p = NULL;
	size_t room = 0;

	*n = 0;
	while (f && !ferror(f) && !feof(f)) {
		uint8_t *more = realloc(p, room += 65536 + room);

		if (!more)
			break;
		p = more;
		*n += fread(p + *n, 1, room - *n, f);
	}
	if (f && feof(f) && !fclose(f))
		return p;
	if (f)
		fclose(f);
	free(p);
	return NULL;
}

static const char *read_file(struct file_messages *m, const char *path)
{
	const char *why;
	bool is_pcap;
	size_t n;
	uint8_t *p = read_whole(path, &n);
	uint32_t before = m->n;

	if (!p)
		return "cannot be read";
	why = pcap_read(p, n, &is_pcap, add_message, m);
	if (!why && !is_pcap)
		add_message(m, p, n);
	free(p);
	if (why)
		return why;
	return m->n > before || is_pcap ? NULL : "no SIP message, or one that was there before";
}

struct file_messages *file_messages_read(const struct load_plan *plan, char *error)
{
	struct file_messages *m = calloc(1, sizeof(*m));

	for (unsigned int i = 0; m && i < plan->n_files; i++) {
		const char *why = read_file(m, plan->files[i]);

		if (!why)
			continue;
		snprintf(error, 256, "%s: %s", plan->files[i], why);
		file_messages_free(m);
		return NULL;
	}
	if (m && m->n)
		return m;
	snprintf(error, 256, m ? "the files hold no SIP message" : "no memory");
	file_messages_free(m);
	return NULL;
}

void file_messages_free(struct file_messages *m)
{
	for (uint32_t i = 0; m && i < m->n; i++)
		free(m->m[i].p);
	free(m);
}

/* --- sending --------------------------------------------------------------------------------- */

struct file_state *file_state_new(struct peer *p)
{
	struct file_state *s = calloc(1, sizeof(*s));

	if (s)
		s->m = p->t->file;
	return s;
}

void file_state_free(struct file_state *s)
{
	free(s);
}

uint32_t file_in_progress(const struct file_state *s)
{
	return s->n_flying;
}

static const struct endpoint *source_of(const struct peer *p, uint32_t i)
{
	return &p->plan->caller.local[i % p->plan->caller.n_local];
}

unsigned int file_start(struct peer *p, uint64_t due, struct peer_out *out)
{
	struct file_state *s = p->file;
	uint32_t i = s->next;
	const struct file_message *m = &s->m->m[i];
	struct file_flight *f = &s->flight[i];

	s->next = (i + 1) % s->m->n;
	if (p->core != 0)
		return 0;
	if (f->sent || m->len > out->room) {
		count(p, L_NOT_STARTED, 1);
		return 0;
	}
	memcpy(out->p, m->p, m->len);
	out->len = m->len;
	out->side = PEER_CALLER;
	out->from = *source_of(p, i);
	out->to = p->plan->caller.proxy;
	f->due = f->sent = due | 1;
	f->late = false;
	s->n_flying++;
	count(p, L_SENT, 1);
	count(p, L_SENT_BYTES, m->len);
	count(p, L_CALLS_STARTED, 1);
	return 1;
}

/* --- receiving ------------------------------------------------------------------------------- */

static void receive_unknown(struct peer *p, const struct peer_in *in)
{
	bool answer = in->len > 12 && memcmp(in->p, "SIP/2.0 ", 8) == 0;

	if (answer && in->side == PEER_CALLER)
		fault(p, L_REFUSED, 0, in, "an answer of the proxy's own");
	else
		fault(p, L_UNKNOWN, 0, in, "no message of the files");
}

static uint64_t print_of(const struct peer *p, const struct peer_in *in)
{
	struct row_span s = { p->found.branch.off, p->found.branch.len };

	return s.len ? hash(2, in->p, s) | 1 : 0;
}

static void land(struct peer *p, const struct peer_in *in, uint32_t i, uint64_t now)
{
	struct file_flight *f = &p->file->flight[i];
	const struct file_message *m = &p->file->m->m[i];
	const char *why = check_message(m->p, m->len, in->p, in->len, source_of(p, i), &p->found);
	uint64_t print = why ? 0 : print_of(p, in);

	f->sent = 0;
	p->file->n_flying--;
	count(p, L_RECEIVED, 1);
	count(p, L_RECEIVED_BYTES, in->len);
	count_latency(p, f->due, now);
	if (why)
		fault(p, L_ALTERED, i, in, why);
	else if (print && f->branch && f->branch != print)
		fault(p, L_BRANCH_CHANGED, i, in, "another branch than the last time");
	else
		count(p, L_CALLS_DONE, 1);
	f->branch = print ? print : f->branch;
}

unsigned int file_receive(struct peer *p, const struct peer_in *in, uint64_t now,
			  struct peer_out *out)
{
	struct file_flight *f;
	uint64_t key;
	uint32_t at;

	(void)out;
	at = rows_read(in->p, in->len, &p->found.rows) && message_key(&p->found.rows, &key)
		     ? *place(p->t->file, key)
		     : 0;
	if (!at) {
		receive_unknown(p, in);
		return 0;
	}
	f = &p->file->flight[at - 1];
	if (f->sent)
		land(p, in, at - 1, now);
	else if (f->late)
		count(p, L_LATE, 1);
	else
		fault(p, L_DUPLICATED, at - 1, in, "it arrived before");
	f->late = false;
	return 0;
}

static void give_up(struct peer *p, struct file_flight *f)
{
	f->sent = 0;
	f->late = true;
	p->file->n_flying--;
	count(p, L_LOST, 1);
}

unsigned int file_timers(struct peer *p, uint64_t now)
{
	struct file_state *s = p->file;

	for (unsigned int i = 0; i < 64 && s->n_flying; i++) {
		struct file_flight *f = &s->flight[s->look];

		s->look = (s->look + 1) % s->m->n;
		if (f->sent && (int64_t)(now - f->sent) > (int64_t)p->timeout)
			give_up(p, f);
	}
	return 0;
}

void file_finish(struct peer *p, uint64_t now)
{
	(void)now;
	for (uint32_t i = 0; i < p->file->m->n; i++) {
		if (p->file->flight[i].sent)
			give_up(p, &p->file->flight[i]);
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parse, edit, parse: the rows that an edit names change as said, every other row, the start line
 * and the body stay what they were, byte for byte.
 */
#include "dataplane/sip/edit.h"
#include "tests/unit/parsed.h"

#define ROWS_MAX 64
#define TEXT_MAX 8192
#define ROOM 4000

static uint64_t random_state = 0x2545f4914f6cdd1d;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % n;
}

/* What a message is made of, as text. */
struct model {
	const char *rows[ROWS_MAX];
	unsigned int n_rows;
	uint8_t body[200];
	uint32_t body_len;
};

static const char start_line[] = "INVITE sip:bob@example.com SIP/2.0\r\n";

/* Rows that every message has. */
static const char *const required[] = {
	"Via: SIP/2.0/UDP client.example.org:5060;branch=z9hG4bK-1;rport\r\n",
	"From: \"Alice\" <sip:alice@example.org>;tag=a1\r\n",
	"t:\r\n <sip:bob@example.com>\r\n",
	"Call-ID: 3848276298220188511@client.example.org\r\n",
	"CSeq: 1 INVITE\r\n",
};

/* Rows that may stand anywhere, any number of times. */
static const char *const optional[] = {
	"Via: SIP/2.0/UDP lb.example;branch=z9hG4bK0123456789abcdef0123456789abcdef\r\n",
	"v: SIP/2.0/TCP p1.example ;branch=z9hG4bK7, SIP/2.0/UDP p2.example;branch=z9hG4bK8\r\n",
	"Record-Route: <sip:lb.example;lr>\r\n",
	"Route: <sip:p.example;lr>,\r\n\t<sip:q.example;lr>\r\n",
	"X:\r\n",
	"Subject: folded\r\n  over\r\n\tthree lines\r\n",
	"Contact: <sip:alice@client.example.org>\r\n",
	"X-Long: "
	"012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
	"0123456789\r\n",
	"User-Agent: test/1 (\"quoted, \\\" comma\")\r\n",
};

#define N_REQUIRED (sizeof(required) / sizeof(required[0]))
#define N_OPTIONAL (sizeof(optional) / sizeof(optional[0]))

static const char *random_optional(void)
{
	return optional[random_below(N_OPTIONAL)];
}

static void random_model(struct model *d)
{
	size_t next = 0;

	d->n_rows = 0;
	while (next < N_REQUIRED || random_below(3)) {
		if (d->n_rows == ROWS_MAX / 2)
			break;
		if (next < N_REQUIRED && (random_below(2) || d->n_rows > ROWS_MAX / 4))
			d->rows[d->n_rows++] = required[next++];
		else
			d->rows[d->n_rows++] = random_optional();
	}
	d->body_len = random_below(sizeof(d->body));
	for (uint32_t i = 0; i < d->body_len; i++)
		d->body[i] = (uint8_t)random_below(256);
}

static uint32_t write_model(const struct model *d, uint8_t *out)
{
	uint32_t n = sizeof(start_line) - 1;

	memcpy(out, start_line, n);
	for (unsigned int i = 0; i < d->n_rows; i++) {
		memcpy(out + n, d->rows[i], strlen(d->rows[i]));
		n += (uint32_t)strlen(d->rows[i]);
	}
	memcpy(out + n, "\r\n", 2);
	memcpy(out + n + 2, d->body, d->body_len);
	return n + 2 + d->body_len;
}

/* The parsed message has exactly the start line, rows and body of the model. */
static void check_model(const struct model *d, const struct sip_msg *m)
{
	cr_assert_eq(m->n_rows, d->n_rows);
	cr_assert_eq(memcmp(m->p, start_line, sizeof(start_line) - 1), 0);
	for (unsigned int i = 0; i < d->n_rows; i++) {
		struct span row = sip_row_span(m, i);

		cr_assert_eq(row.len, strlen(d->rows[i]), "row %u", i);
		cr_assert_eq(memcmp(span_ptr(m->p, row), d->rows[i], row.len), 0, "row %u", i);
	}
	cr_assert_eq(m->len - m->head_len, d->body_len);
	cr_assert_eq(memcmp(m->p + m->head_len, d->body, d->body_len), 0);
}

static bool is_required(const char *row)
{
	for (size_t i = 0; i < N_REQUIRED; i++) {
		if (row == required[i])
			return true;
	}
	return false;
}

/* Edits whole rows of @m at random: inserts before, deletes, replaces. @d becomes what must come
 * out. */
static void random_row_edits(struct edit_list *l, const struct sip_msg *m, struct model *d)
{
	struct model was = *d;

	edit_reset(l);
	d->n_rows = 0;
	for (unsigned int i = 0; i <= was.n_rows; i++) {
		bool optional_row = i < was.n_rows && !is_required(was.rows[i]);
		const char *fresh = random_optional();

		if (random_below(5) == 0 && d->n_rows < ROWS_MAX - 1) {
			edit_add(l, m->row[i].off, 0, fresh, (uint32_t)strlen(fresh));
			d->rows[d->n_rows++] = fresh;
		}
		if (i == was.n_rows)
			break;
		if (!optional_row || random_below(3)) {
			d->rows[d->n_rows++] = was.rows[i];
			continue;
		}
		fresh = random_below(2) ? random_optional() : "";
		edit_add(l, m->row[i].off, sip_row_span(m, i).len, fresh, (uint32_t)strlen(fresh));
		if (*fresh)
			d->rows[d->n_rows++] = fresh;
	}
}

Test(edit_parse, random_row_edits_change_those_rows_and_nothing_else)
{
	static uint8_t text[TEXT_MAX], copy[TEXT_MAX];
	static struct sip_msg m;
	uint8_t *buffer = malloc(ROOM + TEXT_MAX + ROOM);

	for (int round = 0; round < 2000; round++) {
		struct edit_room room = { random_below(2) * ROOM, ROOM };
		struct edit_result res;
		struct edit_list l;
		struct model d;
		uint32_t len;

		random_model(&d);
		len = write_model(&d, text);
		cr_assert_eq(sip_parse(text, len, SIP_EXACT, &m), SIP_OK, "round %d: %s", round,
			     sip_reason_info((enum sip_reason)m.reason)->name);
		check_model(&d, &m);
		random_row_edits(&l, &m, &d);
		memcpy(buffer + ROOM, text, len);
		cr_assert_eq(edit_apply(&l, buffer + ROOM, len, room, &res), 0);
		cr_assert_eq(edit_copy(&l, text, len, copy, sizeof(copy)), (int)res.len);
		cr_assert_eq(memcmp(buffer + ROOM + res.head_shift, copy, res.len), 0);
		cr_assert_eq(sip_parse(copy, res.len, SIP_EXACT, &m), SIP_OK);
		check_model(&d, &m);
	}
	free(buffer);
}

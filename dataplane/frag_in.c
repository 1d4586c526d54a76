/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Layout. A datagram under way is an entry; its pieces hang on it in order of offset; a piece is
 * its first chunk, and its bytes go on in the chunks that follow it. All links are indexes.
 *
 *   bucket[hash] -> entry -> entry          entries also in two lists by age: of all, and of
 *                     |                     those from one source
 *                     +-> chunk(off, len) -> chunk(off, len) -> ...   pieces, by piece_next
 *                           |
 *                           +-> chunk -> chunk                        bytes, by next
 *
 * An entry whose datagram is lost (overlap, contradiction) stays without pieces until its deadline,
 * so that what is still to come is dropped too.
 */
#include "dataplane/frag_in.h"

#define XXH_INLINE_ALL
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define CHUNK 512u /* bytes; a piece of a 1500-byte link takes 3 */
#define NONE UINT32_MAX
#define SOURCES 1024u /* accounts, by hash of the source */
#define DATAGRAM_MAX 65535u
#define EXPIRE_MAX 64 /* entries given up in one call */

/* What is known of a chunk; the last three only count for the first chunk of a piece. */
struct chunk {
	uint32_t next;
	uint32_t piece_next;
	uint16_t off;
	uint16_t len;
};

struct frag_key {
	struct ip src, dst;
	uint32_t id;
	uint32_t proto; /* 0 for IPv6: there the identification alone tells (RFC 8200 4.5) */
};

enum { BY_AGE, OF_SOURCE, N_LISTS };

struct age_link {
	uint32_t older, newer;
};

/* Entries by age, which is by deadline. */
struct age_list {
	uint32_t oldest, newest;
};

/* What the datagrams of one source take. */
struct source {
	struct age_list list;
	uint32_t used; /* chunks and entries */
};

struct entry {
	struct frag_key key;
	uint64_t deadline;
	uint32_t hash_next;
	struct age_link link[N_LISTS];
	uint32_t first, last; /* pieces */
	uint32_t bytes;       /* received */
	uint32_t total;       /* length of the datagram; NONE until its last piece came */
	uint32_t bucket;
	uint16_t n_pieces;
	uint16_t source; /* index in source[] */
	uint8_t proto;   /* of the piece at offset 0 */
	uint8_t lost;    /* enum frag_result that later pieces share; FRAG_KEPT = not lost */
};

struct frag_table {
	uint8_t secret[FRAG_SECRET];
	uint64_t timeout;
	uint32_t n_chunks, n_entries, mask;
	uint32_t free_chunk, free_chunks;
	uint32_t free_entry;
	struct age_list age;
	uint32_t source_max; /* what one source may use */
	uint32_t held;
	struct source source[SOURCES];
	uint32_t *bucket;
	struct entry *entry;
	struct chunk *chunk;
	uint8_t *bytes;
};

struct frag_table *frag_table_new(uint32_t memory, uint64_t timeout, const uint8_t *secret)
{
	struct frag_table *t = calloc(1, sizeof(*t));
	uint32_t n_buckets = 64;

	if (!t)
		return NULL;
	if (memory < FRAG_MEMORY_MIN)
		memory = FRAG_MEMORY_MIN;
	memcpy(t->secret, secret, FRAG_SECRET);
	t->timeout = timeout;
	/* An entry, and two buckets at most, for every second chunk. */
	t->n_chunks = (uint32_t)((memory - sizeof(*t)) /
				 (CHUNK + sizeof(struct chunk) +
				  (sizeof(struct entry) + 2 * sizeof(uint32_t)) / 2));
	t->n_entries = t->n_chunks / 2;
	t->source_max = t->n_chunks / 4 > 300 ? t->n_chunks / 4 : 300;
	while (n_buckets < t->n_entries)
		n_buckets *= 2;
	t->mask = n_buckets - 1;
	t->bucket = malloc(n_buckets * sizeof(*t->bucket));
	t->entry = calloc(t->n_entries, sizeof(*t->entry));
	t->chunk = calloc(t->n_chunks, sizeof(*t->chunk));
	t->bytes = malloc((size_t)t->n_chunks * CHUNK);
	if (!t->bucket || !t->entry || !t->chunk || !t->bytes) {
		frag_table_free(t);
		return NULL;
	}
	memset(t->bucket, 0xff, n_buckets * sizeof(*t->bucket));
	for (uint32_t i = 0; i < t->n_chunks; i++)
		t->chunk[i].next = i + 1 < t->n_chunks ? i + 1 : NONE;
	for (uint32_t i = 0; i < t->n_entries; i++)
		t->entry[i].hash_next = i + 1 < t->n_entries ? i + 1 : NONE;
	t->free_chunks = t->n_chunks;
	t->age = (struct age_list){ NONE, NONE };
	for (unsigned int i = 0; i < SOURCES; i++)
		t->source[i].list = t->age;
	return t;
}

void frag_table_free(struct frag_table *t)
{
	if (!t)
		return;
	free(t->bucket);
	free(t->entry);
	free(t->chunk);
	free(t->bytes);
	free(t);
}

uint32_t frag_held(const struct frag_table *t)
{
	return t->held;
}

/* --- keys -------------------------------------------------------------------------------- */

static void key_of(const struct fragment *f, struct frag_key *key)
{
	key->src = f->src;
	key->dst = f->dst;
	key->id = f->id;
	key->proto = f->v6 ? 0 : f->proto;
}

uint64_t frag_hash(const uint8_t *secret, const struct fragment *f)
{
	struct frag_key key;

	key_of(f, &key);
	return XXH3_64bits_withSecret(&key, sizeof(key), secret, FRAG_SECRET);
}

static uint32_t find(const struct frag_table *t, const struct frag_key *key, uint32_t bucket)
{
	uint32_t i = t->bucket[bucket];

	while (i != NONE && memcmp(&t->entry[i].key, key, sizeof(*key)) != 0)
		i = t->entry[i].hash_next;
	return i;
}

/* --- entries ----------------------------------------------------------------------------- */

static void age_push(struct frag_table *t, struct age_list *l, int which, uint32_t i)
{
	t->entry[i].link[which] = (struct age_link){ .older = l->newest, .newer = NONE };
	if (l->newest != NONE)
		t->entry[l->newest].link[which].newer = i;
	else
		l->oldest = i;
	l->newest = i;
}

static void age_remove(struct frag_table *t, struct age_list *l, int which, uint32_t i)
{
	struct age_link link = t->entry[i].link[which];

	if (link.older != NONE)
		t->entry[link.older].link[which].newer = link.newer;
	else
		l->oldest = link.newer;
	if (link.newer != NONE)
		t->entry[link.newer].link[which].older = link.older;
	else
		l->newest = link.older;
}

/* Gives back all pieces of @e. Returns how many there were. */
static uint32_t drop_pieces(struct frag_table *t, struct entry *e)
{
	uint32_t n = e->n_pieces;

	for (uint32_t p = e->first; p != NONE;) {
		uint32_t next = t->chunk[p].piece_next;

		for (uint32_t c = p; c != NONE;) {
			uint32_t after = t->chunk[c].next;

			t->chunk[c].next = t->free_chunk;
			t->free_chunk = c;
			t->free_chunks++;
			t->source[e->source].used--;
			c = after;
		}
		p = next;
	}
	e->first = e->last = NONE;
	e->n_pieces = 0;
	t->held -= n;
	return n;
}

/* Forgets entry @i and its pieces; adds their number to @count. */
static void remove_entry(struct frag_table *t, uint32_t i, uint32_t *count)
{
	struct entry *e = &t->entry[i];
	uint32_t *link = &t->bucket[e->bucket];

	*count += drop_pieces(t, e);
	while (*link != i)
		link = &t->entry[*link].hash_next;
	*link = e->hash_next;
	age_remove(t, &t->age, BY_AGE, i);
	age_remove(t, &t->source[e->source].list, OF_SOURCE, i);
	t->source[e->source].used--;
	e->hash_next = t->free_entry;
	t->free_entry = i;
}

/* Keeps the entry as a mark of a datagram that is lost. */
static enum frag_result lose(struct frag_table *t, struct entry *e, enum frag_result why,
			     uint32_t *count)
{
	*count += drop_pieces(t, e);
	e->lost = (uint8_t)why;
	return why;
}

/* A new entry, for which the oldest makes room if need be. */
static uint32_t add_entry(struct frag_table *t, uint64_t now, const struct frag_key *key,
			  uint32_t bucket, struct frag_fate *fate)
{
	uint64_t h = XXH3_64bits_withSecret(&key->src, sizeof(key->src), t->secret, FRAG_SECRET);
	struct source *s = &t->source[h % SOURCES];
	uint32_t i;

	if (s->used == t->source_max)
		remove_entry(t, s->list.oldest, &fate->no_room);
	if (t->free_entry == NONE)
		remove_entry(t, t->age.oldest, &fate->no_room);
	i = t->free_entry;
	t->free_entry = t->entry[i].hash_next;
	t->entry[i] = (struct entry){
		.key = *key,
		.deadline = now + t->timeout,
		.hash_next = t->bucket[bucket],
		.first = NONE,
		.last = NONE,
		.total = NONE,
		.bucket = bucket,
		.source = (uint16_t)(h % SOURCES),
		.lost = FRAG_KEPT,
	};
	t->bucket[bucket] = i;
	age_push(t, &t->age, BY_AGE, i);
	age_push(t, &s->list, OF_SOURCE, i);
	s->used++;
	return i;
}

void frag_expire(struct frag_table *t, uint64_t now, struct frag_fate *fate)
{
	for (int n = 0; n < EXPIRE_MAX && t->age.oldest != NONE; n++) {
		if (t->entry[t->age.oldest].deadline > now)
			return;
		remove_entry(t, t->age.oldest, &fate->timeout);
	}
}

/* --- pieces ------------------------------------------------------------------------------ */

static uint32_t piece_end(const struct frag_table *t, uint32_t p)
{
	return (uint32_t)t->chunk[p].off + t->chunk[p].len;
}

/* True if piece @p is what @f brings again. */
static bool same_bytes(const struct frag_table *t, uint32_t p, const struct fragment *f)
{
	const uint8_t *data = f->data;
	uint32_t left = f->len;

	if (t->chunk[p].off != f->off || t->chunk[p].len != f->len)
		return false;
	for (uint32_t c = p; c != NONE; c = t->chunk[c].next) {
		uint32_t n = left < CHUNK ? left : CHUNK;

		if (memcmp(t->bytes + (size_t)c * CHUNK, data, n) != 0)
			return false;
		data += n;
		left -= n;
	}
	return true;
}

/*
 * Finds the piece after which @f goes (NONE: before all). FRAG_KEPT if it fits between its
 * neighbours.
 */
static enum frag_result find_place(const struct frag_table *t, const struct entry *e,
				   const struct fragment *f, uint32_t *before)
{
	uint32_t prev = NONE, next = e->first;

	if (e->last != NONE && t->chunk[e->last].off < f->off) {
		prev = e->last; /* in order: the usual case */
		next = NONE;
	}
	while (next != NONE && t->chunk[next].off < f->off) {
		prev = next;
		next = t->chunk[next].piece_next;
	}
	if (next != NONE && same_bytes(t, next, f))
		return FRAG_DUPLICATE;
	if (prev != NONE && piece_end(t, prev) > f->off)
		return FRAG_OVERLAP;
	if (next != NONE && f->off + f->len > t->chunk[next].off)
		return FRAG_OVERLAP;
	*before = prev;
	return FRAG_KEPT;
}

/* Copies the bytes of @f into chunks, which are there. Returns the first. */
static uint32_t store(struct frag_table *t, struct entry *e, const struct fragment *f)
{
	uint32_t first = t->free_chunk, c = first;

	for (uint32_t done = 0; done < f->len; done += CHUNK) {
		uint32_t n = f->len - done < CHUNK ? f->len - done : CHUNK;

		c = t->free_chunk;
		memcpy(t->bytes + (size_t)c * CHUNK, f->data + done, n);
		t->free_chunk = t->chunk[c].next;
		t->free_chunks--;
		t->source[e->source].used++;
	}
	t->chunk[c].next = NONE;
	t->chunk[first].off = (uint16_t)f->off;
	t->chunk[first].len = (uint16_t)f->len;
	return first;
}

/* True once @n chunks are free: datagrams older than @i give way, first those of its source. */
static bool make_room(struct frag_table *t, uint32_t i, uint32_t n, struct frag_fate *fate)
{
	struct source *s = &t->source[t->entry[i].source];

	while (s->used + n > t->source_max && s->list.oldest != i)
		remove_entry(t, s->list.oldest, &fate->no_room);
	if (s->used + n > t->source_max)
		return false;
	while (t->free_chunks < n && t->age.oldest != i)
		remove_entry(t, t->age.oldest, &fate->no_room);
	return t->free_chunks >= n;
}

static void link_piece(struct frag_table *t, struct entry *e, uint32_t before, uint32_t p)
{
	uint32_t *link = before == NONE ? &e->first : &t->chunk[before].piece_next;

	t->chunk[p].piece_next = *link;
	*link = p;
	if (t->chunk[p].piece_next == NONE)
		e->last = p;
	e->n_pieces++;
	t->held++;
}

/* Writes the pieces of the complete datagram one after the other. */
static void assemble(const struct frag_table *t, const struct entry *e, uint8_t *out)
{
	for (uint32_t p = e->first; p != NONE; p = t->chunk[p].piece_next) {
		uint32_t left = t->chunk[p].len;

		for (uint32_t c = p; c != NONE; c = t->chunk[c].next) {
			uint32_t n = left < CHUNK ? left : CHUNK;

			memcpy(out, t->bytes + (size_t)c * CHUNK, n);
			out += n;
			left -= n;
		}
	}
}

/* False if the lengths of @f contradict what is known of the datagram; else notes its total. */
static bool agree(const struct frag_table *t, struct entry *e, const struct fragment *f)
{
	uint32_t end = f->off + f->len;

	if (f->more)
		return e->total == NONE || end < e->total;
	if (e->total != NONE && e->total != end)
		return false;
	if (e->last != NONE && piece_end(t, e->last) > end)
		return false;
	e->total = end;
	return true;
}

/* Puts @f into entry @i, which is not lost. */
static enum frag_result add_piece(struct frag_table *t, uint32_t i, const struct fragment *f,
				  struct frag_fate *fate)
{
	struct entry *e = &t->entry[i];
	enum frag_result r;
	uint32_t before = NONE;

	r = find_place(t, e, f, &before);
	if (r == FRAG_DUPLICATE)
		return r;
	if (r == FRAG_OVERLAP)
		return lose(t, e, r, &fate->overlap);
	if (!agree(t, e, f))
		return lose(t, e, FRAG_BAD, &fate->bad);
	if (e->n_pieces == FRAG_PIECES_MAX || !make_room(t, i, (f->len + CHUNK - 1) / CHUNK, fate))
		return lose(t, e, FRAG_NO_ROOM, &fate->no_room);
	link_piece(t, e, before, store(t, e, f));
	if (f->off == 0)
		e->proto = f->proto;
	e->bytes += f->len;
	return FRAG_KEPT;
}

enum frag_result frag_in(struct frag_table *t, uint64_t now, const struct fragment *f, uint8_t *out,
			 struct frag_whole *whole, struct frag_fate *fate)
{
	struct frag_key key;
	struct entry *e;
	enum frag_result r;
	uint32_t i, bucket;

	if (f->len == 0 || f->off + f->len > DATAGRAM_MAX || (f->more && f->len % 8 != 0))
		return FRAG_BAD;
	key_of(f, &key);
	bucket = (uint32_t)frag_hash(t->secret, f) & t->mask;
	i = find(t, &key, bucket);
	if (i == NONE)
		i = add_entry(t, now, &key, bucket, fate);
	e = &t->entry[i];
	if (e->lost != FRAG_KEPT)
		return e->lost;
	r = add_piece(t, i, f, fate);
	if (r != FRAG_KEPT || e->bytes != e->total)
		return r;
	assemble(t, e, out);
	*whole = (struct frag_whole){ .len = e->total, .proto = e->proto };
	remove_entry(t, i, &fate->merged);
	fate->merged--; /* the last one shares the datagram's own fate */
	return FRAG_WHOLE;
}

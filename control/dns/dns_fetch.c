/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the cache to the wire and back: one question for each entry at a time, however many wait for
 * it, and a bound to how many there are in all.
 *
 * Names that nobody knows yet may use three quarters of the bound, and names below one domain a
 * quarter: a domain whose servers are slow must not keep the others from being asked, and nothing
 * keeps what is in use from being asked anew.
 */
#include "control/config/alloc.h"
#include "control/dns/dns_state.h"

#include <errno.h>

struct fetch {
	struct dns *d;
	struct dns_entry *e;
};

/* The class of @name, by its last two labels. */
static uint32_t zone_of(const char *name)
{
	size_t n = strlen(name), dots = 0;
	uint32_t h = 0;

	while (n > 0 && dots < 2) {
		dots += name[n - 1] == '.';
		h = dots < 2 ? h * 31 + (uint8_t)name[n - 1] : h;
		n--;
	}
	return (h ^ h >> 13) % DNS_ZONES;
}

static bool room(const struct dns *d, const struct dns_entry *e, bool urgent)
{
	uint32_t busy = resolvers_busy(d->resolvers), most = d->queries_most;

	if (urgent || e->now)
		return busy < most;
	return busy < most - most / 4 && d->zone_busy[zone_of(e->name)] < (most + 3) / 4;
}

/* Moves the list @from to @to. */
static void take_waits(struct dns_waits *to, struct dns_waits *from)
{
	LIST_INIT(to);
	to->lh_first = LIST_FIRST(from);
	if (to->lh_first)
		to->lh_first->of_entry.le_prev = &to->lh_first;
	LIST_INIT(from);
}

static void wake_all(struct dns_waits *waits)
{
	struct dns_wait *w;

	while ((w = LIST_FIRST(waits))) {
		struct dns_ticket *t = w->ticket;

		LIST_REMOVE(w, of_entry);
		LIST_REMOVE(w, of_ticket);
		mem_free(w);
		if (LIST_EMPTY(&t->waits) && !t->running)
			dns_ticket_resume(t);
	}
}

static void on_answer(void *arg, int rc, const struct dns_answer_records *records)
{
	struct fetch f = *(struct fetch *)arg;
	struct dns *d = f.d;
	struct dns_waits waits;
	uint64_t now = d->clock();
	bool known = f.e->now != NULL;

	mem_free(arg);
	d->zone_busy[zone_of(f.e->name)]--;
	if (rc == -ECANCELED && !d->ending) {
		/* The resolvers are others now. */
		f.e->fetching = false;
		if (dns_fetch(d, f.e, true) == 0)
			return;
		f.e->fetching = true;
		rc = -EIO;
	}
	if (rc) {
		dns_cache_fail(f.e, rc, now);
	} else {
		const struct dns_rrset *before = f.e->now;

		d->counts.cut += records->cut;
		dns_cache_learn(&d->cache, f.e, records, now);
		d->counts.changes += known && f.e->now != before;
	}
	f.e->fetching = false;
	take_waits(&waits, &f.e->waits);
	/* The entry may go from here on. */
	wake_all(&waits);
}

int dns_fetch(struct dns *d, struct dns_entry *e, bool urgent)
{
	struct fetch *f;

	if (e->fetching)
		return 0;
	if (!room(d, e, urgent))
		return -EBUSY;
	f = mem_alloc(sizeof(*f));
	if (!f)
		return -ENOMEM;
	*f = (struct fetch){ d, e };
	e->fetching = true;
	d->zone_busy[zone_of(e->name)]++;
	if (resolvers_ask(d->resolvers, e->type, e->name, on_answer, f) == 0)
		return 0;
	d->zone_busy[zone_of(e->name)]--;
	e->fetching = false;
	mem_free(f);
	return -ENOMEM;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ordered edits of a message: replace, insert, delete; nothing else in it changes.
 *
 * Edits are collected first, with offsets of the message as received, and applied in one go. One
 * stretch between two edits stays where it is (the pivot); what is left of it moves towards or away
 * from the headroom, what is right of it into or out of the tailroom. The pivot that moves the
 * fewest bytes among those that fit is taken, so an inserted Via moves the start line and not the
 * body. A list of texts with slack is quicker: there the rest behind the last change of length
 * stays, or moves right by what the headroom lacks, if no more than EDIT_HEAD bytes, before and
 * after, stand before it and it fits.
 */
#pragma once

#include "dataplane/sip/span.h"

#define EDIT_MAX 64 /* edits of one message */
#define EDIT_SLACK 64
#define EDIT_HEAD 768

struct edit {
	uint16_t off;        /* in the message as received */
	uint16_t del;        /* bytes removed there */
	uint16_t ins;        /* bytes put there instead */
	const uint8_t *text; /* what is put; borrowed, must not lie in the message */
};

struct edit_list {
	unsigned int n;
	bool failed; /* an edit did not fit the list or the order: edit_apply() refuses */
	bool slack;  /* all texts, of those that put nothing too, have EDIT_SLACK readable bytes
			from their start and behind what they put */
	int delta;   /* bytes by which the message grows */
	struct edit e[EDIT_MAX];
};

/* Room around a message in its buffer, in bytes. */
struct edit_room {
	uint32_t head;
	uint32_t tail;
};

/* What edit_apply() did, for lengths and checksums. */
struct edit_result {
	int head_shift; /* bytes from its old start to its new one; negative: it starts earlier */
	uint32_t len;   /* new length */
	uint32_t tail_old; /* offset from which on nothing changed, in the old message ... */
	uint32_t tail_new; /* ... and in the new one; tail bytes are equal */
};

static inline void edit_reset(struct edit_list *l)
{
	l->n = 0;
	l->failed = false;
	l->slack = false;
	l->delta = 0;
}

/**
 * Adds: at @off take @del bytes out and put @ins bytes from @text there. Edits must come in
 * ascending order of @off and not overlap (two inserts at one place are put in the order added). A
 * list that is full or out of order is marked failed.
 */
void edit_add(struct edit_list *l, uint32_t off, uint32_t del, const void *text, uint32_t ins);

/* Errors of the functions below. */
enum {
	EDIT_BAD = -1,      /* the list failed, or an edit lies outside of the bytes */
	EDIT_TOO_LONG = -2, /* more than 65,535 bytes before or after */
	EDIT_NO_ROOM = -3   /* no pivot fits the room, or the buffer is too small */
};

/**
 * Applies @l to the @len bytes at @p with @room around them. Returns 0, or an error as above; then
 * nothing was changed. All spans into the message end here.
 */
int edit_apply(const struct edit_list *l, uint8_t *p, uint32_t len, struct edit_room room,
	       struct edit_result *res);

/**
 * Writes the edited message to @out (@cap bytes) and leaves the source alone: same bytes as
 * edit_apply() makes. Returns the length, or an error as above.
 */
int edit_copy(const struct edit_list *l, const uint8_t *p, uint32_t len, uint8_t *out,
	      uint32_t cap);

/**
 * As edit_copy(), for the bytes @s of the message at @p only: every edit of @l must lie in @s,
 * offsets still count from the start of the message.
 */
int edit_copy_range(const struct edit_list *l, const uint8_t *p, struct span s, uint8_t *out,
		    uint32_t cap);

// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/delta.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Equal bytes fewer than these are not worth the two numbers they save. */
#define MIN_EQUAL 3

void delta_free(struct delta *d)
{
	unsigned int i;

	for (i = 0; i < DELTA_SLOTS; i++)
		free(d->slot[i].data);
	memset(d, 0, sizeof(*d));
}

/* What a string of @len bytes is compared with: zeros when there was none yet.
 */
static struct delta_slot *reference(struct delta *d, size_t len)
{
	struct delta_slot *s = &d->slot[len / 4 % DELTA_SLOTS];
	unsigned char *more;

	if (len > DELTA_MAX_LEN)
		return NULL;
	if (s->data && s->len == len)
		return s;
	if (!s->data || s->cap < len) {
		more = realloc(s->data, len ? len : 1);
		if (!more)
			return NULL;
		s->data = more;
		s->cap = (uint32_t)len;
	}
	s->len = (uint32_t)len;
	memset(s->data, 0, len);
	return s;
}

/* Seven bits a byte, the lowest first; the eighth says that more follow. */
static void put_number(struct buf *out, size_t v)
{
	unsigned char b[10];
	unsigned int n = 0;

	for (; v > 0x7f; v >>= 7)
		b[n++] = (unsigned char)(v | 0x80);
	b[n++] = (unsigned char)v;
	buf_add(out, b, n);
}

static bool get_number(const unsigned char **at, const unsigned char *end,
		       size_t *v)
{
	unsigned int shift;

	*v = 0;
	for (shift = 0; *at < end && shift < 28; shift += 7) {
		*v |= (size_t)(**at & 0x7f) << shift;
		if (!(*(*at)++ & 0x80))
			return true;
	}
	return false;
}

/* How many bytes from @i on are equal. */
static size_t equal_run(const unsigned char *a, const unsigned char *b,
			size_t i, size_t len)
{
	size_t start = i;
	uint64_t x, y;

	for (; i + sizeof(x) <= len; i += sizeof(x)) {
		memcpy(&x, a + i, sizeof(x));
		memcpy(&y, b + i, sizeof(y));
		if (x != y)
			break;
	}
	while (i < len && a[i] == b[i])
		i++;
	return i - start;
}

/* How many differ, with what is too short to be left out. */
static size_t different_run(const unsigned char *a, const unsigned char *b,
			    size_t i, size_t len)
{
	size_t start = i, equal;

	while (i < len) {
		if (a[i] != b[i]) {
			i++;
			continue;
		}
		equal = equal_run(a, b, i, len);
		if (equal >= MIN_EQUAL || i + equal == len)
			break;
		i += equal;
	}
	return i - start;
}

int delta_put(struct delta *d, struct buf *out, const void *data, size_t len)
{
	struct delta_slot *ref = reference(d, len);
	const unsigned char *p = data;
	size_t i = 0, n;

	if (!ref)
		return -ENOMEM;
	while (i < len) {
		n = equal_run(p, ref->data, i, len);
		put_number(out, n);
		i += n;
		if (i == len)
			break;
		n = different_run(p, ref->data, i, len);
		put_number(out, n);
		buf_add(out, p + i, n);
		i += n;
	}
	if (len)
		memcpy(ref->data, p, len);
	return out->failed ? -ENOMEM : 0;
}

const unsigned char *delta_get(struct delta *d, const unsigned char **packed,
			       const unsigned char *end, size_t len)
{
	struct delta_slot *ref = reference(d, len);
	size_t i = 0, n;

	if (!ref)
		return NULL;
	while (i < len) {
		if (!get_number(packed, end, &n) || n > len - i)
			return NULL;
		i += n;
		if (i == len)
			break;
		if (!get_number(packed, end, &n) || !n || n > len - i ||
		    n > (size_t)(end - *packed))
			return NULL;
		memcpy(ref->data + i, *packed, n);
		*packed += n;
		i += n;
	}
	return ref->data;
}

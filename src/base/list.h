/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intrusive doubly linked lists, the kernel's idiom in the few forms we use. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

#define container_of(ptr, type, member)                                        \
	((type *)(void *)(((char *)(ptr)) - offsetof(type, member)))

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_insert_after(struct list *pos, struct list *node)
{
	node->prev = pos;
	node->next = pos->next;
	pos->next->prev = node;
	pos->next = node;
}

/* Adds @node as the last element of @head. */
static inline void list_append(struct list *head, struct list *node)
{
	list_insert_after(head->prev, node);
}

static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* Moves every element of @from to the end of @to; @from is empty afterwards. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_for_each(pos, head, type, member)                                 \
	for (pos = container_of((head)->next, type, member);                   \
	     &pos->member != (head);                                           \
	     pos = container_of(pos->member.next, type, member))

/* As list_for_each, but @pos may be removed or freed inside the loop. */
#define list_for_each_safe(pos, tmp, head, type, member)                       \
	for (pos = container_of((head)->next, type, member),                   \
	    tmp = container_of(pos->member.next, type, member);                \
	     &pos->member != (head);                                           \
	     pos = tmp, tmp = container_of(tmp->member.next, type, member))

#endif

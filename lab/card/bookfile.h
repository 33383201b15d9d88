/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Getting the books into a file: a thread that writes what it is handed, so
 * that nobody who serves the bus waits for a disk. Knows nothing of the text.
 *
 * Locking: a mutex inside, a leaf.
 */
#ifndef CARD_BOOKFILE_H
#define CARD_BOOKFILE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct bookfile {
	const char *path;	/* NULL: nothing is ever written */
	pthread_mutex_t lock;
	pthread_cond_t change;
	char *text;		/* the next to write; a newer one replaces it */
	size_t len;
	bool busy, quit;
	pthread_t thread;
};

/* Return: 0 or -errno. */
int bookfile_init(struct bookfile *bf, const char *path);

/* Write what is pending, then stop. */
void bookfile_fini(struct bookfile *bf);

/* Hand over malloc()ed text (NULL is ignored); it appears by rename(). */
void bookfile_put(struct bookfile *bf, char *text, size_t len);

/* Wait until everything is in the file. */
void bookfile_flush(struct bookfile *bf);

/* Is something not yet in the file? */
bool bookfile_pending(struct bookfile *bf);

#endif

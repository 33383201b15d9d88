// SPDX-License-Identifier: GPL-2.0-only
/* The thread that writes the books' file (see bookfile.h). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bookfile.h"
#include "log.h"

/* Readers see the old file or the new one, never a part. */
static void write_file(const char *path, const char *text, size_t len)
{
	char tmp[4096];
	FILE *f;
	bool ok;

	if (snprintf(tmp, sizeof(tmp), "%s.tmp", path) >= (int)sizeof(tmp))
		return;
	f = fopen(tmp, "we");
	if (!f) {
		log_line("books: %s: %s", tmp, strerror(errno));
		return;
	}
	ok = fwrite(text, 1, len, f) == len;
	ok = !fclose(f) && ok;
	if (!ok || rename(tmp, path)) {
		log_line("books: %s: %s", path, strerror(errno));
		remove(tmp);
	}
}

static void *writer_thread(void *arg)
{
	struct bookfile *bf = arg;
	char *text;
	size_t len;

	pthread_mutex_lock(&bf->lock);
	while (!bf->quit || bf->text) {
		if (!bf->text) {
			pthread_cond_wait(&bf->change, &bf->lock);
			continue;
		}
		text = bf->text;
		len = bf->len;
		bf->text = NULL;
		bf->busy = true;
		pthread_mutex_unlock(&bf->lock);
		write_file(bf->path, text, len);
		free(text);
		pthread_mutex_lock(&bf->lock);
		bf->busy = false;
		pthread_cond_broadcast(&bf->change);
	}
	pthread_mutex_unlock(&bf->lock);
	return NULL;
}

int bookfile_init(struct bookfile *bf, const char *path)
{
	int err;

	memset(bf, 0, sizeof(*bf));
	bf->path = path;
	pthread_mutex_init(&bf->lock, NULL);
	pthread_cond_init(&bf->change, NULL);
	err = pthread_create(&bf->thread, NULL, writer_thread, bf);
	if (err) {
		pthread_cond_destroy(&bf->change);
		pthread_mutex_destroy(&bf->lock);
	}
	return -err;
}

void bookfile_fini(struct bookfile *bf)
{
	pthread_mutex_lock(&bf->lock);
	bf->quit = true;
	pthread_cond_signal(&bf->change);
	pthread_mutex_unlock(&bf->lock);
	pthread_join(bf->thread, NULL);
	pthread_cond_destroy(&bf->change);
	pthread_mutex_destroy(&bf->lock);
}

void bookfile_put(struct bookfile *bf, char *text, size_t len)
{
	if (!text || !bf->path) {
		free(text);
		return;
	}
	pthread_mutex_lock(&bf->lock);
	free(bf->text);
	bf->text = text;
	bf->len = len;
	pthread_cond_broadcast(&bf->change);
	pthread_mutex_unlock(&bf->lock);
}

void bookfile_flush(struct bookfile *bf)
{
	pthread_mutex_lock(&bf->lock);
	while (bf->text || bf->busy)
		pthread_cond_wait(&bf->change, &bf->lock);
	pthread_mutex_unlock(&bf->lock);
}

bool bookfile_pending(struct bookfile *bf)
{
	bool pending;

	pthread_mutex_lock(&bf->lock);
	pending = bf->text || bf->busy;
	pthread_mutex_unlock(&bf->lock);
	return pending;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * move.c - one copy from place to place, with everything around it
 *
 * Brings cards, places, ends, transfer and progress together for read, write
 * and copy, and puts into words what went wrong.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cards.h"
#include "end.h"
#include "move.h"
#include "progress.h"
#include "report.h"
#include "transfer.h"
#include "units.h"

/* a place on a card, once the card is known; card is NULL for a file */
struct site {
	const struct place *place;
	const struct exdma_card *card;
	int channel;
};

static int find_site(const struct exdma_cards *cards, const struct place *place,
		     struct site *site)
{
	*site = (struct site) { .place = place };
	if (!place->is_card)
		return STATUS_OK;
	site->channel = place->channel < 0 ? ANY_CHANNEL : place->channel;
	return cards_choose(cards, *place->card ? place->card : NULL,
			    &site->card);
}

/* exdma0_c2h0 cannot be written, exdma0_h2c0 cannot be read */
static int check_way(const struct move *move, const struct place *place,
		     int direction)
{
	if (place->direction < 0 || place->direction == direction)
		return STATUS_OK;
	return report_usage(move->command, "%s: this channel cannot be %s",
			    place->text, direction == EXDMA_DIR_H2C ?
						 "written" : "read");
}

/* how many bytes: what the places say, else all that the card has */
static int find_length(const struct move *move, const struct site *from,
		       uint64_t *length)
{
	uint64_t aperture;

	*length = move->from.length != LENGTH_UNKNOWN ? move->from.length :
							move->to.length;
	if (move->from.length != LENGTH_UNKNOWN &&
	    move->to.length != LENGTH_UNKNOWN &&
	    move->from.length != move->to.length)
		return report_usage(move->command,
				    "the two places name different lengths");
	if (*length != LENGTH_UNKNOWN || !from->card)
		return STATUS_OK;

	aperture = exdma_card_aperture(from->card);
	if (!aperture)
		return report_usage(move->command,
				    "how much? The memory of %s has no known end: add a length, as in %s+16M",
				    exdma_card_name(from->card),
				    move->from.text);
	*length = aperture > move->from.address ?
			  aperture - move->from.address : 0;
	return STATUS_OK;
}

static bool overlap(const struct site *from, const struct site *to,
		    uint64_t length)
{
	uint64_t a = from->place->address, b = to->place->address;

	return from->card && from->card == to->card &&
	       (a > b ? a - b : b - a) < length;
}

/* all that was opened */
struct ends {
	struct end from, to, back;
	bool has_from, has_to, has_back;
};

static int close_ends(struct ends *ends)
{
	int status = STATUS_OK;

	if (ends->has_back && end_close(&ends->back))
		status = STATUS_FAILED;
	if (ends->has_to && end_close(&ends->to))
		status = STATUS_FAILED;
	if (ends->has_from && end_close(&ends->from))
		status = STATUS_FAILED;
	return status;
}

/*
 * Open in the order of damage: whatever may fail comes before the file that is
 * created or truncated. @size: what the source holds, if that can be known.
 */
static int open_ends(const struct move *move, const struct site *from,
		     const struct site *to, uint64_t length, struct ends *ends,
		     uint64_t *size)
{
	*size = length;
	if (from->card)
		ends->has_from = !cards_check_range(from->card, EXDMA_DIR_C2H,
						    from->channel,
						    from->place->address,
						    length) &&
				 !end_open_card(&ends->from, from->card,
						EXDMA_DIR_C2H, from->channel,
						from->place->address);
	else
		ends->has_from = !end_open_source(&ends->from,
						  from->place->text, size);
	if (!ends->has_from)
		return STATUS_FAILED;
	if (length != LENGTH_UNKNOWN)
		*size = length;

	if (to->card)
		ends->has_to = !cards_check_range(to->card, EXDMA_DIR_H2C,
						  to->channel,
						  to->place->address, *size) &&
			       !end_open_card(&ends->to, to->card,
					      EXDMA_DIR_H2C, to->channel,
					      to->place->address);
	else
		ends->has_to = !end_open_sink(&ends->to, to->place->text);
	if (!ends->has_to)
		return STATUS_FAILED;

	if (move->verify) {
		/* the channel was asked for writing; read by it if it has a twin */
		int channel = to->channel;

		if (channel != ANY_CHANNEL &&
		    !exdma_card_channel(to->card, EXDMA_DIR_C2H, channel))
			channel = ANY_CHANNEL;
		ends->has_back = !cards_check_range(to->card, EXDMA_DIR_C2H,
						    channel,
						    to->place->address, *size) &&
				 !end_open_card(&ends->back, to->card,
						EXDMA_DIR_C2H, channel,
						to->place->address);
		if (!ends->has_back)
			return STATUS_FAILED;
	}
	return STATUS_OK;
}

/* "/dev/exdma0 at 0x1000", "file at byte 4096" */
static const char *where(char *text, size_t size, const struct end *end,
			 uint64_t offset)
{
	if (end->origin == ORIGIN_CARD)
		snprintf(text, size, "%s at 0x%" PRIx64, end->name,
			 end->base + offset);
	else
		snprintf(text, size, "%s at byte %" PRIu64, end->name, offset);
	return text;
}

static int explain(const struct transfer *transfer, const struct ends *ends)
{
	char spot[512];

	switch (transfer->fault) {
	case TRANSFER_OK:
		return STATUS_OK;
	case TRANSFER_RESOURCES:
		return report_error(ORIGIN_FILE, transfer->error,
				    "cannot set up the transfer");
	case TRANSFER_READ:
		return report_error(ends->from.origin, transfer->error,
				    "cannot read %s",
				    where(spot, sizeof(spot), &ends->from,
					  transfer->at));
	case TRANSFER_ENDED:
		report("%s ended: %" PRIu64 " of %" PRIu64 " bytes were moved",
		       where(spot, sizeof(spot), &ends->from, transfer->at),
		       transfer->done, transfer->length);
		return STATUS_FAILED;
	case TRANSFER_WRITE:
		return report_error(ends->to.origin, transfer->error,
				    "cannot write %s",
				    where(spot, sizeof(spot), &ends->to,
					  transfer->at));
	case TRANSFER_READ_BACK:
		return report_error(ORIGIN_CARD, transfer->error,
				    "cannot read %s back",
				    where(spot, sizeof(spot), &ends->back,
					  transfer->at));
	case TRANSFER_DIFFERS:
		report("verification failed: %s: wrote 0x%02x, read back 0x%02x",
		       where(spot, sizeof(spot), &ends->back, transfer->at),
		       transfer->expected, transfer->found);
		return STATUS_WRONG;
	}
	return STATUS_FAILED;
}

static int move_between(const struct move *move, const struct site *from,
			const struct site *to)
{
	struct progress progress;
	struct ends ends = { 0 };
	struct transfer transfer;
	uint64_t length, size;
	int status;

	status = find_length(move, from, &length);
	if (status)
		return status;
	if (overlap(from, to, length))
		return report_usage(move->command,
				    "the two ranges overlap on one card");
	status = open_ends(move, from, to, length, &ends, &size);
	if (!status) {
		transfer = (struct transfer) {
			.from = &ends.from,
			.to = &ends.to,
			.back = ends.has_back ? &ends.back : NULL,
			.length = length,
			.tick = progress_tick,
			.context = &progress,
		};
		progress_begin(&progress, move->command, size, move->progress);
		transfer_run(&transfer);
		progress_end(&progress, transfer.done);
		status = explain(&transfer, &ends);
	}
	if (close_ends(&ends) && !status)
		status = STATUS_FAILED;
	return status;
}

int move_run(const struct exdma_roots *roots, const struct move *move)
{
	struct exdma_cards *cards;
	struct site from, to;
	int status;

	status = check_way(move, &move->from, EXDMA_DIR_C2H);
	if (!status)
		status = check_way(move, &move->to, EXDMA_DIR_H2C);
	if (status)
		return status;

	status = cards_load(roots, &cards);
	if (!status)
		status = find_site(cards, &move->from, &from);
	if (!status)
		status = find_site(cards, &move->to, &to);
	if (!status)
		status = move_between(move, &from, &to);
	exdma_cards_free(cards);
	return status;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - who needs the card awake
 *
 * Where an administrator allows it (power/control of the device), a card that
 * nobody has open is suspended. Each open file keeps it awake, and so does a
 * stream that has begun to receive, since packets come unasked. So no call, no
 * mapping and no interrupt meets a card that sleeps, and none of them pays for
 * that.
 *
 * All users together hold one reference to the device's runtime power
 * management. card->power guards it, which is taken before card->lifecycle: the
 * card driver's callbacks freeze and thaw the card. When the driver goes the
 * reference does, whoever still has files: from then on nothing here touches
 * the device.
 */
#include <linux/pm_runtime.h>

#include "card.h"
#include "power.h"

/**
 * exdma_power_get - keep the card awake; wake it if it sleeps
 * @card: the card.
 *
 * Context: may sleep.
 * Return: 0; then exdma_power_put() follows. -ENODEV if it is gone, or does not
 * wake.
 */
int exdma_power_get(struct exdma_card *card)
{
	int err = 0;

	mutex_lock(&card->power);
	if (card->powerless) {
		err = -ENODEV;
	} else if (!card->awake) {
		err = pm_runtime_resume_and_get(card->parent);
		card->awake = !err;
		/* Its bus has no runtime power management: it does not sleep. */
		if (err == -EACCES)
			err = 0;
	}
	if (!err)
		card->users++;
	mutex_unlock(&card->power);
	return err ? -ENODEV : 0;
}

/**
 * exdma_power_put - the opposite of exdma_power_get()
 * @card: the card; its device may be gone.
 *
 * Context: may sleep.
 */
void exdma_power_put(struct exdma_card *card)
{
	mutex_lock(&card->power);
	if (!--card->users && card->awake) {
		card->awake = false;
		pm_runtime_mark_last_busy(card->parent);
		pm_runtime_put_autosuspend(card->parent);
	}
	mutex_unlock(&card->power);
}

/**
 * exdma_power_end - the card driver goes; it has a reference of its own
 * @card: the card.
 *
 * Context: may sleep.
 */
void exdma_power_end(struct exdma_card *card)
{
	mutex_lock(&card->power);
	card->powerless = true;
	if (card->awake) {
		card->awake = false;
		pm_runtime_put_noidle(card->parent);
	}
	mutex_unlock(&card->power);
}

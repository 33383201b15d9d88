// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lab block of a virtual card; see lab.h.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lab.h"

#define LAB_BAR_BYTES	0x1000

lab_t lab_map(const struct card *card)
{
	char path[96];
	void *regs;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", card->bdf);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	regs = mmap(NULL, LAB_BAR_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (regs == MAP_FAILED)
		return NULL;
	if (((lab_t)regs)[LAB_ID / 4] == LAB_ID_VALUE)
		return regs;
	munmap(regs, LAB_BAR_BYTES);
	return NULL;
}

uint64_t lab_count(lab_t lab, uint32_t engine, uint32_t counter)
{
	uint64_t low;

	lab[LAB_BOOKS_SEL / 4] = LAB_SEL(engine, counter);
	low = lab[LAB_BOOKS_LO / 4];
	return low | (uint64_t)lab[LAB_BOOKS_HI / 4] << 32;
}

uint32_t lab_engine(int dir, int channel)
{
	return dir == EXDMA_DIR_H2C ? LAB_ENGINE_H2C(channel) : LAB_ENGINE_C2H(channel);
}

void lab_fault(lab_t lab, uint32_t target, uint32_t command, uint32_t count)
{
	lab[LAB_FAULT_TARGET / 4] = target;
	lab[LAB_FAULT_COUNT / 4] = count;
	lab[LAB_FAULT_CMD / 4] = command;
	lab_sync(lab);
}

void lab_fault_value(lab_t lab, uint32_t target, uint32_t command, uint32_t count,
		     uint32_t value)
{
	lab[LAB_FAULT_VALUE / 4] = value;
	lab_fault(lab, target, command, count);
}

uint32_t lab_state(lab_t lab, uint32_t target)
{
	lab[LAB_FAULT_TARGET / 4] = target;
	return lab[LAB_FAULT_STATE / 4];
}

void lab_sync(lab_t lab)
{
	(void)lab[LAB_ID / 4];
}

void lab_hold(lab_t lab, int dir, int channel)
{
	lab_fault(lab, lab_engine(dir, channel), LAB_FAULT_HANG, 0);
}

void lab_let_go(lab_t lab, int dir, int channel)
{
	lab_fault(lab, lab_engine(dir, channel), LAB_FAULT_UNHANG, 0);
}

bool lab_is_held(lab_t lab, int dir, int channel)
{
	return lab_state(lab, lab_engine(dir, channel)) & LAB_FAULT_IS_HUNG;
}

bool lab_wait_held(lab_t lab, int dir, int channel)
{
	struct patience p = patience(PATIENCE_BEATS);

	while (!lab_is_held(lab, dir, channel) && patient(&p))
		;
	return lab_is_held(lab, dir, channel);
}

void lab_let_go_all(const struct card *card)
{
	struct card now;
	char path[96];
	lab_t lab;

	if (!card_at(&now, card->bdf)) {
		/* before the hang ends: the engine would go on where it was */
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", card->bdf);
		put_text(path, "1");
		card_bind(card);
	}
	lab = lab_map(card);
	if (!lab)
		return;
	lab_fault(lab, 0, LAB_FAULT_CLEAR_ALL, 0);
	munmap((void *)lab, LAB_BAR_BYTES);
}

uint64_t lab_runs(lab_t lab, const struct card *card, int dir)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < card->channels[dir]; i++)
		sum += lab_count(lab, lab_engine(dir, i), LAB_RUNS);
	return sum;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the counter uses of the interface of QEMU's TCG plugins, version 7 of it:
 * Debian has the header in QEMU's sources only. The functions are QEMU's, and those
 * of GLib that it has loaded.
 */
#ifndef COUNT_QEMU_PLUGIN_H
#define COUNT_QEMU_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t plugin_id;
typedef void plugin_call(void *data);
typedef void plugin_vcpu_call(unsigned int vcpu, void *data);

struct qemu_info_t {
	const char *target_name;
	struct {
		int min, cur;
	} version;
	bool system_emulation;
	struct {
		int smp_vcpus, max_vcpus;
	} system;
};

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_scoreboard;
struct qemu_plugin_register;

typedef void plugin_trans_call(struct qemu_plugin_tb *tb, void *data);

/* A number of each virtual CPU's own. */
struct plugin_u64 {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
};

enum plugin_regs {
	PLUGIN_NO_REGS,
	PLUGIN_READS_REGS,
};

enum plugin_op {
	PLUGIN_ADD,
};

/* The beginning of an element of what qemu_plugin_get_registers() returns. */
struct plugin_register {
	struct qemu_plugin_register *handle;
	const char *name;
};

/* What QEMU looks for in a plugin. */
#define PLUGIN_EXPORT	__attribute__((visibility("default")))
PLUGIN_EXPORT extern int qemu_plugin_version;
PLUGIN_EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info_t *info, int argc,
				      char **argv);

/* GLib's GArray and GByteArray */
struct plugin_array {
	uint8_t *data;
	unsigned int len;
};

void qemu_plugin_register_vcpu_init_cb(plugin_id id, plugin_vcpu_call *call, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, plugin_trans_call *call, void *data);
void qemu_plugin_register_atexit_cb(plugin_id id, plugin_call *call, void *data);
void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *tb,
						       enum plugin_op op, struct plugin_u64 entry,
						       uint64_t value);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    plugin_vcpu_call *call, enum plugin_regs regs,
					    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t len);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
struct plugin_array *qemu_plugin_get_registers(void);
bool qemu_plugin_read_register(struct qemu_plugin_register *handle, struct plugin_array *to);
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t size);
uint64_t qemu_plugin_u64_sum(struct plugin_u64 entry);

struct plugin_array *g_byte_array_new(void);
struct plugin_array *g_byte_array_set_size(struct plugin_array *array, unsigned int len);
unsigned int g_array_get_element_size(struct plugin_array *array);
char *g_array_free(struct plugin_array *array, int free_segment);

#endif

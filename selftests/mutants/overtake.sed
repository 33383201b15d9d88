# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/order.c
# Calls behind a waiting barrier start before it.
/^static void order_pick(/,/^}/s/break;/continue;/

# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/buffer.c
# Pages become one segment, although the second one does not begin with its first byte.
/^static bool buffer_add(/,/^}/s/if (last && !offset && /if (last \&\& /

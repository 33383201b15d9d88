# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/buffer.c
# A page that does not begin at offset 0 is merged into the segment before it.
/^static bool buffer_add(/,/^}/s/if (last && !offset && /if (last \&\& /

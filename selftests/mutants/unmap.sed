# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/async.c
# An asynchronous call is completed before its memory is unmapped: who reads what
# came from the card finds what was there before.
/^static void call_request_done/,/^}/s/^\texdma_buffer_unmap(buf);//
/^static void call_finish(/,/^}/{
	s/^\tcall_free(call);//
	/^\tiocb->ki_complete/a\
	list_for_each_entry(buf, &call->bufs, in_call)\
		exdma_buffer_unmap(buf);\
	call_free(call);
}

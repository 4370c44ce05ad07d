/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where libbpf's words go: to mica's own log, for debugging.
 */
#ifndef MICA_KERNEL_LIBBPF_LOG_H
#define MICA_KERNEL_LIBBPF_LOG_H

/** From here on libbpf's messages are shown with MICA_DEBUG=1 only. */
void mica_libbpf_log_begin(void);

#endif

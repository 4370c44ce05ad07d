/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_STORE_UNION_ELSEWHERE_H
#define MICA_STORE_UNION_ELSEWHERE_H

/** 1: a union has the directory as its upper, in whatever mount namespace, or mounted nowhere but in use; 0: none that
 *  could be looked at; or a negative errno. Looks at every process: for the rare case only. */
int mica_union_mounted_elsewhere(const char *upper);

#endif

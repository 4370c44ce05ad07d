/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers in fixtures/docker20, state of a real Docker 20.10 with containerd 1.6 and runc 1.1: containers "web" of
 * an image of three layers, "eph" of the same image by its id, run with --rm and the volumes of web, "made" never
 * started, "done" ended; in containerd's namespace "default" "ctrweb" and "ctr2"; with runc alone "plain". What is
 * below /var/lib/docker is bind-mounted from /srv/rec/docker.
 */
#ifndef MICA_TESTS_CONTAINER_DOCKER_FIXTURE_H
#define MICA_TESTS_CONTAINER_DOCKER_FIXTURE_H

#include "fixture.h"

#define DOCKER20 FIXTURES "/docker20"

#define D_WEB_ID "53ebcc591f3d54673792b1023c37caa831d7d22454d1970c6776213b66c65bbd"
#define D_EPH_ID "611764745dcf4f4dc56f2225a8bad44c69f9c447c82f7d1c6f119aba09565264"
#define D_MADE_ID "dd63c38c7910698b69a71f6d77b0cc223d1d86f0ddb57f52bc62ec1e4cb1c14f"
#define D_WEB_MOUNT "d9abe56efa5ec8ec9e95ab9a1df90a93b80557483ff72cd5b8e0be6d9f378f7b"
#define D_IMAGE_ID "sha256:1093fe3f0c624e66cbbef5f1a3d1114dff9cc5735278640123d81a0b6ccdbc92"

/* Layers, the topmost first: directory and digest. */
#define D_LAYER_1 "4313e6749cca23f0f73a7e48926bb4ff9c74628c2fe33a4da23ca16da0c56ad5"
#define D_LAYER_2 "55cb15fd9746eb24a3454972c9fd871ef5bd9e587ffe4277cb13a7f47721e36f"
#define D_LAYER_3 "d5164bef194c621d34bc009b5f2a047683829dc57540d0655c14e4750ab67716"
#define D_DIGEST_1 "sha256:ae1c937d2bb91740777aa47a86be632a4cb37c952a4d1347e49c29c58e8bc448"
#define D_DIGEST_2 "sha256:6de2c84be786e001665f50090ef060a57f1ff3f423f9c0131cbdf9ea860e1ac3"
#define D_DIGEST_3 "sha256:26d95b445e5b5b4250d6f13579d4aecf7025c1996a17ccd48aa4da2aa8ee2f98"
#define D_ANONYMOUS "3c479411425d26cc681d328fd1158a076834d2c723ea649a9de11b73d7c6f5d8"

#define D_VAR "/var/lib/docker"
/** The same as the kernel names it. */
#define D_DISK "/srv/rec/docker"
#define D_TASKS "/run/docker/containerd/daemon/io.containerd.runtime.v2.task"
#define D_WEB_DEVICE DEVICE(0, 40)
#define D_CTRWEB_DEVICE DEVICE(0, 60)
#define D_PLAIN_DEVICE DEVICE(0, 62)
#define D_WEB_PID 178
#define D_CTRWEB_PID 459
#define D_PLAIN_PID 538

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where podman keeps its state when it is root and its storage.conf(5) does not say otherwise: other places (graphroot,
 * runroot, rootless users) are not looked at.
 */
#ifndef MICA_CONTAINER_ENGINE_PODMAN_PATHS_H
#define MICA_CONTAINER_ENGINE_PODMAN_PATHS_H

#define PODMAN_GRAPH "/var/lib/containers/storage"
#define PODMAN_RUN "/run/containers/storage"

/* Each takes an id. */
#define PODMAN_DIFF PODMAN_GRAPH "/overlay/%s/diff"
#define PODMAN_MERGED PODMAN_GRAPH "/overlay/%s/merged"
#define PODMAN_BUNDLE PODMAN_GRAPH "/overlay-containers/%s/userdata"
#define PODMAN_PIDFILE PODMAN_RUN "/overlay-containers/%s/userdata/pidfile"

#define PODMAN_VOLUMES PODMAN_GRAPH "/volumes/"
#define PODMAN_VOLUME_DATA "/_data"

#endif

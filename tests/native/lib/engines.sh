# SPDX-License-Identifier: BSD-2-Clause
# The real dockerd and podman, with all their state below $WORK, and an image that needs no network.

make_image_tree() {
	mkdir -p image/bin image/data image/vol
	cp /bin/busybox image/bin/busybox
	for applet in sh cat ls touch sleep true echo mkdir; do ln -sf busybox image/bin/$applet; done
	echo seed >image/data/seed
	tar -C image -cf image.tar .
}

# prepare_docker: a folder of plugins of its own, $SOCKET in it as the driver mica, and an image to import.
prepare_docker() {
	command -v dockerd >/dev/null && command -v docker >/dev/null && command -v containerd >/dev/null || skip "no dockerd, docker or containerd here"
	mkdir -p /run/docker && mount -t tmpfs plugins /run/docker && mkdir /run/docker/plugins
	SOCKET=/run/docker/plugins/mica.sock
	make_image_tree
}
start_docker() {
	rm -f docker.pid
	# containerd is slow to start on a loaded machine: dockerd gives it up after 15 s, and is started again.
	local try
	for try in 1 2 3 4; do
		dockerd --data-root "$WORK/docker" --exec-root "$WORK/docker-exec" --pidfile "$WORK/docker.pid" \
			-H "unix://$WORK/docker.sock" --bridge=none --iptables=false --ip6tables=false --storage-driver overlay2 \
			"$@" >>docker.log 2>&1 </dev/null &
		DOCKER=$!
		for _ in $(seq 600); do
			docker version >/dev/null 2>&1 && return 0
			kill -0 $DOCKER 2>/dev/null || break
			sleep 0.1
		done
	done
	die "dockerd does not start: $(tail -n 5 docker.log)"
}
stop_docker() { # [SIGNAL]
	[ -z "${DOCKER:-}" ] || kill "-${1:-TERM}" "$DOCKER" 2>/dev/null || true
	[ -z "${DOCKER:-}" ] || wait "$DOCKER" 2>/dev/null || true
	DOCKER=
}
export DOCKER_HOST=unix://$WORK/docker.sock
# Its containers and containerd too: those whose files are in this test's folder.
end_engines() {
	local pid
	stop_docker
	for pid in $(pgrep -f "$WORK/(docker|podman|run-podman)" || true); do
		[ "$pid" = $$ ] || [ "$(readlink "/proc/$pid/ns/mnt")" = "" ] || kill -KILL "$pid" 2>/dev/null || true
	done
}
# A person repeats a command that failed, when what was killed is back: when_back, if the test has one, waits for it.
try() {
	local number
	for number in 1 2 3 4; do
		"$@" >tried 2>&1 && return 0
		! declare -F when_back >/dev/null || when_back
	done
	die "$*: $(cat tried)"
}
# Where the answer to what was done is lost, the next try finds nothing. And dockerd (20.10) repeats a request whose connection
# broke without its body: mica refuses it, and dockerd takes that for "no such volume", which it calls a success.
docker_removed() { # VOLUME
	docker volume rm "$1" || true
	! mica volume inspect "$1"
}
docker_has_none() {
	equal "$(mica volume ls --quiet)" ""
	equal "$(docker volume ls -q -f driver=mica)" ""
	equal "$(mounts)" ""
}
# prepare_podman: `podman` and `run`, with $SOCKET as the driver mica, and the image box.
prepare_podman() {
	mkdir -p podman run-podman
	# crun takes no hybrid of the two kinds of cgroups.
	umount -l /sys/fs/cgroup/unified 2>/dev/null || true
	cat >containers.conf <<-END
		[engine.volume_plugins]
		mica = "$SOCKET"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
	END
	export CONTAINERS_CONF=$WORK/containers.conf
	podman() { command podman --root "$WORK/podman" --runroot "$WORK/run-podman" --tmpdir "$WORK/run-podman/tmp" "$@"; }
	run() { podman run --network none --cgroups disabled --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 "$@"; }
	make_image_tree
	podman import -q image.tar box >/dev/null 2>import.log || die "$(cat import.log)"
}

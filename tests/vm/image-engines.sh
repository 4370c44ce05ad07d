# Sourced by image: a Debian root with the container engines and network storage, as
# an ext4 file. Of a later suite than the build machine's, so that programs built
# there find their libraries by the same names.
# shellcheck shell=bash disable=SC2034,SC2154
image_suffix=ext4
engines_suite=trixie
engines_size=6G # sparse

engines_packages=(
  podman crun runc docker.io docker-cli containerd skopeo netavark
  nfs-kernel-server nfs-common
  glusterfs-server glusterfs-client
  iproute2 iptables procps hostname util-linux mount kmod
  e2fsprogs xfsprogs btrfs-progs
  attr acl libcap2-bin bpftool strace jq curl ca-certificates
  bash coreutils findutils tar zstd busybox-static
  # what mica and its tests link
  libjansson4 libelf1t64 zlib1g libmount1 libcap2 libncursesw6 libsqlite3-0 libyaml-0-2
  libmicrohttpd12t64 libcurl4t64 libarchive13t64 libbpf1
)

image_key() { cat "$here/image-engines.sh"; }

image_write() { # OUT
  local base
  if ((EUID != 0)); then
    echo "vm/image: building the engines image needs root" >&2
    return 1
  fi
  base=$(mktemp -d "$vm_cache/images/.engines.XXXXXX")
  engines_root "$base" && mke2fs -q -F -t ext4 -d "$base/root" -m 0 -L engines "$1" "$engines_size"
  local status=$?
  rm -rf "$base"
  return "$status"
}

engines_root() { # BASE
  local root=$1/root IFS=,
  chmod 755 "$1"
  vm_sources "$engines_suite" >"$1/sources.list" || return
  echo "vm/image: building engines" >&2
  mmdebstrap --quiet --variant=minbase --include="${engines_packages[*]}" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    "$engines_suite" "$root" "$1/sources.list" >&2 || return
  : >"$root/etc/apt/sources.list"
  printf '%s\n' '127.0.0.1 localhost mica-vm' >"$root/etc/hosts"
  echo 'user:x:1000:1000::/home/user:/bin/bash' >>"$root/etc/passwd"
  echo 'user:x:1000:' >>"$root/etc/group"
  mkdir -p "$root"/{share,etc/containers}
  # no systemd, no networks
  cat >"$root/etc/containers/containers.conf" <<'CONF'
[containers]
netns = "host"
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
CONF
  cat >"$root/etc/containers/storage.conf" <<'CONF'
[storage]
driver = "overlay"
graphroot = "/var/lib/containers/storage"
runroot = "/run/containers/storage"
CONF
  echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$root/etc/containers/policy.json"
}

# Sourced by image: a Debian root with the container engines and network storage, as
# an ext4 file. Of a later suite than the build machine's, so that programs built
# there find their libraries by the same names.
# shellcheck shell=bash disable=SC2034,SC2154
source "$here/image-debian.sh"
debian_size=6G # sparse

debian_packages=(
  podman crun runc docker.io docker-cli containerd skopeo netavark
  nfs-kernel-server nfs-common
  glusterfs-server glusterfs-client
  moosefs-master moosefs-chunkserver moosefs-client
  nbd-server nbd-client
  ceph-mon ceph-osd ceph-mds ceph-common ceph-fuse
  git make rpm rsync sqlite3 # work inside containers
  iproute2 iptables procps hostname util-linux mount kmod
  e2fsprogs xfsprogs btrfs-progs
  attr acl libcap2-bin bpftool strace jq curl ca-certificates
  python3 # tests/native
  dmsetup # power cuts
  bash coreutils findutils tar zstd busybox-static
  # what mica and its tests link
  libjansson4 libelf1t64 zlib1g libmount1 libcap2 libncursesw6 libsqlite3-0 libyaml-0-2
  libmicrohttpd12t64 libcurl4t64 libarchive13t64 libbpf1
)

debian_customise() { # ROOT
  local root=$1
  mkdir -p "$root/etc/containers"
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

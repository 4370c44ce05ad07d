# Sourced by image: a Debian root with the tracers that tests/bench compares mica with.
# shellcheck shell=bash disable=SC2034,SC2154
source "$here/image-debian.sh"
debian_size=3G # sparse

debian_packages=(
  bpftrace libbpf-tools auditd linux-perf apparmor
  bash coreutils gawk iproute2 kmod mount procps util-linux
  # what mica links
  libjansson4 libelf1t64 zlib1g libmount1 libcap2 libbpf1
)

debian_customise() { :; }

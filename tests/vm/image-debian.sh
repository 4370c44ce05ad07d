# Sourced by the recipes of Debian images: a Debian root without systemd as an ext4 file. The recipe sets
# debian_packages, debian_size and, for what else it needs, debian_customise ROOT. Of a later suite than the build
# machine's, so that programs built there find their libraries by the same names.
# shellcheck shell=bash disable=SC2034,SC2154
image_suffix=ext4
debian_suite=trixie

image_key() { cat "$here/image-debian.sh" "$here/image-$image_name.sh"; }

image_write() { # OUT
  local base
  if ((EUID != 0)); then
    echo "vm/image: building the image $image_name needs root" >&2
    return 1
  fi
  base=$(mktemp -d "$vm_cache/images/.$image_name.XXXXXX")
  debian_root "$base" &&
    mke2fs -q -F -t ext4 -d "$base/root" -m 0 -L "$image_name" "$1" "$debian_size"
  local status=$?
  rm -rf "$base"
  return "$status"
}

debian_root() { # BASE
  local root=$1/root IFS=,
  chmod 755 "$1"
  vm_sources "$debian_suite" >"$1/sources.list" || return
  echo "vm/image: building $image_name" >&2
  mmdebstrap --quiet --variant=minbase --include="${debian_packages[*]}" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    "$debian_suite" "$root" "$1/sources.list" >&2 || return
  : >"$root/etc/apt/sources.list"
  mkdir -p "$root/share"
  printf '%s\n' '127.0.0.1 localhost mica-vm' >"$root/etc/hosts"
  echo 'user:x:1000:1000::/home/user:/bin/bash' >>"$root/etc/passwd"
  echo 'user:x:1000:' >>"$root/etc/group"
  debian_customise "$root"
}

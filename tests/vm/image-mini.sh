# Sourced by image: a root of busybox and a few real programs, copied from this machine.
# shellcheck shell=bash disable=SC2034,SC2154
image_suffix=cpio

mini_programs=(
  bash strace jq crun bpftool
  mount umount findmnt losetup unshare nsenter setpriv fallocate # util-linux
  stat cp mv ln touch truncate sync cat timeout env              # coreutils
  getfattr setfattr getfacl setfacl
  mke2fs chattr lsattr # e2fsprogs
  mkfs.xfs fuse2fs
)

mini_paths() {
  local program
  for program in "${mini_programs[@]}"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$program" ||
      { echo "vm/image: no $program here; run tests/deps" >&2; return 1; }
  done
}

image_key() {
  local paths
  paths=$(mini_paths)
  cat "$here"/{image-mini.sh,initramfs.sh}
  # shellcheck disable=SC2086
  stat -L -c '%n %s %Y' $paths /var/lib/dpkg/status
}

image_write() { # OUT
  local base root applet file paths
  base=$(mktemp -d)
  root=$base/vm/root # guest/init copies it to where it becomes the root
  mkdir -p "$root"/{usr/{bin,sbin,lib,lib64,local/bin},etc,dev,proc,sys,run,tmp,share,root,home/user,mnt,srv,var/{lib,log,tmp}}
  ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root/"
  ln -s /run "$root/var/run"
  chmod 1777 "$root"/{tmp,var/tmp}

  cp -L "$(command -v busybox)" "$root/usr/bin/busybox"
  while read -r applet; do
    ln -s /usr/bin/busybox "$root/usr/${applet#usr/}"
  done < <(busybox --list-full | grep -v /busybox$)

  paths=$(mini_paths)
  mapfile -t paths <<<"$paths"
  for file in "${paths[@]}"; do
    # the place that the applet had, else the program's own
    rm -f "$root"/usr/{bin,sbin}/"${file##*/}"
    cp -L "$file" "$root/usr/${file#/usr/}"
  done
  ln -s mke2fs "$root/usr/sbin/mkfs.ext4"
  while read -r file; do
    mkdir -p "$root/usr/$(dirname "${file#/usr/}")"
    cp -L "$file" "$root/usr/${file#/usr/}"
  done < <(vm_libraries "${paths[@]}")

  [[ ! -e /etc/mke2fs.conf ]] || cp /etc/mke2fs.conf "$root/etc/"
  printf '%s\n' root:x:0:0::/root:/bin/bash nobody:x:65534:65534::/:/bin/false \
    user:x:1000:1000::/home/user:/bin/bash >"$root/etc/passwd"
  printf '%s\n' root:x:0: nogroup:x:65534: user:x:1000: >"$root/etc/group"
  printf '%s\n' '127.0.0.1 localhost mica-vm' >"$root/etc/hosts"
  vm_cpio "$base" >"$1"
  rm -rf "$base"
}

# Sourced: the parts of an initramfs. The kernel unpacks archives that follow
# one another, so each part is made once and run joins them.
# shellcheck shell=bash
# shellcheck disable=SC2154 # here and vm_cache are the caller's

vm_cpio() { # ROOT: a cpio archive of it on stdout, the same bytes for the same files
  (cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
    cpio --quiet -0 -o -H newc -R 0:0 --reproducible)
}

# The shared libraries of programs, one a line, the loader among them.
vm_libraries() { # FILE...
  { ldd "$@" 2>/dev/null || true; } |
    sed -n 's/.* => \(\/[^ ]*\) (0x.*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (0x.*/\1/p' | sort -u
}

# Publish what a command writes to its argument as a cache file, once, and print it.
# Files of the folder that nobody used for days go.
vm_cached() { # FILE COMMAND...
  local file=$1 stage
  shift
  if [[ ! -e $file ]]; then
    mkdir -p "$(dirname "$file")"
    find "$(dirname "$file")" -maxdepth 1 -type f ! -name '.*' -mtime +3 -delete
    stage=$(mktemp "$file.XXXXXX")
    "$@" "$stage" || { rm -f "$stage"; return 1; }
    chmod 644 "$stage"
    mv -T "$stage" "$file"
  fi
  touch -c "$file"
  echo "$file"
}

vm_key() { sha256sum | cut -c1-16; }

# --- modules of a kernel -------------------------------------------------

vm_write_modules() { # KERNEL-DIR VERSION OUT
  local dir=$1 version=$2 out=$3 base root when name file
  base=$(mktemp -d)
  # modprobe wants lib/modules below its base
  mkdir -p "$base"/{in/lib,out/usr/lib/modules/"$version",out/vm}
  ln -s "$(readlink -f "$dir/modules")" "$base/in/lib/modules"
  ln -s usr/lib "$base/out/lib"
  root=$base/out/usr/lib/modules/$version
  while read -r when name _; do
    [[ -z $when || $when == \#* ]] && continue
    while read -r _ file _; do
      file=${file#*/lib/modules/"$version"/}
      [[ -e $base/in/lib/modules/$version/$file ]] || continue
      vm_unpack_module "$base/in/lib/modules/$version/$file" "$root"
      if [[ $when == boot ]]; then
        basename "${file%%.ko*}" >>"$base/out/vm/modules"
      fi
    done < <(modprobe -S "$version" -d "$base/in" --show-depends "$name" 2>/dev/null | grep ^insmod)
  done <"$here/modules"
  cp "$base/in/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} "$root/"
  depmod -b "$base/out" "$version"
  rm "$base/out/lib" # the guest's root brings the link
  vm_cpio "$base/out" >"$out"
  rm -rf "$base"
}

# busybox modprobe reads plain modules only
vm_unpack_module() { # FILE ROOT
  local name
  name=$(basename "$1")
  name=${name%%.ko*}.ko
  [[ -e $2/$name ]] && return
  case $1 in
    *.xz) xz -dc "$1" ;;
    *.zst) zstd -qdc "$1" ;;
    *) cat "$1" ;;
  esac >"$2/$name"
}

# Prints the archive of a kernel's modules.
vm_modules() { # KERNEL-DIR VERSION
  local file
  file=$vm_cache/initrd/modules-$2-$(
    { cat "$here"/{modules,initramfs.sh}; stat -L -c '%n %Y' "$1/modules/$2"; } | vm_key
  ).cpio
  vm_cached "$file" vm_write_modules "$1" "$2"
}

# --- the first init: busybox and guest/init -------------------------------

vm_write_boot() { # OUT
  local root
  root=$(mktemp -d)
  mkdir -p "$root"/{vm,bin,dev,proc,sys,newroot,usr/lib}
  cp -L "$(command -v busybox)" "$root/bin/busybox"
  ln -s busybox "$root/bin/sh"
  ln -s usr/lib "$root/lib"
  install -m 755 "$here/guest/init" "$root/init"
  install -m 755 "$here/guest/start" "$root/vm/start"
  cp -r "$here/guest/bin" "$root/vm/bin"
  vm_cpio "$root" >"$1"
  rm -rf "$root"
}

vm_boot() {
  local file
  file=$vm_cache/initrd/boot-$(
    { cat "$here"/{guest/init,guest/start,guest/bin/*,initramfs.sh}
      stat -L -c '%n %s %Y' "$(command -v busybox)"; } | vm_key
  ).cpio
  vm_cached "$file" vm_write_boot
}

# --- mica and the test drivers ---------------------------------------------

# Libraries that a program loads when it needs them (user/base/library.h): it has their names in it.
vm_loaded() { # PROGRAM...
  local name
  for name in libmount.so.1 libarchive.so.13; do
    ! grep -qaF "$name" "$@" || ldconfig -p | sed -n "s|^[[:space:]]*$name .* => ||p" | head -n 1
  done
}

vm_write_programs() { # PROGRAM... OUT
  local root out=${*: -1} programs=("${@:1:$#-1}") libraries loaded
  root=$(mktemp -d)
  mkdir -p "$root"/vm/{bin,lib}
  cp -L "${programs[@]}" "$root/vm/bin/"
  mapfile -t loaded < <(vm_loaded "${programs[@]}")
  mapfile -t libraries < <(vm_libraries "${programs[@]}" "${loaded[@]}")
  libraries+=("${loaded[@]}")
  ((${#libraries[@]} == 0)) || cp -L "${libraries[@]}" "$root/vm/lib/"
  vm_cpio "$root" >"$out"
  rm -rf "$root"
}

vm_programs() { # PROGRAM...
  local file
  file=$vm_cache/initrd/programs-$(
    { cat "$here/initramfs.sh" "$@"; basename -a "$@"; stat -c %Y /var/lib/dpkg/status; } | vm_key
  ).cpio
  vm_cached "$file" vm_write_programs "$@"
}

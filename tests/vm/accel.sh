# Sourced: KVM only where a stock kernel really boots under it.
# shellcheck shell=bash disable=SC2154

# Some machines have a /dev/kvm that opens and then hangs a kernel before its
# first message, so only that message counts. The answer holds for one boot of
# this machine.
vm_kvm_works() { # VMLINUZ
  local answer console
  [[ -r /dev/kvm && -w /dev/kvm ]] || return 1
  answer=$vm_cache/kvm-$(</proc/sys/kernel/random/boot_id)
  if [[ ! -e $answer ]]; then
    rm -f "$vm_cache"/kvm-*
    console=$(mktemp)
    timeout 10 qemu-system-x86_64 -accel kvm -cpu host -m 256M -nodefaults -display none \
      -no-reboot -serial "file:$console" -kernel "$1" \
      -append 'console=ttyS0 earlyprintk=ttyS0 panic=-1' </dev/null >/dev/null 2>&1 || true
    if grep -qa 'Linux version' "$console"; then echo yes; else echo no; fi >"$answer"
    rm -f "$console"
  fi
  [[ $(<"$answer") == yes ]]
}

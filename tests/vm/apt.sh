# Sourced: the cache folder, the mirror, and an apt of another suite than the
# machine's own, with all of its state in a private folder.
# shellcheck shell=bash disable=SC2016,SC2034

vm_cache=${MICA_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/mica}
vm_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The mirror of the main Debian archive, from this machine's apt configuration:
# the repository names no host.
vm_mirror() {
  local uri
  uri=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' |
    awk '$1 == "Debian" && $2 == "Debian" && $3 !~ /-security/ { print $3; exit }')
  if [[ -z $uri ]]; then
    echo "vm: apt knows no Debian mirror; run apt-get update" >&2
    return 1
  fi
  echo "$uri"
}

vm_sources() { # SUITE
  echo "deb [signed-by=$vm_keyring] $(vm_mirror) $1 main"
}

# Sets vm_apt, the options of an apt with the private root DIR, for SUITE.
vm_apt_root() { # DIR SUITE
  mkdir -p "$1"/{state/lists/partial,cache/archives/partial,etc}
  : >"$1/state/status"
  vm_sources "$2" >"$1/etc/sources.list"
  vm_apt=(
    -q -o "Dir::State=$1/state" -o "Dir::State::status=$1/state/status"
    -o "Dir::Cache=$1/cache" -o "Dir::Etc::sourcelist=$1/etc/sources.list"
    -o Dir::Etc::sourceparts=/dev/null -o Acquire::Languages=none
    -o APT::Sandbox::User=root # the cache is often below /root, closed to _apt
  )
}

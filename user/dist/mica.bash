# SPDX-License-Identifier: BSD-2-Clause
# bash completion for mica

# The verbs below `mica policy`, which take files.
_mica_policy()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words files=yes
	local operations="read write create delete rename link truncate chmod chown utimes xattr acl ioctl mmap-write copy-up
		whiteout opaque mount umount move-mount remount mount-setattr open-tree pivot-root setns device-open
		modify change-lower mounts"

	case $COMP_CWORD-${COMP_WORDS[2]:-}-$prev in
	2-*) words="check test explain dump load unload show --help" files= ;;
	3-explain-*) words="--help" files= ;; # the rule is of a file that comes behind it
	*-check-*) words="--quiet --help" ;;
	*-load---for) return ;;
	*-load-*) words="--audit --for --help" ;;
	*-unload-*) words="--help" files= ;;
	*-show-*) words="--hits --json --help" files= ;;
	*-test---on) words=$operations files= ;;
	*-test---engine) words="docker podman containerd crun runc mica" files= ;;
	*-test---container | *-test--c | *-test---id | *-test---image | *-test---cgroup | *-test---namespace | *-test--n) return ;;
	*-test---volume | *-test---layer | *-test---type | *-test---flags) return ;;
	*-test---union | *-test---path | *-test---source) return ;; # of a container, not of this machine
	*-test-*) words="--container --id --image --cgroup --namespace --engine --on --union --volume --layer --path --foreign
		--type --source --flags --json --help" ;;
	*) words="--help" ;;
	esac
	if [[ -n $files && $cur != -* ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

# Layers, images and unions of the store.
_mica_store()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[2]:-} words files=
	local layers='timeout 1 mica layer ls 2>/dev/null | tail -n +2 | cut -d" " -f1'

	case ${COMP_WORDS[1]}-$COMP_CWORD-$verb-$prev in
	*---root | *---work | *---output | layer-*--o) files=yes ;;
	layer-2-*) words="create remove get put exists ls status cleanup changes diff-size diff apply import export --help" ;;
	image-2-*) words="ls rm tree --help" ;;
	volume-2-*) words="create ls inspect rm prune mount unmount backup restore sync --help" ;;
	volume-*-backup---output | volume-*-backup--o) files=yes ;;
	volume-*---driver | volume-*--d) words="local tmpfs bind nfs glusterfs mount block" ;;
	volume-*---opt | volume-*--o) words="size= mode= uid= gid= source= server= path= volume= type= device= o=" ;;
	volume-*---from | volume-*---max-size) return ;;
	volume-*-create-*) words="--driver --opt --root --help" ;;
	volume-*-ls-*) words="--quiet --json --root --help" ;;
	volume-*-mount-*) words="--uncounted --root --help $(timeout 1 mica volume ls --quiet 2>/dev/null)" ;;
	volume-*-unmount-*) words="--unused --root --help $(timeout 1 mica volume ls --quiet 2>/dev/null)" ;;
	volume-*-backup-*) words="--output --root --help $(timeout 1 mica volume ls --quiet 2>/dev/null)" ;;
	volume-*-restore-*) words="--devices --max-size --root --help" files=yes ;;
	volume-*-sync-*) words="--from --delete --root --help $(timeout 1 mica volume ls --quiet 2>/dev/null)" ;;
	volume-*-prune-*) words="--all --root --help" ;;
	volume-*) words="--root --help $(timeout 1 mica volume ls --quiet 2>/dev/null)" ;;
	union-2-*) words="mount umount ls --help" ;;
	layer-*---format) words="docker-archive oci tar" ;;
	layer-*---name | layer-*---label | layer-*---max-size | union-*---options) return ;;
	layer-*-import-*) words="--name --format --devices --max-size --quiet --root --help" files=yes ;;
	layer-*-apply-*) words="--devices --max-size --root --help $(eval "$layers")" files=yes ;;
	layer-*-get-*) words="--label --root --help $(eval "$layers")" ;;
	layer-*-export-* | layer-*-diff-*) words="--output --root --help $(eval "$layers")" ;;
	layer-*-ls-* | layer-*-status-* | layer-*-cleanup-*) words="--root --help" ;;
	layer-*) words="--root --help $(eval "$layers")" ;;
	image-*-rm-*) words="--root --help $(timeout 1 mica image ls 2>/dev/null | tail -n +2 | cut -c36-)" ;;
	image-*-ls-*) words="--quiet --root --help" ;;
	union-*-mount-*) words="--branch --options --work --readonly --root --help" files=yes ;;
	union-*-umount-*) words="--root --help $(timeout 1 mica union ls 2>/dev/null | awk 'NR > 1 { print $3 }')" ;;
	*) words="--root --help" ;;
	esac
	if [[ -n $files && $cur != -* ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

# Containers of the store, and what is asked of new ones.
_mica_container()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words files=
	local all='timeout 1 mica ps --all 2>/dev/null | tail -n +2 | awk "{ print \$NF }"' new="--volume --volumes-from --rm --name
		--env --workdir --user --interactive --tty --read-only --tmpfs --entrypoint --hostname --network --root --help"

	case ${COMP_WORDS[1]}-$prev in
	*---root | *---output | export--o) files=yes ;;
	*---volumes-from) words=$(eval "$all") ;;
	run---volume | run--v | create---volume | create--v) words=$(timeout 1 mica volume ls --quiet 2>/dev/null) ;;
	*---network) words="host none" ;;
	*---name | *---env | *--e | *---workdir | *--w | *---user | *--u | *---tmpfs | *---hostname | *---time | *--m) return ;;
	*---author | *---message) return ;;
	run-*) words="--detach $new $(timeout 1 mica image ls 2>/dev/null | tail -n +2 | cut -c36-)" ;;
	create-*) words="$new $(timeout 1 mica image ls 2>/dev/null | tail -n +2 | cut -c36-)" ;;
	start-*) words="--attach --root --help $(eval "$all")" ;;
	stop-*) words="--time --root --help $(eval "$all")" ;;
	rm-*) words="--force --volumes --root --help $(eval "$all")" ;;
	ps-*) words="--all --quiet --json --root --help" ;;
	exec-*) words="--detach --env --workdir --user --interactive --tty --root --help $(eval "$all")" ;;
	cp-*) words="--archive --root --help $(eval "$all")" files=yes ;;
	commit-*) words="--author --message --no-pause --root --help $(eval "$all")" ;;
	export-*) words="--output --root --help $(eval "$all")" ;;
	layers-*) words="--json --root --help $(eval "$all")" ;;
	diff-*) words="--root --help $(eval "$all")" ;;
	blame-*) words="--root --help" files=yes ;;
	esac
	if [[ -n $files && $cur != -* ]]; then
		mapfile -t COMPREPLY < <(compgen -f -W "$words" -- "$cur")
		compopt -o filenames 2>/dev/null
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

_mica()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words
	local events="copy-up whiteout opaque redirect create delete rename link mount umount move-mount remount
		mount-setattr open-tree pivot-root fsopen fspick fsconfig fsmount union-up union-down namespace-created namespace-gone lost"

	case ${COMP_WORDS[1]:-} in
	trace)
		case $prev in
		-e | --event) words=$events ;;
		-c | --container | --union) words=$(for engine in docker podman; do timeout 1 $engine ps --format '{{.Names}}' 2>/dev/null; done) ;;
		-n | --namespace) words=$(lsns --type mnt --noheadings --output NS 2>/dev/null) ;;
		--image) words=$(for engine in docker podman; do timeout 1 $engine ps --format '{{.Image}}' 2>/dev/null; done) ;;
		--volume) words=$(for engine in docker podman; do timeout 1 $engine volume ls -q 2>/dev/null; done) ;;
		-N | --count | --for | --ring-size | --min-bytes | --min-latency | --path) words= ;;
		*) words="--container --image --namespace --event --volume --union --path --min-bytes --min-latency --json --stats --no-summary
			--count --for --ring-size --help" ;;
		esac
		;;
	holders)
		if [[ $cur != -* ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			compopt -o filenames 2>/dev/null
			return
		fi
		words="--all --json --help"
		;;
	doctor) words="--json --help" ;;
	policy)
		_mica_policy
		return
		;;
	enforce)
		[[ $prev == --for || $prev == --trust ]] && return
		if [[ $cur != -* ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			compopt -o filenames 2>/dev/null
			return
		fi
		words="--audit --for --pin --trust --json --help"
		;;
	status) words="--json --help" ;;
	oci-hook) words="--help" ;;
	oci-runtime) words="--runtime= --help" ;;
	layer | image | union | volume)
		_mica_store
		return
		;;
	run | create | start | stop | rm | ps | exec | cp | commit | export | layers | diff | blame)
		_mica_container
		return
		;;
	check) words="--repair --quiet --root --help" ;;
	reconcile) words="--dry-run --json --root --help" ;;
	daemon)
		if [[ $prev == --config || $prev == -c || $prev == --socket || $prev == --root ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			compopt -o filenames 2>/dev/null
			return
		fi
		words="--config --check --socket --root --help"
		;;
	help) words="trace holders doctor policy enforce status layer image union volume run create start stop rm ps exec cp commit export layers diff blame check reconcile daemon oci-hook oci-runtime version" ;;
	*) words="trace holders doctor policy enforce status layer image union volume run create start stop rm ps exec cp commit export layers diff blame check reconcile daemon oci-hook oci-runtime help version --verbose --version --help" ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _mica mica

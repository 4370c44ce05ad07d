# SPDX-License-Identifier: BSD-2-Clause
# For the guests that try what a policy forbids: . /share/lib/enforce.sh
# shellcheck shell=bash disable=SC2154,SC2034
. /share/lib/guest.sh
. /share/lib/containers.sh
. /share/lib/unions.sh

# start_enforce FILE ARG…: `mica enforce ARG… >FILE 2>FILE.err` in the background, in force when this returns. Sets enforce_pid.
start_enforce() {
	local waited
	enforce_file=$1
	shift
	: >"$enforce_file.err"
	mica enforce "$@" >"$enforce_file" 2>"$enforce_file.err" &
	enforce_pid=$!
	for ((waited = 0; waited < 4000; waited++)); do
		[ ! -s "$enforce_file.err" ] || ! grep -q 'in force' "$enforce_file.err" || return 0
		[ -d "/proc/$enforce_pid" ] || break
		sleep 0.1
	done
	cat "$enforce_file.err" >&2
	fail "mica enforce $* did not say that the policy is in force"
}

# stop_enforce: SIGINT, after which it must end with status 0.
stop_enforce() {
	local status=0 waited
	kill -INT "$enforce_pid" || fail "mica enforce was gone: $(cat "$enforce_file.err")"
	for ((waited = 0; waited < 1200; waited++)); do
		case $(awk '/^State/ { print $2 }' "/proc/$enforce_pid/status" 2>/dev/null) in
		'' | Z) break ;;
		esac
		sleep 0.1
	done
	[ $waited -lt 1200 ] || kill -KILL "$enforce_pid"
	wait "$enforce_pid" || status=$?
	[ $status -eq 0 ] || fail "mica enforce ended with status $status on SIGINT: $(cat "$enforce_file.err")"
}

# start_in_engine NAME ARGUMENTS… IMAGE: a container row-NAME of $engine, as privileged as can be, with a shell that waits for
# commands (in_container). Sets pid_of[NAME].
start_in_engine() {
	local name=$1 in out
	shift
	mkdir -p "/run/containers/$name"
	mkfifo "/run/containers/$name/in" "/run/containers/$name/out"
	$engine run -i --name "row-$name" --privileged --pid host --network host "$@" /bin/sh \
		<"/run/containers/$name/in" >"/run/containers/$name/out" 2>"/run/containers/$name/errors" &
	exec {in}>"/run/containers/$name/in" {out}<"/run/containers/$name/out"
	input_of[$name]=$in output_of[$name]=$out
	in_container "$name" true || fail "$engine run of $name: $(cat "/run/containers/$name/errors")"
	# With --pid host it sees the host's number.
	in_container "$name" "echo \$\$"
	pid_of[$name]=$reply
	echo "$SECONDS s: $name"
}

enforce_options=()

# ---- cases ----
#
# A case is a line of `case`: who may be refused what. It is done three times: in the container C before there is a
# policy (which must succeed), in A, which the policy is for, and in U, whose policy forbids nothing (which must succeed).
#
#   deny   ID TITLE ERRNO[|ERRNO…] OPERATION[,…] ACT…    refused, with one event
#   many   … the same, with one event or more           (a race, which tries often)
#   allow  ID TITLE ACT…                                 not refused, and no event
#   same   ID TITLE ERRNO ACT…                           refused by the kernel itself to all, and no event
#   refused ID TITLE ERRNO[|ERRNO…] ACT…                 refused, with an event or none: no operation of policies
#   documented ID TITLE ACT…                             cannot be refused: tried and written down
#
# ACT are words for the program act; `sh COMMAND` runs a line of shell whose last line is act's; `call FUNCTION` calls
# FUNCTION CONTAINER ID here, which leaves act's line in $reply. In words, @id, @who, @usr (a file of the union's lower
# below /usr), @opt and @home (the same elsewhere), @low (as @usr, in the layer's directory), @up, @vol (a file of the own
# volume), @foreign (a file of B's volume), @fs (a directory of the store; of /spare where it is done in C and U),
# @pidB stand for themselves; of each file there is a directory FILE.d with a file f.
# Flags before the kind: `held` (prepared before there is a policy), `before` (not done in U: the rule binds all),
# `needs @usr` (the file is there, also if no word names it).
case_ids=() case_kinds=() case_titles=() case_errnos=() case_operations=() case_acts=() case_flags=()
flags=
held() { flags+=" held" && "$@"; }
before() { flags+=" before" && "$@"; }
needs() { flags+=" needs:$1" && shift && "$@"; }
# control ERRNO KIND…: what it gets in C and U, if not ok.
control() { flags+=" control=$1" && shift && "$@"; }
add_case() { # KIND ID TITLE ERRNO OPERATIONS ACT…
	case_kinds+=("$1") case_ids+=("$2") case_titles+=("$3") case_errnos+=("$4") case_operations+=("$5")
	shift 5
	case_acts+=("$*") case_flags+=("$flags ")
	flags=
}
deny() { add_case deny "$@"; }
many() { add_case many "$@"; }
allow() { add_case allow "$1" "$2" ok - "${@:3}"; }
same() { flags+=" control=$3" && add_case allow "$1" "$2" "$3" - "${@:4}"; }
refused() { add_case refused "$1" "$2" "$3" - "${@:4}"; }
documented() { add_case documented "$1" "$2" - - "${@:3}"; }

# everywhere ID TITLE OPERATIONS ACT…: in the union, in the layer's directory, on another's volume; @at is the file.
everywhere() {
	local kept=$flags id=$1 title=$2 operations=$3
	shift 3
	flags=$kept && deny "$id.union" "$title, in the union" EROFS "$operations" "${@//@at/@usr}"
	flags=$kept && deny "$id.layer" "$title, in a layer" EROFS "$operations" "${@//@at/@low}"
	flags=$kept && deny "$id.volume" "$title, on another's volume" EACCES "$operations,read" "${@//@at/@foreign}"
}

expand() { # INDEX WHO
	local id=${case_ids[$1]} who=$2 words=${case_acts[$1]} fs=/spare
	[ "$who" != A ] || fs=/host
	words=${words//@usr/\/usr\/$id} words=${words//@low/\/host\/$who\/low\/usr\/$id} words=${words//@opt/\/opt\/$id}
	words=${words//@home/\/home\/$id} words=${words//@up/\/host\/$who\/up} words=${words//@vol/\/vol\/$id}
	words=${words//@foreign/\/host\/B\/vol\/$who\/$id} words=${words//@fs/$fs} words=${words//@pidB/${pid_of[B]-0}}
	words=${words//@store/$store_device}
	words=${words//@id/$id} words=${words//@who/$who}
	echo "$words"
}

make_file() { # PATH
	mkdir -p "$1.d"
	echo "data of ${1##*/}" >"$1"
	truncate -s 12288 "$1"
	echo inner >"$1.d/f"
}

# More files of a case: redefine it. fixture_of ID WHO
fixture_of() { :; }

# make_fixture WHO: the trees, with each case's files.
make_fixture() {
	local index id words who=$1 low=/store/$1/low
	make_tree "$who"
	mkdir -p "/store/B/vol/$who"
	for index in "${!case_ids[@]}"; do
		id=${case_ids[$index]} words="${case_acts[$index]} ${case_flags[$index]}"
		case $words in *@usr* | *@low*) make_file "$low/usr/$id" ;; esac
		case $words in *@opt*) make_file "$low/opt/$id" ;; esac
		case $words in *@home*) make_file "$low/home/$id" ;; esac
		case $words in *@vol*) make_file "/store/$who/vol/$id" ;; esac
		case $words in *@foreign*) make_file "/store/B/vol/$who/$id" ;; esac
		fixture_of "$id" "$who"
	done
}

# look_at WHO: what must not change, an entry a line, in /tmp/now (but for act's own line, which has its process).
look_at() {
	act list "/store/$1/low" "/store/$1/up" "/store/$1/vol" /store/B/low /store/B/up "/store/B/vol/$1" 2>&1 | sed '/^ok /d' >/tmp/now
}
# changed WHO CASE: same or changed, since it was asked last; what changed is in /share/changed.
changed() {
	mv /tmp/now /tmp/before
	look_at "$1"
	if cmp -s /tmp/before /tmp/now; then echo same && return; fi
	{ echo "== $2" && diff /tmp/before /tmp/now; } >>/share/changed || true
	echo changed
}

# run_act INDEX WHO: $reply is what act said
run_act() {
	local words
	words=$(expand "$1" "$2")
	reply=
	case $words in
	"call "*)
		words=${words#call }
		# shellcheck disable=SC2086
		$words "$2" "${case_ids[$1]}" || true
		;;
	"sh "*) in_container "$2" "${words#sh }" || true ;;
	*) in_container "$2" "act $words" || true ;;
	esac
	reply=${reply##*$'\n'}
	[ -n "$reply" ] || reply="silent 0"
}

declare -A held_pid
prepare_held() { # WHO
	local index
	for index in "${!case_ids[@]}"; do
		[[ ${case_flags[$index]} == *" held "* ]] || continue
		in_container "$1" "act hold $(expand "$index" "$1")" || true
		case $reply in
		"held "*) held_pid[$1.$index]=${reply#held } ;;
		*) fail "${case_ids[$index]} in $1 could not be prepared: $reply $(cat "/run/containers/$1/errors")" ;;
		esac
	done
}

# do_case INDEX WHO: $reply is "RESULT PID"
do_case() {
	if [ -n "${held_pid[$2.$1]-}" ]; then
		reply="silent 0"
		kill -USR1 "${held_pid[$2.$1]}" || true
		next_line "$2" || reply="silent 0"
	else
		run_act "$1" "$2"
	fi
}

# record PHASE INDEX CHANGED: a line for check. Parted by tabs, with the result and the process of $reply.
record() {
	local expected=${case_errnos[$2]} flag
	[ "$1" = ruled ] || expected=ok
	for flag in ${case_flags[$2]}; do
		[ "$1" = ruled ] || [[ $flag != control=* ]] || expected=${flag#control=}
	done
	printf '%s\t' "$1" "${case_ids[$2]}" "${case_kinds[$2]}" "${case_titles[$2]}" "$expected" "${case_operations[$2]}" \
		"${reply% *}" "${reply##* }" >>/share/cases
	echo "$3" >>/share/cases
}

# Before the policy: all must succeed.
run_controls() {
	local index
	prepare_held C
	for index in "${!case_ids[@]}"; do
		do_case "$index" C
		record control "$index" -
	done
}

run_ruled() {
	local index
	# overlayfs notes in the upper what lies below a directory when it is looked up first, whoever does that.
	in_container A "ls -lR /usr /opt /home >/dev/null 2>&1" || true
	look_at A
	for index in "${!case_ids[@]}"; do
		do_case "$index" A
		record ruled "$index" "$(changed A "${case_ids[$index]}")"
		# Layers, uppers and work directories in use are nobody's.
		case "${case_acts[$index]} ${case_flags[$index]}" in *" before "* | *@low* | */low* | *@up* | */up* | */wk*) continue ;; esac
		do_case "$index" U
		record unruled "$index" -
	done
}

# More that lies in /store: redefine it.
after_store() { :; }

# run_family POLICY…: everything, with the policies in force; /share/lib/policies/free.yaml frees U.
# enforce_options is for more options of mica enforce. The environment's CONTROLS_ONLY leaves it at the controls.
run_family() {
	local name
	runtime=crun
	make_store
	after_store
	make_tree B
	for name in C U A; do make_fixture "$name"; done
	start_container B ruled/b
	start_container C ruled/c
	run_controls
	stop_container C
	[ -z "${CONTROLS_ONLY-}" ] || return 0
	start_container U free
	start_container A ruled/a
	prepare_held U
	prepare_held A
	before_policies
	start_enforce /share/events --json "${enforce_options[@]}" "$@" /share/lib/policies/free.yaml
	run_ruled
	in_force
	sleep 1
	stop_enforce
}

# What is to be done before there are policies: redefine it.
before_policies() { :; }

# What more is to be done while the policies are in force: redefine it.
in_force() { :; }

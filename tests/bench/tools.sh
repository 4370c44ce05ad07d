# SPDX-License-Identifier: BSD-2-Clause
# Sourced by guest: starts and stops the tracers, each with its output in files of $out. To add one: start_NAME here, and
# what it says in events.py.
# shellcheck shell=bash disable=SC2317 # called by name

# launch NAME COMMAND…: in the background, with its output in $out/NAME and $out/NAME.err
launch() {
	"${@:2}" >"$out/$1" 2>"$out/$1.err" </dev/null &
	tool_pids+=($!)
}

start_none() { :; }
stop_none() { :; }

start_mica() { launch mica mica trace --json --no-summary; }
ready_mica() { grep -q tracing "$out/mica.err"; }

# Large: 16 MiB a processor, more than mica's 8 MiB in all. Full: its output is not flushed a line at a time.
start_bpftrace() { launch bpftrace bpftrace -B full /share/bpftrace.bt; }
start_bpftrace-large() { launch bpftrace env BPFTRACE_PERF_RB_PAGES=4096 bpftrace -B full /share/bpftrace.bt; }
# Its functions are hooked.
ready_bpftrace() {
	local function
	for function in $(sed -nE 's/^f(entry|exit):\w+:(\w+).*/\2/p' /share/bpftrace.bt); do
		grep -q "^$function " /sys/kernel/tracing/enabled_functions || return 1
	done
}
ready_bpftrace-large() { ready_bpftrace; }

start_bcc() {
	launch mountsnoop mountsnoop-libbpf
	settle
	launch opensnoop opensnoop-libbpf
	settle
	launch filetop filetop-libbpf -C 1
}

# Writes and changes of attributes in the union's tree, the usual watch.
start_auditd() {
	mountpoint -q /var/log/audit || mount -t tmpfs audit /var/log/audit
	rm -f /var/log/audit/*
	sed -i 's/^max_log_file_action.*/max_log_file_action = ignore/' /etc/audit/auditd.conf
	launch auditd auditd -n
	settle
	auditctl -b 8192 -e 1 >/dev/null
	auditctl -a always,exit -F arch=b64 -F dir=/bench/merged -F perm=wa -F key=bench >/dev/null
}
stop_auditd() {
	auditctl -s >"$out/status"
	auditctl -D >/dev/null
	auditctl -e 0 >/dev/null
	stop_processes TERM
	cp /var/log/audit/audit.log "$out/audit.log"
}

# Only the system calls that are about what the workload does. Without -o it prints to stderr, a piece at a time.
start_perf() {
	launch perf perf trace -a -o "$out/calls" -e \
		open,openat,unlink,unlinkat,rename,renameat,renameat2,mount,umount2,move_mount,write,pwrite64
}

stop_processes() { # SIGNAL
	local pid
	for pid in "${tool_pids[@]}"; do kill "-$1" "$pid" || fail "$tool is gone: $(cat "$out"/*.err)"; done
	for pid in "${tool_pids[@]}"; do
		ended "$pid" || fail "$tool does not end on SIG$1: $(cat "$out"/*.err)"
		wait "$pid" || true
	done
	tool_pids=()
}

# ended PID: within a minute
ended() {
	local waited
	for ((waited = 0; waited < 600; waited++)); do
		case $(awk '/^State/ { print $2 }' "/proc/$1/status" 2>/dev/null) in '' | Z) return 0 ;; esac
		sleep 0.1
	done
	return 1
}

# Below, no process is started: the tools would be busy with it.

# Waits without a process; nothing comes through this pipe.
exec {nothing}<> <(:)
pause() { read -r -t "$1" -u "$nothing" || true; }

# Sets now to the nanoseconds that the tools have run.
tool_ns() {
	local pid file ns _
	now=0
	for pid in "${tool_pids[@]}"; do
		for file in /proc/"$pid"/task/*/schedstat; do
			read -r ns _ 2>/dev/null <"$file" || continue
			now=$((now + ns))
		done
	done
}

# Sets now_doing to what the tools' threads do: sleep until something happens, run, or wait for a disk or for the kernel.
tools_do() {
	local pid file line
	now_doing="sleep"
	for pid in "${tool_pids[@]}"; do
		[ -d "/proc/$pid" ] || fail "$tool ended: $(cat "$out"/*.err)"
		for file in /proc/"$pid"/task/*/status; do
			while read -r line; do
				case $line in
				State:*S*) break ;;
				State:*R*) now_doing=run && break ;;
				State:*) now_doing=wait && return ;;
				esac
			done 2>/dev/null <"$file" || { now_doing=wait && return; }
		done
	done
}

# Until what was launched has started: it has run, and is ready (ready_NAME, where there is a sign of it), and rests.
# A tool that looks around at intervals rests as long as that takes it less than half of the time.
# Under -icount the guest's clock leaps while a disk is waited for: time alone says nothing.
settle() {
	local now now_doing last=0 rests=0 tries
	for ((tries = 0; tries < 2400 && rests < 10; tries++)); do
		pause 0.2
		tool_ns
		tools_do
		if [ $now_doing = wait ] || [ $((now - last)) -gt 100000000 ] || [ "$now" -lt 1000000 ] ||
			{ declare -F "ready_$tool" >/dev/null && ! "ready_$tool"; }; then
			rests=0
		elif [ $now_doing = sleep ]; then
			rests=$((rests + 1))
		fi
		last=$now
	done
	[ $rests -eq 10 ] || fail "$tool does not come to rest: $(cat "$out"/*.err)"
}

tool_start() {
	tool_pids=()
	"start_$tool"
	[ ${#tool_pids[@]} -eq 0 ] || settle
}

tool_stop() {
	if declare -F "stop_$tool" >/dev/null; then "stop_$tool"; else stop_processes INT; fi
}

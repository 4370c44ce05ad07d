"""Run one virtual machine to the end of its command.

supervise.py DIR NONCE TIMEOUT VERBOSE QEMU...

DIR holds the FIFOs out, err and status, which QEMU connects to virtio ports,
and the file console. The guest writes the command's output to out and err,
each ended by NONCE, and "start" and "status N" to status. Only a machine that
gave all of these has run its command: every other end is an error.
"""

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time

BOOT_LIMIT = 240  # seconds until "start"; a loaded machine needs 20
BOOT_TRIES = 3  # a machine that dies before COMMAND begins is started again, and that is said
DRAIN_LIMIT = 30  # seconds from the status to the end of the output
EXIT_TIMEOUT = 124
EXIT_DIED = 125
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stream:
    """Copies a FIFO to a descriptor until the nonce, holding back what may be its start."""

    def __init__(self, path, fd, nonce):
        self.source = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.fd, self.nonce = fd, nonce
        self.held = b""
        self.done = False

    def read(self):
        try:
            data = os.read(self.source, 1 << 16)
        except BlockingIOError:
            return
        data = self.held + data
        end = data.find(self.nonce)
        if end >= 0:
            self.done = True
            self.write(data[:end])
            return
        keep = min(len(data), len(self.nonce) - 1)
        while keep and not self.nonce.startswith(data[-keep:]):
            keep -= 1
        self.held = data[len(data) - keep:]
        self.write(data[:len(data) - keep])

    def write(self, data):
        while data:
            try:
                data = data[os.write(self.fd, data):]
            except BlockingIOError:  # our caller's descriptor, not ours to change
                select.select([], [self.fd], [])
            except BrokenPipeError:
                return  # the reader had enough; the command still runs to its end


class Machine:
    def __init__(self, directory, nonce, timeout, verbose, qemu):
        self.directory, self.verbose = directory, verbose
        self.started = time.monotonic()
        self.deadline = self.started + timeout
        self.timeout = timeout
        nonce = nonce.encode()
        self.out = Stream(os.path.join(directory, "out"), 1, nonce)
        self.err = Stream(os.path.join(directory, "err"), 2, nonce)
        self.control = os.open(os.path.join(directory, "status"), os.O_RDONLY | os.O_NONBLOCK)
        self.control_text = b""
        self.status = None
        self.boot_deadline = self.started + BOOT_LIMIT
        self.drain_deadline = None
        self.console_shown = 0
        open(os.path.join(directory, "console"), "wb").close()
        self.note(" ".join(qemu))
        self.qemu_log = open(os.path.join(directory, "qemu"), "wb")
        self.process = subprocess.Popen(
            qemu, stdin=subprocess.DEVNULL, stdout=self.qemu_log, stderr=self.qemu_log,
            start_new_session=True, preexec_fn=die_with_parent)

    def note(self, text):
        if self.verbose:
            print(f"vm/run: {time.monotonic() - self.started:.1f} s: {text}", file=sys.stderr)

    def read_control(self):
        try:
            self.control_text += os.read(self.control, 4096)
        except BlockingIOError:
            return
        *lines, self.control_text = self.control_text.split(b"\n")
        for line in lines:
            self.note(line.decode(errors="replace"))
            if line == b"start":
                self.boot_deadline = None
            elif line.startswith(b"status "):
                self.status = int(line[7:])
                self.drain_deadline = time.monotonic() + DRAIN_LIMIT

    def read_ports(self, wait):
        """Reads what is there. False when nothing was."""
        handlers = {self.control: self.read_control}
        for stream in (self.out, self.err):
            if not stream.done:
                handlers[stream.source] = stream.read
        # poll() tells a FIFO that nobody writes yet from one at its end
        poll = select.poll()
        for fd in handlers:
            poll.register(fd, select.POLLIN)
        ready = [fd for fd, event in poll.poll(wait * 1000) if event & select.POLLIN]
        for fd in ready:
            handlers[fd]()
        return bool(ready)

    def finished(self):
        return self.status is not None and self.out.done and self.err.done

    def run(self):
        """Returns (exit status, message or None)."""
        while True:
            self.read_ports(0.2)
            if self.verbose:
                self.show_console()
            if self.finished():
                return self.status, None
            now = time.monotonic()
            if self.process.poll() is not None:
                while self.read_ports(0):  # what it wrote before its end
                    pass
                if self.finished():
                    return self.status, None
                return EXIT_DIED, f"the guest died (QEMU exit status {self.process.returncode})"
            if now > self.deadline:
                return EXIT_TIMEOUT, f"no end after {self.timeout} s"
            if self.boot_deadline and now > self.boot_deadline:
                return EXIT_DIED, f"the guest did not boot in {BOOT_LIMIT} s"
            if self.drain_deadline and now > self.drain_deadline:
                return EXIT_DIED, "the output of the command was lost"

    def died_before_command(self, status):
        """Emulated processors fault now and then while a kernel boots: that says nothing about COMMAND."""
        return status == EXIT_DIED and self.boot_deadline is not None

    def console(self):
        with open(os.path.join(self.directory, "console"), "rb") as file:
            return file.read()

    def show_console(self):
        text = self.console()
        sys.stderr.buffer.write(text[self.console_shown:].replace(b"\r", b""))
        sys.stderr.flush()
        self.console_shown = len(text)

    def report(self, message):
        print(f"vm/run: {message}; the console ends with:", file=sys.stderr)
        self.qemu_log.flush()
        with open(os.path.join(self.directory, "qemu"), "rb") as file:
            lines = file.read().splitlines()
        lines += self.console().replace(b"\r", b"").splitlines()
        for line in lines[-40:]:
            print("  " + line.decode(errors="replace"), file=sys.stderr)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def die_with_parent():
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main():
    directory, nonce, timeout, verbose, *qemu = sys.argv[1:]
    for number in STOP_SIGNALS:
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    machine = None
    try:
        for attempt in range(BOOT_TRIES):
            machine = Machine(directory, nonce, int(timeout), verbose == "1", qemu)
            status, message = machine.run()
            if not machine.died_before_command(status) or attempt == BOOT_TRIES - 1:
                break
            print(f"vm/run: {message} before COMMAND began; starting it again", file=sys.stderr)
            machine.stop()
        if message:
            machine.report(message)
        return status
    finally:
        for number in STOP_SIGNALS:  # the second one must not cut the clean-up short
            signal.signal(number, signal.SIG_IGN)
        if machine:
            machine.stop()
        shutil.rmtree(directory, ignore_errors=True)


sys.exit(main())

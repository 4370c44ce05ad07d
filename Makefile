# SPDX-License-Identifier: BSD-2-Clause
# mica: `make` builds, `make demo` shows, `make test` proves. Each works as the only command on a fresh clone.
#
#   deps      install what is missing (apt)      unit    unit tests, with ASan and UBSan
#   all       build/mica                         fuzz    each parser's fuzz target, FUZZ_SECONDS each
#   check     format, clang-tidy, house rules    native  end-to-end tests of the store, here
#   fmt       apply the format                   vmtest  end-to-end tests on real kernels
#   demo      the main job, live                 test    all of it; test-full: every kernel
#   install   DESTDIR= PREFIX=                   bench   what tracing costs, mica and its peers
#
#   V=1 shows the commands      O=DIR is the build folder      SANITIZE=1 builds with ASan and UBSan

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
SHELL := bash

O ?= build$(if $(SANITIZE),/sanitize)
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-8s %s\n' '$(1)' '$(2)')

CC := gcc
CLANG := clang
BPFTOOL := bpftool
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 10
ARCH := $(shell uname -m)
BPF_ARCH := $(if $(filter aarch64,$(ARCH)),arm64,x86)

PACKAGES := libbpf jansson mount libcap yaml-0.1 sqlite3 libarchive nettle libmicrohttpd
PACKAGE_CFLAGS = $(shell pkg-config --cflags $(PACKAGES))
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wno-format-nonliteral \
	-Wvla
INCLUDES = -Iinclude -Iuser -I$(O)/bpf $(PACKAGE_CFLAGS)
CFLAGS ?= -O2 -g
MICA_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -fno-common -fstack-protector-strong $(INCLUDES)
# Libraries that bring others along are loaded when they are needed first (user/base/library.h). The rest is linked into the program:
# a command starts in a third of the time that a dozen shared libraries take.
LOADED := libarchive mount libmicrohttpd
MICA_LDLIBS = -Wl,-Bstatic $(shell pkg-config --libs $(filter-out $(LOADED),$(PACKAGES))) -lelf -lz -Wl,-Bdynamic -lm
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
ifdef SANITIZE
MICA_CFLAGS += $(SANITIZERS)
endif

SOURCES := $(wildcard user/*.c user/*/*.c)
OBJECTS := $(SOURCES:%.c=$(O)/%.o)
LIBRARY_OBJECTS := $(filter-out $(O)/user/main.o,$(OBJECTS))
BPF_SOURCES := $(wildcard bpf/*.bpf.c)
BPF_OBJECTS := $(BPF_SOURCES:%.c=$(O)/%.o)
BPF_FLAGS := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) -Wall -Wextra -Werror -Wno-unused-parameter \
	-Ivmlinux/$(if $(filter arm64,$(BPF_ARCH)),arm64,x86_64) -Iinclude -Ibpf

.PHONY: all
all: $(O)/mica

$(O)/mica: $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(MICA_CFLAGS) $(LDFLAGS) -o $@ $^ $(MICA_LDLIBS)

$(O)/user/%.o: user/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(MICA_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/user/kernel/loader.o: $(O)/bpf/mica.skel.h
$(O)/user/kernel/branch_load.o: $(O)/bpf/branch.skel.h
$(patsubst %.c,$(O)/%.o,$(wildcard user/kernel/enforcer*.c)): $(O)/bpf/enforce.skel.h $(O)/bpf/verdict.skel.h

$(O)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -MMD -MP -c -o $@ $<

$(O)/bpf/mica.o: $(BPF_OBJECTS)
	$(call say,BPFLINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(O)/bpf/mica.skel.h: $(O)/bpf/mica.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name mica_bpf >$@

# Enforcement: an object of hooks, and the evaluator that takes its place in each of them.
ENFORCE_OBJECTS := $(patsubst %.c,$(O)/%.o,$(wildcard bpf/enforce/*.bpf.c))
VERDICT_OBJECTS := $(patsubst %.c,$(O)/%.o,$(wildcard bpf/verdict/*.bpf.c))
# The guard of read-only branches.
BRANCH_OBJECTS := $(patsubst %.c,$(O)/%.o,$(wildcard bpf/branch/*.bpf.c))

$(O)/bpf/enforce.o: $(ENFORCE_OBJECTS)
	$(call say,BPFLINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(O)/bpf/verdict.o: $(VERDICT_OBJECTS)
	$(call say,BPFLINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(O)/bpf/branch.o: $(BRANCH_OBJECTS)
	$(call say,BPFLINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(O)/bpf/enforce.skel.h $(O)/bpf/verdict.skel.h $(O)/bpf/branch.skel.h: $(O)/bpf/%.skel.h: $(O)/bpf/%.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name mica_$*_bpf >$@

# ---- tests ----

# A build of its own, with sanitizers.
S := build/sanitize
UNIT_SOURCES := $(wildcard tests/unit/*/*.c)
UNIT_OBJECTS := $(UNIT_SOURCES:%.c=$(S)/%.o)
TEST_FLAGS = -I. -DMICA_SOURCE_DIR='"$(CURDIR)"' -DMICA_BPF_OBJECT='"$(abspath $(O))/bpf/mica.o"'

$(O)/unit: $(O)/bpf/mica.o $(UNIT_SOURCES:%.c=$(O)/%.o) $(LIBRARY_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(MICA_CFLAGS) -o $@ $(filter-out %/mica.o,$^) -lcriterion $(MICA_LDLIBS)

$(O)/tests/unit/%.o: tests/unit/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(MICA_CFLAGS) -Wno-missing-prototypes $(TEST_FLAGS) -MMD -MP -c -o $@ $<

# Helpers of bpf/ on their own, run in this machine's kernel by BPF_PROG_TEST_RUN.
BPF_TESTS := $(wildcard tests/bpf/*.bpf.c)
BPF_TEST_SKELETONS := $(BPF_TESTS:tests/bpf/%.bpf.c=$(O)/bpf/%.skel.h)

$(O)/tests/bpf/%.bpf.o: tests/bpf/%.bpf.c
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -MMD -MP -c -o $@ $<

$(O)/bpf/%.skel.h: $(O)/tests/bpf/%.bpf.o $(O)/bpf/path.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen object $(@D)/$*.o $^
	$(Q)$(BPFTOOL) gen skeleton $(@D)/$*.o name $*_bpf >$@

# The evaluator has no need of the walk of tracing.
$(O)/bpf/evaluator.skel.h: $(O)/tests/bpf/evaluator.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name evaluator_bpf >$@

$(O)/tests/bpf/%.o: tests/bpf/%.c $(BPF_TEST_SKELETONS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(MICA_CFLAGS) -Wno-missing-prototypes $(TEST_FLAGS) -MMD -MP -c -o $@ $<

$(O)/bpf-tests: $(patsubst %.c,$(O)/%.o,$(filter-out %.bpf.c,$(wildcard tests/bpf/*.c)) \
		$(wildcard tests/unit/policy/reference_*.c)) $(LIBRARY_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(MICA_CFLAGS) -o $@ $^ -lcriterion $(MICA_LDLIBS)

-include $(BPF_TESTS:%.c=$(O)/%.d) $(patsubst %.c,$(O)/%.d,$(filter-out %.bpf.c,$(wildcard tests/bpf/*.c)))

# What a verdict costs on this machine: tests/bench/run verdict.
$(O)/bench-verdict: $(O)/tests/bench/verdict.o $(LIBRARY_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(MICA_CFLAGS) -o $@ $^ $(MICA_LDLIBS)

$(O)/tests/bench/verdict.o: tests/bench/verdict.c $(O)/bpf/policy.skel.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(MICA_CFLAGS) -MMD -MP -c -o $@ $<

-include $(O)/tests/bench/verdict.d

# What the store's calls cost beside the bare system calls: tests/bench/store.
$(O)/bench-store: $(O)/tests/bench/store_calls.o $(LIBRARY_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(MICA_CFLAGS) -o $@ $^ $(MICA_LDLIBS)

$(O)/tests/bench/store_calls.o: tests/bench/store_calls.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(MICA_CFLAGS) -MMD -MP -c -o $@ $<

-include $(O)/tests/bench/store_calls.d

# What a call of the volume plugin costs at least: tests/bench/plugin.
$(O)/bench-plugin-reference: tests/bench/plugin_reference.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(MICA_CFLAGS) -o $@ $< -lmicrohttpd

# All programs of tests/bench; `make test` builds them too, so that they do not rot.
.PHONY: benches
benches: $(O)/bench-verdict $(O)/bench-store $(O)/bench-plugin-reference

# Random policies and paths in full numbers, without the sanitizers: they would take minutes.
$(O)/cases: $(patsubst %.c,$(O)/%.o,$(wildcard tests/unit/policy/reference_*.c) tests/unit/policy/random.c tests/unit/policy/limits.c) \
		$(O)/tests/bpf/policy.o $(O)/tests/bpf/evaluator.o $(LIBRARY_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(MICA_CFLAGS) -o $@ $^ -lcriterion $(MICA_LDLIBS)

ifdef SANITIZE
# libFuzzer is clang's; the library is compiled again, with coverage.
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/*.c))
FUZZ_OBJECTS := $(patsubst $(O)/%.o,$(O)/fuzz/%.o,\
	$(filter-out $(O)/user/kernel/% $(O)/user/enforce/% $(O)/user/cmd/%,$(LIBRARY_OBJECTS)))
FUZZ_FLAGS = -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -Wno-missing-prototypes -g -O1 $(INCLUDES) $(TEST_FLAGS) $(SANITIZERS)

$(O)/fuzz/user/%.o: user/%.c
	$(call say,FUZZCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(O)/fuzz/%: tests/fuzz/%.c $(FUZZ_OBJECTS)
	$(call say,FUZZCC,$<)
	$(Q)$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer -MMD -MP -MF $@.d -o $@ $< $(FUZZ_OBJECTS) $(MICA_LDLIBS)

.PHONY: fuzz-targets
fuzz-targets: $(FUZZ_TARGETS)

-include $(FUZZ_OBJECTS:.o=.d) $(FUZZ_TARGETS:=.d)
endif

-include $(UNIT_SOURCES:%.c=$(O)/%.d)

.PHONY: unit
unit:
	$(Q)$(MAKE) --no-print-directory SANITIZE=1 $(S)/unit $(S)/bpf-tests
	$(Q)$(MAKE) --no-print-directory build/cases
	$(Q)$(S)/unit --jobs=2
	$(Q)$(S)/bpf-tests --jobs=1
	$(Q)build/cases --jobs=2

.PHONY: fuzz
fuzz:
	$(Q)$(MAKE) --no-print-directory SANITIZE=1 fuzz-targets
	$(Q)tests/fuzz/run --seconds $(FUZZ_SECONDS) $(S)/fuzz

# Programs that the end-to-end tests run in the guest: static, so that they run in every image.
# A program is a file, NAME.c, or a folder, NAME/*.c.
GUEST_SOURCES := $(wildcard tests/e2e/programs/*.c tests/e2e/programs/*/*.c)
GUEST_PROGRAMS := $(sort $(foreach source,$(GUEST_SOURCES:tests/e2e/programs/%.c=%),$(O)/guest/$(firstword $(subst /, ,$(source)))))

.SECONDEXPANSION:
$(O)/guest/%: $$(wildcard tests/e2e/programs/$$*.c tests/e2e/programs/$$*/*.[ch])
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -static -pthread -o $@ $(filter %.c,$^)

# The benchmark's, likewise.
BENCH_PROGRAMS := $(O)/guest/workload $(O)/guest/calls $(O)/guest/enforced

$(BENCH_PROGRAMS): $(O)/guest/%: tests/bench/%.c tests/bench/union.c tests/bench/union.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -static -o $@ $(filter %.c,$^)

.PHONY: guest guest-bench
guest: all $(GUEST_PROGRAMS) $(BENCH_PROGRAMS)
guest-bench: $(BENCH_PROGRAMS)

# Not a part of test: it wants a quiet machine, and takes a while.
.PHONY: bench
bench: deps
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) guest
	$(Q)tests/bench/run all
	$(Q)tests/bench/run table --readme

# End-to-end tests that need no hook of the kernel's: here, as root.
.PHONY: native
native: all
	$(Q)O=$(abspath $(O)) tests/native/run

.PHONY: vmtest vmtest-full
vmtest: guest
	$(Q)tests/e2e/run
vmtest-full: guest
	$(Q)tests/e2e/run --full

.PHONY: deps
deps:
	$(Q)tests/deps

# `make test` on a fresh machine: what the other rules need is there only after deps, so each is a make of its own.
.PHONY: test test-full
test test-full: deps
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all benches
	$(Q)$(MAKE) --no-print-directory check
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) unit
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) fuzz
	$(Q)$(MAKE) --no-print-directory native
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) vmtest$(if $(filter test-full,$@),-full)

.PHONY: check
check:
	$(Q)tests/check/run $(O)

.PHONY: fmt
fmt:
	$(Q)clang-format -i $$(git ls-files --cached --others --exclude-standard '*.c' '*.h' ':!vmlinux')

.PHONY: demo
demo: deps
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all
	$(Q)tests/e2e/demo/run

.PHONY: install
install: all
	install -Dm755 $(O)/mica $(DESTDIR)$(PREFIX)/bin/mica
	for page in user/man/*.[1-8]; do \
		install -Dm644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; done
	install -Dm644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system user/dist/mica.service user/dist/mica.socket
	install -d $(DESTDIR)$(PREFIX)/share/containers/oci/hooks.d
	sed 's|/usr/local/bin|$(PREFIX)/bin|' user/dist/mica-oci-hook.json >$(DESTDIR)$(PREFIX)/share/containers/oci/hooks.d/mica.json
	install -Dm644 user/dist/mica.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mica

.PHONY: clean
clean:
	$(Q)rm -rf $(O)

-include $(OBJECTS:.o=.d) $(BPF_OBJECTS:.o=.d) $(ENFORCE_OBJECTS:.o=.d) $(VERDICT_OBJECTS:.o=.d) $(BRANCH_OBJECTS:.o=.d)

# Auto backup. `make help` lists the targets. PROFILE=debug|asan|tsan builds in a folder of its own; V=1 shows the
# commands; WERROR=1 makes warnings errors; CC, CFLAGS, CPPFLAGS and LDFLAGS are yours.

PROFILE ?= release
PREFIX  ?= /usr/local
DKJSON  ?= /usr/share/lua/5.4/dkjson.lua

B      := build/$(PROFILE)
ENGINE := $(wildcard src/base/*.c src/index/*.c src/scan/*.c src/copy/*.c src/undo/*.c src/verify/*.c)
FRONT  := src/main.c $(wildcard src/host/*.c src/bind/*.c)
SUITES := $(wildcard tests/check/*.c)
BENCH  := $(addprefix $(B)/tests/bench/,floor maketree catalog measure)
MOUNTS := $(addprefix $(B)/tests/filesystems/,timeless folding mapped solid)
FAULT  := $(addprefix $(B)/tests/fault/,shim.so swap disk)
STEADY := $(B)/tests/tools/steady.so
FUZZ   := $(addprefix $(B)/tests/fuzz/,listing manifest marker seeds)
LUA    := $(shell find lua -name '*.lua')
Q   := $(if $(V),,@)
say  = @printf '  %s %s\n'
objects = $(patsubst %.c,$(B)/%.o,$(1))

CFLAGS_release = -O2 -g
CFLAGS_debug   = -O0 -g3
CFLAGS_asan    = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS_tsan    = -O1 -g -fno-omit-frame-pointer -fsanitize=thread
CFLAGS_fuzz  = -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined
CFLAGS        ?= $(CFLAGS_$(PROFILE))
WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes \
           -Wvla $(if $(WERROR),-Werror)
FLAGS    = -std=gnu11 -D_GNU_SOURCE -pthread -MMD -MP -Isrc -I$(B) $(HEADERS) $(WARNINGS) $(CPPFLAGS) $(CFLAGS)

# Asked once, and when first needed: `make deps` may have installed pkg-config just before.
pkg     = $(shell pkg-config $(1) 2>/dev/null || echo $(2))
HEADERS = $(eval HEADERS := $(call pkg,--cflags lua5.4,-I/usr/include/lua5.4))$(HEADERS)
# Libraries of which few functions are used, or whose thousands of addresses cost more to look up than a short command does, are
# part of the program where that can be: readline and ncurses were a third of each start, SQLite a quarter of the rest, Lua a
# twentieth. The C library comes first, as most of what the others want is in it.
archive = $(if $(filter /%,$(shell $(CC) -print-file-name=lib$(1).a)),-l:lib$(1).a,-l$(1))
LIBS    = $(eval LIBS := $(foreach name,readline ncursesw tinfo sqlite3 utf8proc xxhash,$(call archive,$(name))) -lm \
          $(call pkg,--libs blkid mount libudev,-lblkid -lmount -ludev))$(LIBS)
FUSE    = $(call pkg,--libs fuse3 libutf8proc,-lfuse3 -lutf8proc)
LUALIB  = $(eval LUALIB := $(call archive,lua5.4) -lm)$(LUALIB)
# A library of the user's that package.loadlib opens finds Lua's functions in the program, as it does in lua itself.
EXPORT  = -Wl,--export-dynamic-symbol=lua_* -Wl,--export-dynamic-symbol=luaL_*
CHECK   = $(eval CHECK := $(call pkg,--libs check,-lcheck -lsubunit -lrt -lm))$(CHECK)

.PHONY: all deps demo readme check check-c check-lua check-e2e check-fault check-faults check-sweeps check-filesystems check-readme check-alone check-bare check-truth check-truth-short check-truth-planted check-asan check-tsan luacheck layers \
        bench bench-deps fuzz fuzzers install uninstall clean help FORCE
.DELETE_ON_ERROR:

all: $(B)/autobackup $(if $(filter release,$(PROFILE)),build/autobackup)    ## build build/autobackup

build/autobackup: $(B)/autobackup
	@ln -sf $(patsubst build/%,%,$<) $@

$(B)/autobackup: $(call objects,$(FRONT)) $(B)/engine.a
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread $(EXPORT) -o $@ $^ -lc $(LUALIB) $(LIBS)

$(B)/suites: $(call objects,$(SUITES)) $(B)/engine.a
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^ $(CHECK) $(LIBS)

$(BENCH): %: %.o $(B)/tests/bench/shape.o $(B)/engine.a
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -Wl,--as-needed -o $@ $^ $(LIBS)

# No part of the program: it is loaded before the C library, without a sanitizer.
$(B)/tests/%.so: tests/%.c
	$(say) CC $@
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g $(WARNINGS) -fPIC -shared -o $@ $<

$(B)/tests/fault/swap $(B)/tests/fault/disk: %: %.o
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(if $(filter %/disk,$@),$(FUSE))

$(MOUNTS): %: %.o $(B)/tests/filesystems/passing.o
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(FUSE)

$(B)/tests/fault/disk.o $(B)/tests/filesystems/passing.o: CPPFLAGS += $(call pkg,--cflags fuse3,-I/usr/include/fuse3)

$(FUZZ): %: %.o $(B)/engine.a
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(if $(filter %/seeds,$@),,-fsanitize=fuzzer) -pthread -o $@ $^ $(LIBS)

$(B)/engine.a: $(call objects,$(ENGINE))
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/%.o: %.c $(B)/flags
	$(say) CC $<
	$(Q)mkdir -p $(@D) && $(CC) $(FLAGS) -c -o $@ $<

$(B)/src/host/embedded.o: $(B)/compiled/all
$(B)/compiled/all: $(B)/compile $(LUA) $(wildcard $(DKJSON))
	$(say) LUA $(@D)
	$(Q)mkdir -p $(@D) && $< && touch $@
$(B)/compile: $(B)/scripts/dev/compile.o
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LUALIB)
$(B)/scripts/dev/compile.o: $(B)/embedded.list
$(B)/src/index/schema.o: $(wildcard src/index/*.sql)
$(B)/tests/check/main.o: $(B)/suites.list

# Looked at in every run and written only when something changed. When deps is a goal it comes first, under -j too.
update = { mkdir -p $(@D) && cat >$@.$$$$ && if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi; }

$(B)/flags: FORCE | $(filter deps,$(MAKECMDGOALS))
	@echo '$(CC) $(filter-out -Werror,$(FLAGS))' | $(update)
$(B)/embedded.list: FORCE
	@scripts/dev/embedded.sh $(B)/compiled $(DKJSON) $(LUA) | $(update)
$(B)/suites.list: FORCE
	@printf 'SUITE(%s)\n' $(patsubst tests/check/suite_%.c,%,$(filter tests/check/suite_%,$(SUITES))) | $(update)

-include $(patsubst %.o,%.d,$(call objects,$(ENGINE) $(FRONT) $(SUITES))) $(wildcard $(B)/tests/[bf]*/*.d)

deps:       ## install what is missing from Debian 12
	@scripts/dev/deps.sh
demo: | $(filter deps,$(MAKECMDGOALS))   ## lay out a small studio under build/demo and show the main job
	+@scripts/dev/step.sh "building $(B)/autobackup" $(MAKE) --no-print-directory all
	@scripts/dev/demo.sh $(if $(filter release,$(PROFILE)),build,$(B))/autobackup

readme: all    ## run what README.md shows and put the output into it
	@scripts/dev/readme.sh $(B)/autobackup
check: layers luacheck check-c check-lua check-e2e check-fault check-truth-short check-readme check-alone    ## all tests
check-alone: $(B)/autobackup $(B)/suites $(BENCH) $(FAULT) $(STEADY)    ## tests and demo touch nothing of the machine's or its user's
	AUTOBACKUP=$(abspath $<) tests/alone/canary.sh
check-bare:                           ## as root: make deps demo and make deps check on a bare Debian 12; takes long
	@tests/bare/run.sh
check-readme: $(B)/autobackup         ## README.md shows what the program prints
	scripts/dev/readme.sh $< --check
check-c: $(B)/suites                  ## the engine's libcheck suites
	CK_DEFAULT_TIMEOUT=$${CK_DEFAULT_TIMEOUT:-120} tests/check/run.sh $(B)/suites
check-lua: $(B)/autobackup            ## Lua specs, run by the program
	AUTOBACKUP=$(abspath $<) tests/lua/run.sh
check-e2e: $(B)/autobackup $(BENCH) $(FAULT) $(MOUNTS) $(STEADY)   ## the command line, end to end; E2E="40-copy.sh ..." runs a part
	AUTOBACKUP=$(abspath $<) tests/e2e/run.sh $(E2E)
check-fault: $(B)/autobackup $(FAULT) $(MOUNTS) $(BENCH) $(STEADY)    ## kill -9, broken and full disks, lost power: a short form
	AUTOBACKUP=$(abspath $<) tests/fault/run.sh
check-faults: $(B)/autobackup $(FAULT) $(MOUNTS) $(BENCH) $(STEADY)   ## the same at every point, on every filesystem: takes hours
	AUTOBACKUP=$(abspath $<) tests/fault/run.sh --full
check-sweeps: $(B)/autobackup $(BENCH) $(FAULT) $(MOUNTS) $(STEADY)    ## end to end, killed at each point and not at each other one
	AUTOBACKUP=$(abspath $<) SWEEP=full TEST_TIMEOUT=900 tests/e2e/run.sh 44-restore.sh 45-undo.sh 47-types.sh
check-filesystems: $(B)/autobackup $(MOUNTS)    ## as root: ten copies in a row on every filesystem that there is
	AUTOBACKUP=$(abspath $<) FILESYSTEMS=all tests/e2e/run.sh 39-traits.sh
check-truth: $(B)/autobackup          ## random studios against an oracle that walks the disks itself; SEEDS=n (200), SEED=one
	AUTOBACKUP=$(abspath $<) tests/truth/run.sh
check-truth-short: $(B)/autobackup    ## part of make check: the same with a few seeds
	AUTOBACKUP=$(abspath $<) tests/truth/run.sh --short
check-truth-planted: $(B)/autobackup  ## the proof that check-truth can fail: faults planted one at a time, and which it found
	AUTOBACKUP=$(abspath $<) tests/truth/run.sh --planted
check-asan check-tsan:                ## suites, specs and end-to-end tests under a sanitizer
	AUTOBACKUP_TEST_GC=1 CK_DEFAULT_TIMEOUT=$${CK_DEFAULT_TIMEOUT:-300} $(MAKE) PROFILE=$(@:check-%=%) check-c check-lua check-e2e
luacheck: | $(filter deps,$(MAKECMDGOALS))    ## lint the Lua sources
	luacheck --quiet --codes lua scripts tests config.lua.example
layers: | $(filter deps,$(MAKECMDGOALS))      ## who may depend on whom, and how long a file may be
	scripts/dev/layers.sh
	scripts/dev/layers-test.sh

bench: $(B)/autobackup $(BENCH)       ## measure beside other programs; tests/bench/run.sh tells the settings
	tests/bench/run.sh $(B)
bench-deps: ## install the programs that bench and fuzz want
	@tests/bench/deps.sh
fuzz:       ## run the fuzz targets, FUZZ_SECONDS (60) each
	@tests/fuzz/run.sh '$(MAKE)' $(if $(filter build/%,$(B)),build/fuzz,$(B)/fuzz)
fuzzers: $(FUZZ)

TO      = $(DESTDIR)$(PREFIX)
SCRIPTS = $(wildcard scripts/*.lua)
PLACED  = bin/autobackup $(SCRIPTS:%=share/autobackup/%) share/autobackup/config.lua.example \
          share/doc/autobackup/README.md share/doc/autobackup/LICENSE
FOLDERS = share/autobackup/scripts share/autobackup share/doc/autobackup share/doc share bin

install: all    ## into PREFIX (/usr/local), below DESTDIR
	install -D -t '$(TO)/bin' $(B)/autobackup
	install -D -m 644 -t '$(TO)/share/autobackup/scripts' $(SCRIPTS)
	install -D -m 644 -t '$(TO)/share/autobackup' config.lua.example
	install -D -m 644 -t '$(TO)/share/doc/autobackup' README.md LICENSE
uninstall:      ## what install put there
	cd '$(TO)' && rm -f $(PLACED) && { rmdir $(FOLDERS) 2>/dev/null || :; }
clean:          ## remove build/
	rm -rf build
help:           ## this list
	@sed -n 's/^\([a-z][a-z0-9 -]*\):.*## \(.*\)/\1:\2/p' Makefile | column -t -s :

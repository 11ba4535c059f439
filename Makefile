# Bridgetap. `make help` lists the targets. Everything that is built goes to build/.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

BUILD    ?= build
SANITIZE ?=
comma    := ,
# A sanitized build lives beside the plain one: make SANITIZE=address,undefined
O        := $(BUILD)$(if $(SANITIZE),/sanitize-$(subst $(comma),-,$(SANITIZE)))

CC       ?= gcc
CLANG    ?= clang
VERSION  := 0.1.0

ifeq ($(origin CC),default)
CC       := gcc
endif
# The CPU is the least that DPDK's own packages run on.
OPTIMIZE ?= -O2 -march=corei7
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
CFLAGS   += -std=gnu11 -g $(OPTIMIZE) $(WARNINGS) -fno-strict-aliasing -fstack-protector-strong
CPPFLAGS += -I. -I$(O)/gen -DBRIDGETAP_VERSION='"$(VERSION)"' -D_GNU_SOURCE
LDFLAGS  += -Wl,--as-needed -Wl,-z,relro,-z,now
ifneq ($(SANITIZE),)
CFLAGS   += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS  += -fsanitize=$(SANITIZE)
endif

# V=1 shows whole commands.
ifeq ($(V),)
say      = @printf '  %-8s%s\n' $(1) $(patsubst $(O)/%,%,$@);
else
say      =
endif

# pkg-config, asked once per library and only when something needs it.
pkg        = $(if $(pkg_$(1)_$(2)),,$(eval pkg_$(1)_$(2) := $(shell pkg-config --$(1) $(2)) ))$(pkg_$(1)_$(2))
pkg_cflags = $(foreach p,$(1),$(call pkg,cflags,$(p)))
pkg_libs   = $(foreach p,$(1),$(call pkg,libs,$(p)))

objects  = $(patsubst %.c,$(O)/obj/%.o,$(1))

programs :=
include proto/module.mk
include bpf/module.mk
include dataplane/module.mk
include controlplane/module.mk
include tests/module.mk
include tests/fuzz/module.mk
include perf/module.mk

$(O)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(O)/lib/%.a:
	@mkdir -p $(@D)
	$(call say,AR)rm -f $@ && $(AR) rcs $@ $^

.PHONY: all bootstrap demo check lint format clean help
all: $(programs) ## build everything

bootstrap: ## install what building, tests and demo need (as root)
	deploy/bootstrap build check demo

# Each begins with what may be missing, and only then looks at anything that needs it. What sudo
# has built belongs to whoever has called sudo.
jobs := -j$(shell nproc)
give_back = if [ -n "$$SUDO_UID" ]; then chown -R "$$SUDO_UID:$$SUDO_GID" $(BUILD); fi

demo: ## put a real call with three voices through the appliance (as root)
	@deploy/bootstrap build demo
	@$(MAKE) --no-print-directory $(jobs) all && \
		BRIDGETAP_BUILD=$(BUILD) /usr/bin/python3 -B deploy/demo/demo.py; status=$$?; \
		$(give_back); exit $$status

check: ## run all tests, plain and under ASan and UBSan (as root)
	@deploy/bootstrap build check demo
	@$(MAKE) --no-print-directory $(jobs) all tests && \
		$(MAKE) --no-print-directory $(jobs) SANITIZE=$(check_sanitizers) all tests && \
		$(call fuzz_make,libfuzzer) && $(check_all); status=$$?; \
		$(give_back); exit $$status
check_sanitizers := address,undefined

# The quick ones first. All of them run, whatever the others have come to: one failure among so many
# must not cost the answer of the rest.
check_all = ( failed=; \
	for part in lint unit "unit SANITIZE=$(check_sanitizers)" fuzz-check \
			e2e "e2e SANITIZE=$(check_sanitizers)"; do \
		$(MAKE) --no-print-directory $$part || failed="$$failed\n  $$part"; \
	done; [ -z "$$failed" ] || { printf "failed:$$failed\n"; exit 1; } )

lint: ## check include directions, format, and what linters find
	@tests/lint/run

format: ## format the C sources
	find bpf controlplane dataplane perf proto tests -name '*.[ch]' | xargs clang-format -i

clean: ## remove what was built
	rm -rf $(BUILD)

help: ## list the targets
	@echo "make [V=1] [SANITIZE=address,undefined] TARGET"
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)

# Bridgetap. `make help` lists the targets. Everything that is built goes to build/.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

BUILD    ?= build
SANITIZE ?=
# A sanitized build lives beside the plain one: make SANITIZE=address,undefined
O        := $(BUILD)$(if $(SANITIZE),/sanitize-$(subst $(comma),-,$(SANITIZE)))
comma    := ,
O        := $(BUILD)$(if $(SANITIZE),/sanitize-$(subst $(comma),-,$(SANITIZE)))

CC       ?= gcc
CLANG    ?= clang
VERSION  := 0.1.0

ifeq ($(origin CC),default)
CC       := gcc
endif
OPTIMIZE ?= -O2 -march=x86-64-v2
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
pkg_cflags = $(foreach p,$(1),$(eval pkg_cflags_$(p) ?= $$(shell pkg-config --cflags $(p)))$(pkg_cflags_$(p)))
pkg_libs   = $(foreach p,$(1),$(eval pkg_libs_$(p) ?= $$(shell pkg-config --libs $(p)))$(pkg_libs_$(p)))

objects  = $(patsubst %.c,$(O)/obj/%.o,$(1))

programs :=
include proto/module.mk
include bpf/module.mk
include dataplane/module.mk
include controlplane/module.mk
include tests/module.mk

$(O)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(O)/lib/%.a:
	@mkdir -p $(@D)
	$(call say,AR)rm -f $@ && $(AR) rcs $@ $^

.PHONY: all clean help
all: $(programs) ## build everything

clean: ## remove what was built
	rm -rf $(BUILD)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST) | sort

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)

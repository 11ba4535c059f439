# The packet side. The order of the libraries is the order in which code may call other code:
# control -> worker -> call -> net, media.

media_src := $(wildcard dataplane/media/*.c)
$(O)/lib/media.a: $(call objects,$(media_src))

$(O)/obj/dataplane/%.o: CPPFLAGS += -Idataplane

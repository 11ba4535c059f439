# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""A disk that is soon full: a tmpfs of a megabyte, with a file that fills it."""

import contextlib
import errno

from lab import run

SIZE = "1m"


class Disk:
    def __init__(self, path):
        self.path, self._filler = path, path / "filler"

    def fill(self):
        with open(self._filler, "ab", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError as error:
                    assert error.errno == errno.ENOSPC

    def make_room(self, size=None):
        """So many bytes; all that there is by default."""
        if size is None:
            self._filler.unlink()
        else:
            with open(self._filler, "ab") as file:
                file.truncate(file.tell() - size)


@contextlib.contextmanager
def small_disk(path):
    """Mounted where this process and what it starts see it, and unmounted whatever happens: in the
    folder of a lab, should this process be killed, by the next lab."""
    path.mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", path)
    try:
        yield Disk(path)
    finally:
        run("umount", "-l", path)

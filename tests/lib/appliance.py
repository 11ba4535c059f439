# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Both planes, started and stopped together."""

import contextlib
import types


def start_appliance(lab, dataplane=None, **settings):
    """Both planes, fresh; the data plane with the settings of `dataplane`, the control plane with
    the others."""
    box = types.SimpleNamespace(lab=lab)
    for name in ("controlplane.db", "controlplane.db-wal", "controlplane.db-shm",
                 "dataplane.log", "controlplane.log"):
        (lab.path / name).unlink(missing_ok=True)
    box.dataplane = lab.start_dataplane(**(dataplane or {}))
    box.controlplane = lab.start_controlplane(**settings)
    return box


def stop_appliance(box):
    """Nothing may be left that a sanitizer or a crash has to say."""
    codes = [box.controlplane.stop(), box.dataplane.stop()]
    for name in ("dataplane", "controlplane"):
        log = (box.lab.path / f"{name}.log").read_text(errors="replace")
        assert "Sanitizer" not in log and "runtime error" not in log, log
    assert codes == [0, 0], codes


@contextlib.contextmanager
def set_up_appliance(lab, **settings):
    """Both planes, and a client that is set up in `api`; see start_appliance()."""
    from api import Api

    box = start_appliance(lab, **settings)
    box.api = Api(lab.api_socket)
    box.api.set_up()
    box.api.wait_until_connected()
    yield box
    box.api.close()
    stop_appliance(box)

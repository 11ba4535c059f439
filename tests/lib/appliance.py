# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Both planes, started and stopped together."""

import contextlib
import types


def _start(lab, dataplane=None, **settings):
    """Both planes, fresh; the data plane with the settings of `dataplane`, the control plane with
    the others."""
    box = types.SimpleNamespace(lab=lab)
    for name in ("controlplane.db", "controlplane.db-wal", "controlplane.db-shm",
                 "dataplane.log", "controlplane.log"):
        (lab.path / name).unlink(missing_ok=True)
    box.dataplane = lab.start_dataplane(**(dataplane or {}))
    try:
        box.controlplane = lab.start_controlplane(**settings)
    except BaseException:
        box.dataplane.stop()
        raise
    return box


def _stop(box):
    """Both exit codes. Nothing may be left that a sanitizer has to say."""
    codes = [box.controlplane.stop(), box.dataplane.stop()]
    for name in ("dataplane", "controlplane"):
        log = (box.lab.path / f"{name}.log").read_text(errors="replace")
        assert "Sanitizer" not in log and "runtime error" not in log, log
    return codes


@contextlib.contextmanager
def running_appliance(lab, **settings):
    """Both planes, which are stopped whatever happens within; see _start()."""
    box = _start(lab, **settings)
    try:
        yield box
    except BaseException:
        _stop(box)  # how they ended says nothing, after that
        raise
    codes = _stop(box)
    assert codes == [0, 0], codes


def revive(box):
    """Start again what a test that failed has left dead."""
    if not box.dataplane.running():
        box.dataplane = box.lab.start_dataplane()
    if not box.controlplane.running():
        box.controlplane = box.lab.start_controlplane()


@contextlib.contextmanager
def set_up_appliance(lab, **settings):
    """Both planes, and a client that is set up in `api`; see running_appliance()."""
    from api import Api

    with running_appliance(lab, **settings) as box:
        box.api = Api(lab.api_socket)
        try:
            box.api.set_up()
            box.api.wait_until_connected()
            yield box
        finally:
            box.api.close()

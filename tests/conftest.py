# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What the end-to-end and interoperation tests share: a network, and an appliance in it."""

import contextlib
import os
import signal
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests/lib"), str(ROOT / "deploy/demo")]

from appliance import revive, running_appliance, set_up_appliance  # noqa: E402
from kept import keep_all, keep_logs, kept  # noqa: E402
from lab import BUILD, Lab, Missing, make_folder, remove_folder  # noqa: E402
from steal import notes  # noqa: E402

sys.path.insert(0, str(BUILD / "python"))


def pytest_configure():
    """To be terminated is to end in order, and to leave no data plane that polls its CPU."""
    def end(*_):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pytest.exit("terminated", returncode=128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)


def pytest_terminal_summary(terminalreporter):
    if kept:
        terminalreporter.section("kept of what has failed")
        terminalreporter.write("".join(f"{folder}\n" for folder in kept))
    if notes:
        terminalreporter.section("done again")
        terminalreporter.write("".join(f"{note}\n" for note in notes))


FAILED = pytest.StashKey[bool]()  # of a test, and of its file
unsettled = {}  # folders of labs, by file


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    if outcome.get_result().failed:
        for node in item, item.getparent(pytest.Module):
            node.stash[FAILED] = True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item, nextitem):
    """Whether a test has failed is known when all is taken down, of which some fails by itself."""
    outcome = yield
    module = item.getparent(pytest.Module)
    if FAILED in item.stash:
        keep_logs(module.path.stem, item.name, unsettled.get(module, []))
    last = nextitem is None or nextitem.getparent(pytest.Module) is not module
    if last and not outcome.excinfo:
        settle(module)


def settle(module):
    """Its labs are no more, and what they leave is kept, or removed."""
    folders = unsettled.pop(module, [])
    if FAILED in module.stash:
        keep_all(module.path.stem, folders)
    for folder in folders:
        remove_folder(folder)


def pytest_unconfigure():
    """If all was broken off in the middle of a file."""
    for module in list(unsettled):
        settle(module)


@pytest.fixture(autouse=True)
def nothing_goes_on(request):
    """What a test that has failed leaves running is stopped: those after it know nothing of it."""
    lab = request.getfixturevalue("lab") if "lab" in request.fixturenames else None
    before = lab.running() if lab else []
    yield
    if lab and FAILED in request.node.stash:
        for process in lab.running():
            if process not in before:
                process.stop()


@contextlib.contextmanager
def made_lab(module):
    """A lab for a file of tests. Where the machine lacks something, all that needs one fails, or is
    skipped if whoever runs the tests has said that it may be."""
    folder = make_folder()
    unsettled.setdefault(module, []).append(folder)
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(Lab(folder))
        except Missing as missing:
            if os.environ.get("BRIDGETAP_MAY_SKIP") == "1":
                pytest.skip(str(missing))
            pytest.fail(f"{missing} (BRIDGETAP_MAY_SKIP=1 skips what cannot run)", pytrace=False)
        yield made


@pytest.fixture(scope="module")
def new_lab(request):
    """Makes another lab, a context manager."""
    return lambda: made_lab(request.node)


@pytest.fixture(scope="module")
def lab(new_lab):
    """The namespaces, made once a file."""
    with new_lab() as made:
        yield made


@pytest.fixture
def appliance(lab):
    """Both planes, fresh for each test, and a client that is set up. A test may kill and restart
    them."""
    with set_up_appliance(lab) as box:
        yield box


@pytest.fixture(scope="module")
def shared_appliance(lab):
    """Both planes, once a file, for tests that let them live."""
    with running_appliance(lab) as box:
        yield box


@pytest.fixture
def office(shared_appliance):
    """An organisation of the test's own, with people in it."""
    from office import Office

    revive(shared_appliance)
    with Office(shared_appliance) as made:
        yield made


@pytest.fixture
def disk(lab):
    """A small one, which can be filled."""
    from disk import small_disk

    with small_disk(lab.path / "disk") as made:
        yield made


@pytest.fixture
def dataplane(lab):
    """The data plane alone, with a control plane of a few lines."""
    from dataplane_client import DataplaneClient

    (lab.path / "dataplane.log").unlink(missing_ok=True)
    process = lab.start_dataplane()
    try:
        client = DataplaneClient(lab.dataplane_socket)
        yield client
        client.close()
    finally:
        code = process.stop()
    log = process.output()
    assert "Sanitizer" not in log and "runtime error" not in log, log
    assert code == 0, log

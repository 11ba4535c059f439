# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""h2load, a stock load generator for HTTP/2: thousands of gRPC requests on many connections."""

import re
import subprocess

import pytest

HEALTH_CHECK = b"\0\0\0\0\0"  # a message without any field set: is the whole server serving?


@pytest.mark.parametrize("clients, streams", [(1, 1), (1, 100), (50, 20)])
def test_every_request_of_a_load_succeeds(appliance, tmp_path, clients, streams):
    body, requests = tmp_path / "request", 5000
    body.write_bytes(HEALTH_CHECK)
    done = subprocess.run([
        "h2load", "-B", f"unix:{appliance.lab.api_socket}", "-n", str(requests),
        "-c", str(clients), "-m", str(streams), "-d", body,
        "-H", "content-type: application/grpc", "-H", "te: trailers",
        "http://localhost/grpc.health.v1.Health/Check"],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    told = dict(reversed(pair.split(" ", 1)) for pair in re.search(
        "^requests: (.*)$", done.stdout, re.M).group(1).split(", "))
    assert int(told["succeeded"]) == requests, done.stdout
    assert int(told["failed"]) == int(told["errored"]) == int(told["timeout"]) == 0
    # Each answer has a message (the status SERVING) and nothing but a message: no refusals.
    data = int(re.search(r"\((\d+)\) data$", done.stdout, re.M).group(1))
    assert data == requests * len(HEALTH_CHECK + b"\x08\x01")
    appliance.api.wait_until_connected()

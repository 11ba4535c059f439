# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""`make bench` says why it has no figure, whatever is missing, and judges those that it has."""

import os
import subprocess
import sys

import pytest

from lab import ROOT

BENCH = ROOT / "perf/bench"
sys.path.insert(0, str(BENCH))

from results import NOT_TAKEN, Results, table  # noqa: E402

# Whoever reads build/bench/results.tsv relies on these.
NAMES = {
    "forward_cycles_1k", "forward_cycles_100k", "listen_cycles_1k", "listen_cycles_100k",
    "barge_cycles_1k", "barge_cycles_100k", "guard_cycles", "forward_vs_testpmd",
    "afxdp_vs_rtpengine", "afxdp_mix_vs_janus", "workers2_vs_1", "bytes_per_leg_forward",
    "bytes_per_leg_mix", "load_100k_calls_s", "switch_p99_ms", "delay_forward_p50_us",
    "delay_forward_p999_us", "delay_barge_p999_us"}


def bench(build, *parts):
    return subprocess.run([sys.executable, "-B", BENCH / "bench.py", *parts], text=True,
                          capture_output=True, timeout=120,
                          env={**os.environ, "BRIDGETAP_BUILD": str(build)})


def rows_of(build):
    lines = [line.split("\t") for line in (build / "bench/results.tsv").read_text().splitlines()]
    assert lines[0] == ["name", "value", "unit", "note"]
    return {name: (value, note) for name, value, _, note in lines[1:]}, len(lines) - 1


def test_every_row_is_there_though_nothing_can_be_measured(tmp_path):
    done = bench(tmp_path)
    rows, count = rows_of(tmp_path)
    assert done.returncode == 1, done
    assert NAMES <= set(rows) and len(rows) == count
    assert all(value == NOT_TAKEN and note.startswith("not taken: ")
               for value, note in rows.values()), rows
    assert "No such file" in rows["guard_cycles"][1], rows["guard_cycles"]


def test_a_part_alone_says_that_the_others_were_not_asked_for(tmp_path):
    assert bench(tmp_path, "micro").returncode == 1
    rows, _ = rows_of(tmp_path)
    assert NAMES <= set(rows)
    assert rows["switch_p99_ms"][1] == "not taken: the part control was not asked for"


def test_a_part_that_is_not_there_is_refused_with_a_sentence(tmp_path):
    done = bench(tmp_path, "worker", "kernel")
    assert done.returncode == 2 and "there is no part kernel; there are micro, " in done.stderr
    assert not (tmp_path / "bench").exists()


def test_what_fails_costs_its_own_rows_only(tmp_path, capsys):
    results = Results(tmp_path / "results.tsv")
    with results.attempt("first", "one", "two"):
        results.add("one", 12.345, "cycles", "a\tnote\nof lines")
        raise OSError("the cable is out")
    with results.attempt("second", "three"):
        pass
    with results.attempt("third", "four"):
        results.add("four", "4", "", "")
    assert (tmp_path / "results.tsv").read_text() == (
        "name\tvalue\tunit\tnote\none\t12.3\tcycles\ta note of lines\n"
        "two\t-\t\tnot taken: the cable is out\n"
        "three\t-\t\tnot taken: nothing has printed it\nfour\t4\t\t\n")
    assert results.failures == ["first: the cable is out", "second: three: nothing has printed it"]
    assert "first FAILED: the cable is out" in capsys.readouterr().out


@pytest.mark.parametrize("name, value, verdict", [
    ("guard_cycles", "15", "reached"),
    ("guard_cycles", "15.1", "GAP"),
    ("afxdp_vs_rtpengine", "4", "reached"),
    ("afxdp_vs_rtpengine", "3.99", "GAP"),
    ("guard_cycles", NOT_TAKEN, None),
    ("lookup_cycles", "1", None),
])
def test_the_table_says_what_is_reached(tmp_path, name, value, verdict):
    results = Results(tmp_path / "results.tsv")
    results.part = "this"
    results.add(name, value, "", "")

    class Part:
        TITLE = "This part"
    lines = table(results, {"this": Part}).splitlines()
    line = next(line for line in lines if line.startswith(f"  {name} "))
    words = {"reached", "GAP"} & set(line.split())
    assert words == ({verdict} if verdict else set())

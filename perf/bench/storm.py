# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""Supervisors who switch modes under load: what that does to the media, and how long it takes."""

import statistics

import generator
from results import plain, spread
from rtpgen import WHERE, appliance

TITLE = "Switch storm: modes change under load, over memif"
CALLS = 500
RATE = 1_500_000  # packets a second: the next one of a source is never far
SWITCHES = 1_000  # a second
SECONDS, RUNS = 2, 5
MIX = "listen:1,whisper:1,barge:1"

# Names in the generator's results, what they are called here, and the unit.
FIGURES = (
    ("switches_refused", "storm_refused", ""),
    ("lost", "storm_lost", "packets"),
    ("check_wrong", "storm_wrong_voices", "packets"),
    ("check_partial", "storm_partial_voices", "packets"),
    ("discontinued", "storm_discontinued", "packets"),
    ("switch_p50_ms", "storm_switch_p50_ms", "ms"),
    ("switch_p99_ms", "storm_switch_p99_ms", "ms"),
    ("switch_first_packet_p50_ms", "switch_first_packet_p50_ms", "ms"),
    ("switch_first_packet_p99_ms", "switch_first_packet_p99_ms", "ms"),
    ("switch_last_old_p99_ms", "switch_last_old_p99_ms", "ms"),
)
ROWS = ("storm_switches_per_s", *(name for _, name, _ in FIGURES))


def measure(results, out):
    # Whoever answers needs a share of the CPU of who asks, and who asks has to leave it one.
    with appliance(out, "memif", controlplane_nice=generator.NICE) as box:
        runs = [box.generate("--calls", CALLS, "--mix", MIX, "--rate", RATE, "--seconds", SECONDS,
                             "--check", "all", "--switch-rate", SWITCHES, "--sleep")
                for _ in range(RUNS)]
    done = [run["switches"] / run["seconds"] for run in runs]
    results.add("storm_switches_per_s", statistics.median(done), "1/s",
                f"of {SWITCHES} a second asked for, on {CALLS:,} calls in the three modes by "
                f"turns, under {RATE:,} packets a second, {WHERE}; median of {spread(done)}; "
                "longest pauses of the generator "
                + ", ".join(f"{run['generator_pause_us']:.0f} us" for run in runs))
    for theirs, ours, unit in FIGURES:
        with results.attempt(ours, ours):
            values = [run[theirs] for run in runs]
            results.add(ours, plain(statistics.median(values)), unit,
                        f"{runs[0].note(theirs)}; median of {spread(values)}")

# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""The figures to reach, by the names of rows."""

import operator

AT_MOST, AT_LEAST = ("<=", operator.le), (">=", operator.ge)

TARGETS = {
    "guard_cycles": (AT_MOST, 15),
    "forward_cycles_1k": (AT_MOST, 80),
    "forward_cycles_100k": (AT_MOST, 150),
    "listen_cycles_1k": (AT_MOST, 250),
    "listen_cycles_100k": (AT_MOST, 400),
    "barge_cycles_1k": (AT_MOST, 250),
    "barge_cycles_100k": (AT_MOST, 400),
    "barge_of_10gbe": (AT_LEAST, 100),
    "forward_of_25gbe": (AT_LEAST, 100),
    "bytes_per_leg_forward": (AT_MOST, 512),
    "bytes_per_leg_mix": (AT_MOST, 4096),
    "workers2_vs_1": (AT_LEAST, 1.9),
    "forward_500k_mib": (AT_MOST, 2048),
    "barge_500k_mib": (AT_MOST, 2048),
    "load_100k_calls_s": (AT_MOST, 2),
    "list_filter_100k_ms": (AT_MOST, 50),
    "watch_change_p99_ms": (AT_MOST, 20),
    "switches_per_s": (AT_LEAST, 10_000),
    "switch_p99_ms": (AT_MOST, 5),
    "switch_first_packet_p99_ms": (AT_MOST, 5),
    "load_100k_media_lost": (AT_MOST, 0),
    "storm_lost": (AT_MOST, 0),
    "storm_wrong_voices": (AT_MOST, 0),
    "storm_discontinued": (AT_MOST, 0),
    "delay_forward_p50_us": (AT_MOST, 10),
    "delay_forward_p999_us": (AT_MOST, 50),
    "delay_whisper_p50_us": (AT_MOST, 10),
    "delay_whisper_p999_us": (AT_MOST, 50),
    "delay_barge_p50_us": (AT_MOST, 10),
    "delay_barge_p999_us": (AT_MOST, 50),
    "delay_barge_minus_forward_us": (AT_MOST, 5),
    "quality_path_differs": (AT_MOST, 0),
    "forward_vs_testpmd": (AT_LEAST, 0.6),
    "afxdp_vs_rtpengine": (AT_LEAST, 4),
    "xdp_vs_rtpengine": (AT_LEAST, 10),
    "afxdp_mix_vs_janus": (AT_LEAST, 30),
}


def bound(name):
    """The number to reach; None where there is none."""
    return TARGETS[name][1] if name in TARGETS else None


def judge(name, value):
    """The aim in words and whether `value`, a text, reaches it; ("", None) where there is none."""
    if name not in TARGETS:
        return "", None
    (sign, holds), aimed = TARGETS[name]
    aim = f"{sign} {aimed:,}"
    try:
        return aim, holds(float(value), aimed)
    except ValueError:
        return aim, None

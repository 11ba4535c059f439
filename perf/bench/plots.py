# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""What figures look like. Each plot is a PNG of its own."""

import contextlib
import textwrap

COLOURS = {"forward": "tab:blue", "listen": "tab:green", "whisper": "tab:orange",
           "barge": "tab:red"}
STYLES = {1: "-", 2: "--"}


@contextlib.contextmanager
def figure(path, **layout):
    """Axes to draw on; the file is written at the end."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    drawn, axes = pyplot.subplots(**layout)
    yield axes
    drawn.tight_layout()
    drawn.savefig(path, dpi=120)
    pyplot.close(drawn)


def _mark_caches(axes, scene, curve, caches):
    """Where the calls have outgrown a cache."""
    calls, point = max(curve.items())
    for level, size in caches.items():
        at = size / (point.touched / calls)
        axes.axvline(at, color=COLOURS[scene], linestyle=":", linewidth=1)
        axes.annotate(f" L{level}", (at, 1), xycoords=("data", "axes fraction"), va="top",
                      color=COLOURS[scene], fontsize=8, rotation=90)


def scale(path, curves, caches):
    """Cycles and packets a second against the number of calls: curves by (scene, workers) of points
    by calls."""
    with figure(path, nrows=2, sharex=True, figsize=(8, 8)) as (upper, lower):
        for (scene, workers), curve in curves.items():
            look = {"color": COLOURS[scene], "linestyle": STYLES[workers], "marker": "o",
                    "label": f"{scene}, {workers} worker{'s' * (workers > 1)}"}
            upper.plot(list(curve), [point.cycles for point in curve.values()], **look)
            lower.plot(list(curve), [point.pps / 1e6 for point in curve.values()], **look)
            if workers == 1:
                for axes in (upper, lower):
                    _mark_caches(axes, scene, curve, caches)
        upper.set_xscale("log")
        upper.set_ylabel("cycles a packet")
        lower.set_ylabel("million packets a second")
        lower.set_xlabel("calls; dotted: legs and rings of so many no longer fit into the cache")
        for axes in (upper, lower):
            axes.set_ylim(bottom=0)
            axes.grid(alpha=0.3)
        upper.legend(loc="center left")


def cycles(path, groups):
    """Bars of cycles with their targets: (label, cycles, target or None) each."""
    with figure(path, figsize=(8, 4)) as axes:
        for place, (label, value, aim) in enumerate(groups):
            axes.bar(place, value, color=COLOURS[label.split("\n")[0]])
            axes.annotate(f"{value:.0f}", (place, value), ha="center", va="bottom", fontsize=8)
            if aim is not None:
                axes.hlines(aim, place - 0.45, place + 0.45, color="black")
        axes.set_xticks(range(len(groups)), [label for label, *_ in groups])
        axes.set_ylabel("cycles a packet; line: the target")


def delays(path, curves):
    """Delay by percentile: curves by label of (share, microseconds) pairs."""
    with figure(path, figsize=(8, 5)) as axes:
        for label, points in curves.items():
            mode, port = label
            axes.plot([1 / (1 - share) for share, _ in points], [us for _, us in points],
                      color=COLOURS[mode], linestyle="-" if port == "memif" else "--", marker="o",
                      label=f"{mode} over {port}")
        ticks = (0.5, 0.9, 0.99, 0.999)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks([1 / (1 - share) for share in ticks],
                        [f"{100 * share:g} %" for share in ticks])
        axes.minorticks_off()
        axes.set_xlabel("share of packets, at half of the highest rate without loss")
        axes.set_ylabel("us from the generator's port to its port, at most")
        axes.grid(alpha=0.3)
        axes.legend()


def quality(path, judged, modes):
    """What is heard over each network: judged by its title, then by mode, then by listener."""
    with figure(path, nrows=3, sharex=True, figsize=(10, 9)) as (snr, gaps, clicks):
        width = 0.8 / len(modes)
        for place, mode in enumerate(modes):
            spots = [n + (place - (len(modes) - 1) / 2) * width for n in range(len(judged))]
            rows = [row.get(mode, {}).values() for row in judged.values()]
            for axes, figures in (
                    (snr, [min((q.snr for q in row), default=0) for row in rows]),
                    (gaps, [sum(q.gap_ms for q in row) for row in rows]),
                    (clicks, [sum(q.clicks for q in row) for row in rows])):
                axes.bar(spots, figures, width, color=COLOURS[mode], label=mode)
                axes.grid(alpha=0.3, axis="y")
        snr.set_ylabel("segmental SNR, dB;\nthe worst listener")
        gaps.set_ylabel("ms without a voice;\nall listeners, a minute")
        clicks.set_ylabel("clicks;\nall listeners, a minute")
        clicks.set_xticks(range(len(judged)), [textwrap.fill(title, 18) for title in judged],
                          fontsize=8)
        snr.set_ylim(bottom=25)
        snr.legend(loc="lower right", ncols=len(modes))

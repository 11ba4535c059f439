# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 Bridgetap contributors
"""One picture of the whole call: what each listener heard, with the phases marked."""

import matplotlib
import numpy

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

COLOURS = {"agent": "#1f77b4", "customer": "#2ca02c", "supervisor": "#d95f02"}
RATE = 8000


def draw(path, listeners, phases, start, end):
    """`listeners`: (title, time of the first sample, samples, rows) where rows are, by phase, the
    voices that were heard. `phases`: (name, begin, end), all times in seconds."""
    figure, axes = pyplot.subplots(len(listeners), 1, sharex=True,
                                   figsize=(13, 2 * len(listeners)))
    figure.subplots_adjust(left=0.03, right=0.98, top=0.91, bottom=0.1, hspace=0.45)
    figure.suptitle("What each listener heard, and whose voices were in it", fontsize=14,
                    fontweight="bold")
    for axis, (title, first, samples, rows) in zip(axes, listeners):
        if len(samples):
            step = 16
            # The envelope: the highest and lowest of every few samples.
            count = len(samples) // step * step
            blocks = samples[:count].reshape(-1, step)
            times = first - start + (step / RATE) * (0.5 + numpy.arange(len(blocks)))
            axis.fill_between(times, blocks.min(axis=1), blocks.max(axis=1), color="#444444",
                              linewidth=0)
        axis.set_ylim(-33000, 33000)
        axis.set_yticks([])
        axis.set_xlim(0, end - start)
        axis.set_title(title, loc="left", fontsize=10, fontweight="bold")
        for (name, begin, finish), heard in zip(phases, rows):
            axis.axvline(begin - start, color="#999999", linewidth=0.8)
            for i, voice in enumerate(("agent", "customer", "supervisor")):
                if voice in heard:
                    axis.axvspan(begin - start, finish - start, ymin=0.02 + 0.06 * i,
                                 ymax=0.07 + 0.06 * i, color=COLOURS[voice], linewidth=0)
            if axis is axes[0]:
                axis.text((begin + finish) / 2 - start, 40000, name, ha="center", fontsize=11)
    handles = [pyplot.Rectangle((0, 0), 1, 1, color=colour) for colour in COLOURS.values()]
    figure.legend(handles, [f"the {name}'s voice" for name in COLOURS], loc="lower center",
                  ncol=3, frameon=False)
    axes[-1].set_xlabel("seconds")
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


"""Pictures of what was measured."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from bench.load import Samples
from local.home import ROOT

FOLDER = ROOT / "var" / "bench"
# Told apart also by those who do not see colours (Okabe and Ito), and by their marks.
STYLES = {
    "empty call": ("#777777", "o"),
    "list of 20": ("#0072B2", "s"),
    "get": ("#009E73", "^"),
    "book": ("#D55E00", "D"),
}
Curve = Mapping[int, Samples]
"""Samples by what they were measured at: so many clients, or so many announcements."""

mpl.use("Agg")


def latency_against_load(curves: Mapping[str, Curve]) -> Path:
    """Medians and slowest hundredths against the number of clients, side by side."""
    figure, sides = pyplot.subplots(1, 2, figsize=(11, 4.6), sharey=True, layout="constrained")
    for axes, percent in zip(sides, (50, 99), strict=True):
        draw(axes, curves, percent)
        axes.set_title("median" if percent == 50 else "p99: 1 in 100 takes longer")
        axes.set_xlabel("clients that send one request after the other")
    sides[0].set_ylabel("milliseconds")
    figure.legend(*sides[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(curves), frameon=False)
    figure.suptitle("Latency against load: JSON through Envoy, load generator on the same machine")
    return save("latency-against-load.png")


def latency_against_size(curves: Mapping[str, Curve], clients: int) -> Path:
    """Medians against the number of announcements."""
    figure, axes = pyplot.subplots(figsize=(7.5, 4.8), layout="constrained")
    draw(axes, curves, 50)
    axes.set_xlabel("announcements, with five bookings each")
    axes.set_ylabel("median, milliseconds")
    figure.legend(loc="outside lower center", ncols=len(curves), frameon=False)
    figure.suptitle(f"Latency against size: JSON through Envoy, {clients} clients")
    return save("latency-against-size.png")


def draw(axes: Axes, curves: Mapping[str, Curve], percent: int) -> None:
    """A line for each curve, both axes logarithmic, labelled at what was measured."""
    for name, curve in curves.items():
        colour, mark = STYLES[name]
        values = [samples.quantile(percent) for samples in curve.values()]
        axes.plot(list(curve), values, color=colour, marker=mark, markersize=5, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    places = sorted({place for curve in curves.values() for place in curve})
    axes.set_xticks(places, [f"{place:,}" for place in places])
    axes.xaxis.set_minor_locator(NullLocator())
    label_decades(axes)
    axes.grid(which="both", color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def label_decades(axes: Axes) -> None:
    """Plain numbers at 1, 2 and 5 of every decade: powers of ten say little about milliseconds."""
    lowest, highest = axes.get_ylim()
    axes.set_ylim(lowest / 1.2, highest * 1.2)
    steps: Sequence[float] = [step * 10.0**power for power in range(-3, 5) for step in (1, 2, 5)]
    axes.set_yticks([step for step in steps if lowest / 1.2 <= step <= highest * 1.2])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def save(name: str) -> Path:
    """Writes the current picture and tells where it is."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / name
    pyplot.savefig(path, dpi=150)
    pyplot.close()
    return path

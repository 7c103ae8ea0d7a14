"""The figures as pictures: beside what users would pick instead, and against the number of waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "unified-video"  # the same figures, the same bytes

import matplotlib.pyplot as plt  # noqa: E402 - after the choice of what it draws with

if TYPE_CHECKING:
    from pathlib import Path

OURS, OTHER = "#1f6f8b", "#b8b8b8"


def write(found: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _peers(found["peers"], folder / "peers.svg")
    _waits(found["waits"], folder / "waits.svg")


def _peers(peers: dict[str, dict[str, Any]], file: Path) -> None:
    figure, axes = plt.subplots(1, 3, figsize=(12, 3.6))
    titles = {
        "construct": "import and a client, ms of CPU",
        "retrieve": "retrieve on loopback, µs of CPU",
        "mib": "installed, MiB",
    }
    for axis, (what, title) in zip(axes, titles.items(), strict=True):
        shown = {name: peer[what] for name, peer in peers.items() if isinstance(peer.get(what), int | float)}
        names = sorted(shown, key=lambda name: shown[name], reverse=True)
        bars = axis.barh(names, [shown[name] for name in names])
        for name, bar in zip(names, bars, strict=True):
            bar.set_color(OURS if name == "unified-video" else OTHER)
        axis.bar_label(bars, fmt="%.0f", padding=3, fontsize=8)
        axis.set_title(title, fontsize=10)
        axis.margins(x=0.18)
    _save(figure, file)


def _waits(waits: dict[str, dict[str, dict[str, float]]], file: Path) -> None:
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6))
    styles = {
        "ours": ("async client", OURS),
        "threads": ("blocking client, threads", "#e08e45"),
        "aiohttp": ("aiohttp", OTHER),
    }
    for axis, (what, title) in zip(axes, {"cpu": "µs of CPU a poll", "mib": "MiB of memory"}.items(), strict=True):
        for kind, (label, colour) in styles.items():
            counts = sorted(waits[kind], key=int)
            axis.plot(
                [int(count) for count in counts],
                [waits[kind][count][what] for count in counts],
                "o-",
                label=label,
                color=colour,
            )
        axis.set_xscale("log")
        axis.set_ylim(bottom=0)
        axis.set_xlabel("waits at once")
        axis.set_title(title, fontsize=10)
        axis.legend(fontsize=8)
    _save(figure, file)


def _save(figure: Any, file: Path) -> None:  # noqa: ANN401 - matplotlib's own types say no more
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)

"""docs/speed.md and its pictures, from the figures in docs/speed.json."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import waiting
from ._measure import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HEAD = """# Speed

Made by `nox -s bench` from [speed.json](speed.json); every ratio is between two things measured in turns in one run.
Nothing here fails a check: what misses its target says so. CPU is user and system time of the process, the least of
all rounds: whatever disturbs a process makes it longer, never shorter.
"""


def write(found: dict[str, Any], docs: Path) -> None:
    sections = (_targets, _downloads, _peers, _waits, _costs)
    parts = [HEAD, _where(found["where"]), *[section(found) for section in sections]]
    notes = Path(__file__).with_name("notes.md").read_text("utf-8")
    written = "\n".join([*(part for part in parts if part), notes, _scale(found)])
    (docs / "speed.md").write_text(written.rstrip("\n") + "\n", "utf-8")
    _plots(found, docs)


def _plots(found: dict[str, Any], docs: Path) -> None:
    try:
        from . import plots
    except ModuleNotFoundError:  # matplotlib is in the session's environment only
        return
    if "peers" in found and "waits" in found:
        plots.write(found, docs / "plots")


def _where(where: dict[str, Any]) -> str:
    return (
        f"Measured on {where['date']}: {where['system']}, {where['cores']} cores (load {where['load']} at the end),"
        f" Python {where['python']}.\n"
    )


def _targets(found: dict[str, Any]) -> str:
    lines = [_line(**row) for part in ("start", "calls") for row in found.get(part, ())]
    lines += waiting.lines(found["waits"]) if "waits" in found else []
    rows = [
        (
            line.what,
            f"{line.ratio:.2f}",
            *_against(line),
            _number(line.ours),
            _number(line.other),
            line.unit,
            line.beside,
        )
        for line in lines
    ]
    return _table(("what", "ratio", "target", "", "ours", "beside", "in", "beside what"), rows)


def _line(*, ratio: float, reached: bool | None, **fields: Any) -> Line:  # noqa: ANN401, ARG001 - as JSON holds them
    return Line(**fields)


def _against(line: Line) -> tuple[str, str]:
    if line.target is None:
        return "", ""
    return f"≤ {line.target:g}", "reached" if line.reached else "**missed**"


def _downloads(found: dict[str, Any]) -> str:
    rows = [
        (
            f"{run['mib']} MiB over {run['over']}, {kind}",
            _number(run[kind]["seconds"]),
            _number(run["curl"]["seconds"]),
            f"{run[kind]['of_curl']:.2f}",
            f"{run[kind]['growth_mib']:.1f}",
        )
        for run in found.get("download", ())
        for kind in ("sync", "async")
    ]
    return _section("Downloads to disk", ("what", "s", "curl, s", "speed of curl's", "memory growth, MiB"), rows)


def _peers(found: dict[str, Any]) -> str:
    columns = ("import", "construct", "retrieve", "packages", "mib")
    rows = [
        (name, *[_number(peer.get(column)) for column in columns], peer.get("why") or peer.get("missing") or "")
        for name, peer in found.get("peers", {}).items()
    ]
    head = ("package", "import, ms", "and a client, ms", "retrieve, µs", "packages", "MiB", "")
    words = (
        "\nEach in an environment of its own; ms and µs are CPU, those of the start over the bare interpreter.\n\n"
        "![beside others](plots/peers.svg)\n"
    )
    return _section("Beside what users would pick instead", head, rows) + (words if rows else "")


def _waits(found: dict[str, Any]) -> str:
    rows = [
        (f"{int(count):,}", kind, _number(run["cpu"]), _number(run["seconds"]), _number(run["mib"]))
        for kind, runs in found.get("waits", {}).items()
        for count, run in runs.items()
    ]
    head = ("waits at once", "of", "µs of CPU a poll", "seconds", "MiB")
    return _section("Waits", head, rows) + ("\n![against the number of waits](plots/waits.svg)\n" if rows else "")


def _costs(found: dict[str, Any]) -> str:
    if "costs" not in found:
        return ""
    costs, memory = found["costs"], found["costs"]["memory_mib"]
    rows = [
        ("the wheel", f"{costs['wheel_kib']} KiB"),
        ("packages installed, with it", str(found.get("peers", {}).get("unified-video", {}).get("packages", ""))),
        ("`pip install`, pip's cache warm", f"{costs['install_seconds']} s"),
        (
            "memory of a process with an idle client",
            f"{memory['client']} MiB (with httpx's {memory['httpx']}, the interpreter alone {memory['bare']})",
        ),
        ("`nox -s drift` (target ≤ 4 s)", f"{_number(costs['drift_seconds'])} s"),
    ]
    return _section("Hidden costs", ("what", "found"), rows)


PAUSE_SECONDS = 8 * 1.125
"""Between two polls of a long wait, on average: the last pause of the document, and half of its jitter."""
ANSWER_SECONDS = 0.2
"""What a gateway across a continent takes for one answer: a guess, and the only one."""
CONNECTIONS = 100


def _scale(found: dict[str, Any]) -> str:
    """How many waits go on at once, in the steady state: by CPU at 70 % of a core, and by connections."""
    if "waits" not in found:
        return ""
    ours = found["waits"]["ours"]
    few, many = min(ours, key=int), max(ours, key=int)
    by_cpu = 0.7e6 / ours[many]["cpu"] * PAUSE_SECONDS
    by_connections = CONNECTIONS / ANSWER_SECONDS * PAUSE_SECONDS
    kib = (ours[many]["mib"] - ours[few]["mib"]) * 1024 / (int(many) - int(few))
    cores = found["where"]["cores"]
    scales = (
        ("one process", 1),
        (f"one machine, {cores} processes", cores),
        (f"ten machines, {10 * cores} processes", 10 * cores),
    )
    rows = [
        (
            name,
            f"{by_cpu * processes:,.0f}",
            f"{by_connections * processes:,.0f}",
            f"{min(by_cpu, by_connections) * processes / PAUSE_SECONDS:,.0f}",
            f"{(ours[few]['mib'] + by_connections * kib / 1024) * processes:,.0f}",
        )
        for name, processes in scales
    ]
    head = ("", "waits by CPU", "waits by connections", "polls a second", "MiB")
    return f"{_table(head, rows)}\nA wait that sleeps or queues takes {kib:.0f} KiB.\n"


def _section(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return f"## {title}\n\n{_table(head, rows)}" if rows else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _number(value: object) -> str:
    if not isinstance(value, int | float):
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

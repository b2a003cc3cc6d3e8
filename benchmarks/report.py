"""Shows the figures as tables a person reads."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

_COLUMNS = ("turns", "median_ms", "p95_ms", "app_cpu_ms", "engine_cpu_ms")


def show(results: dict[str, Any]) -> None:
    console = Console(width=110)
    machine = results["machine"]
    console.print(
        f"{machine['at']}  {machine['cores']} cores, {machine['memory_gb']} GB, {machine['processor']}, "
        f"Python {machine['python']}, {machine['model']}, {results['database']}"
    )
    console.print(
        f"load {machine['load_before']} before, {machine['load_after']} after; yardstick {machine['yardstick_ms']} ms"
    )
    console.print(_turns("one turn", results["turns"]))
    console.print(_early_late(results["length"]))
    console.print(_plain("several people at once", results["together"]))
    starts = {f"{name}, {key}": value for name, start in results["starts"].items() for key, value in start.items()}
    console.print(_plain("start", starts))
    console.print(_plain("memory and disk", results["memory"]))
    console.print(_plain("parts", _flat(results["parts"])))


def _turns(title: str, kinds: dict[str, dict[str, float]]) -> Table:
    table = Table("kind", *_COLUMNS, title=title, title_justify="left")
    for kind, figures in kinds.items():
        table.add_row(kind, *(str(figures[name]) for name in _COLUMNS))
    return table


def _early_late(length: dict[str, Any]) -> Table:
    flat = {
        f"{kind}, turn {length[name]}": figures
        for kind, pair in length["kinds"].items()
        for name, figures in pair.items()
    }
    return _turns("early and late in one conversation", flat)


def _plain(title: str, figures: dict[str, Any]) -> Table:
    table = Table("what", "value", title=title, title_justify="left")
    for name, value in figures.items():
        table.add_row(name, str(value))
    return table


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{prefix}{name} ") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat

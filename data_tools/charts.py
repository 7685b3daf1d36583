"""The card's charts, as PNG: how many rows of each kind, how long the rows are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.files import atomic

INK = "#1f4e79"


def draw(folder: Path, kinds: Mapping[str, int], lengths: Sequence[int]) -> list[str]:
    """Write ``kinds.png`` and ``lengths.png`` into ``folder``; returns their names."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = []
    for name, title in (("kinds.png", "Rows by kind"), ("lengths.png", "Characters per row")):
        figure = Figure(figsize=(6, 3), dpi=120, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.set_title(title, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        if name == "kinds.png":
            bars = axes.barh(list(kinds)[::-1], list(kinds.values())[::-1], color=INK)
            axes.bar_label(bars, fmt="{:,.0f}", padding=3)
            axes.margins(x=0.15)
        else:
            top = sorted(lengths)[len(lengths) * 99 // 100] if lengths else 1
            axes.hist([min(n, top) for n in lengths], bins=40, color=INK)
            axes.set_xlabel(f"characters (the longest 1% counted as {top})")
            axes.set_ylabel("rows")
        with atomic(folder / name, "wb") as out:
            canvas.print_png(out)
        made.append(name)
    return made

"""Bar charts as SVG, readable on light and on dark ground."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _LABELS, _VALUES, _MARGIN = 760, 210, 130, 24
_BAR, _STEP, _TITLE, _GAP = 16, 26, 30, 18
_HEAD = 58
_STYLE = """
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328 }
  .title { font-size: 17px; font-weight: 600 }
  .note, .value { fill: #59636e }
  .value { font-variant-numeric: tabular-nums }
  .panel { font-weight: 600 }
  .ground { fill: #ffffff }
  .track { fill: #eff2f5 }
  .bar { fill: #8c959f }
  .ours { fill: #1a7f37 }
  .second { fill: #54aeff }
  .goal { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .note, .value { fill: #9198a1 }
    .ground { fill: #0d1117 }
    .track { fill: #161b22 }
    .bar { fill: #6e7681 }
    .ours { fill: #3fb950 }
    .second { fill: #388bfd }
    .goal { stroke: #f85149 }
  }
"""


@dataclass(frozen=True)
class Bar:
    """`value` is drawn, `told` is written beside it; `kind` is `bar`, `ours` or `second`."""

    label: str
    value: float
    told: str
    kind: str = "bar"


@dataclass(frozen=True)
class Panel:
    """Bars of one scale, from zero. `goal` is a line across them."""

    title: str
    bars: Sequence[Bar]
    goal: float | None = None


def chart(title: str, note: str, panels: Sequence[Panel]) -> str:
    """The whole drawing."""
    parts, top = [], float(_HEAD)
    for panel in panels:
        parts.append(_panel(panel, top))
        top += _TITLE + _STEP * len(panel.bars) + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top:.0f}" role="img" '
        f'aria-label="{escape(title)}">\n<style>{_STYLE}</style>\n'
        f'<rect class="ground" width="{_WIDTH}" height="{top:.0f}" rx="8"/>\n'
        f'<text class="title" x="{_MARGIN}" y="30">{escape(title)}</text>\n'
        f'<text class="note" x="{_MARGIN}" y="49">{escape(note)}</text>\n{"".join(parts)}</svg>\n'
    )


def _panel(panel: Panel, top: float) -> str:
    widest = max([*(bar.value for bar in panel.bars), panel.goal or 0]) or 1
    scale = (_WIDTH - _LABELS - _VALUES - 2 * _MARGIN) / widest
    left, begin = _MARGIN + _LABELS, top + _TITLE
    lines = [f'<text class="panel" x="{_MARGIN}" y="{top + 19:.0f}">{escape(panel.title)}</text>\n']
    lines += [_bar(bar, begin + _STEP * row, left, scale, widest) for row, bar in enumerate(panel.bars)]
    if panel.goal is not None:
        x, end = left + panel.goal * scale, begin + _STEP * len(panel.bars)
        lines.append(
            f'<line class="goal" x1="{x:.1f}" x2="{x:.1f}" y1="{begin - 4:.0f}" y2="{end - 4:.0f}"/>\n'
        )
    return "".join(lines)


def _bar(bar: Bar, top: float, left: float, scale: float, widest: float) -> str:
    baseline, track = top + _BAR - 3.5, widest * scale
    return (
        f'<text x="{_MARGIN}" y="{baseline:.1f}">{escape(bar.label)}</text>'
        f'<rect class="track" x="{left}" y="{top:.0f}" width="{track:.1f}" height="{_BAR}" rx="3"/>'
        f'<rect class="{bar.kind}" x="{left}" y="{top:.0f}" width="{max(bar.value * scale, 1):.1f}" '
        f'height="{_BAR}" rx="3"/>'
        f'<text class="value" x="{left + track + 10:.1f}" y="{baseline:.1f}">{escape(bar.told)}</text>\n'
    )

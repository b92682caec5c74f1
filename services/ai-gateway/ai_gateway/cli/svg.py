"""A plot of spending as SVG, readable on light and on dark ground, with no font or script from elsewhere."""

from collections.abc import Sequence
from html import escape

from ai_gateway.cli.figures import count, dollars
from ai_gateway.cli.plot import Point

_WIDTH, _HEIGHT, _MARGIN = 760, 320, 24
_TOP, _FOOT, _AXIS = 76, 40, 96
_LABELS, _WIDEST_BAR = 8, 60
_STYLE = """
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328 }
  .title { font-size: 17px; font-weight: 600 }
  .note, .axis { fill: #59636e }
  .axis { font-size: 12px; font-variant-numeric: tabular-nums }
  .ground { fill: #ffffff }
  .line { stroke: #d1d9e0 }
  .bar { fill: #1a7f37 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .note, .axis { fill: #9198a1 }
    .ground { fill: #0d1117 }
    .line { stroke: #3d444d }
    .bar { fill: #3fb950 }
  }
"""


def plot(title: str, note: str, points: Sequence[Point]) -> str:
    """The whole drawing: a bar for each point, the scale at the left, some labels below."""
    largest = max((point.cost for point in points), default=0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">\n<style>{_STYLE}</style>\n'
        f'<rect class="ground" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>\n'
        f'<text class="title" x="{_MARGIN}" y="30">{escape(title)}</text>\n'
        f'<text class="note" x="{_MARGIN}" y="49">{escape(note)}</text>\n'
        f"{_scale(largest)}{_bars(points, largest)}</svg>\n"
    )


def _scale(largest: int) -> str:
    """Nothing at the bottom, the half, and the largest at the top."""
    marks = sorted({0, largest // 2, largest})
    lines = []
    for mark in marks:
        y = _y(mark, largest)
        lines.append(
            f'<line class="line" x1="{_MARGIN + _AXIS}" x2="{_WIDTH - _MARGIN}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="axis" x="{_MARGIN + _AXIS - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{dollars(mark)}</text>\n"
        )
    return "".join(lines)


def _bars(points: Sequence[Point], largest: int) -> str:
    if not points:
        return ""
    step = (_WIDTH - 2 * _MARGIN - _AXIS) / len(points)
    labelled = max(1, -(-len(points) // _LABELS))
    drawn = []
    for place, point in enumerate(points):
        x, y = _MARGIN + _AXIS + place * step, _y(point.cost, largest)
        width = min(max(step * 0.8, 1), _WIDEST_BAR)
        told = escape(f"{point.label}: {dollars(point.cost)}, {count(point.calls)} calls")
        if point.cost:
            drawn.append(
                f'<rect class="bar" x="{x + (step - width) / 2:.1f}" y="{y:.1f}" width="{width:.1f}" '
                f'height="{_HEIGHT - _FOOT - y:.1f}"><title>{told}</title></rect>\n'
            )
        if place % labelled == 0:
            drawn.append(
                f'<text class="axis" x="{x + step / 2:.1f}" y="{_HEIGHT - _FOOT + 18}" text-anchor="middle">'
                f"{escape(point.label)}</text>\n"
            )
    return "".join(drawn)


def _y(cost: int, largest: int) -> float:
    bottom = _HEIGHT - _FOOT
    return bottom - (bottom - _TOP) * cost / largest if largest else float(bottom)

"""Draws a terminal's screen as an SVG: the picture in the README.

    tmux new-session -d -s run -x 92 -y 16 'vggtrain fit --arch vgg11-small --data sample; sleep 9'
    tmux capture-pane -e -p -t run | python scripts/terminal_svg.py > docs/fit.svg

Understands what tmux captures of vggtrain: bold, green, default colours. Needs only Python.
"""

import re
import sys
from html import escape

CELL, LINE, MARGIN = 8.4, 19, 14
STYLES = {"1": "b", "32": "g"}  # of the SVG's classes below
HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}">
<style>text {{ font: 14px "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #d8dee9; white-space: pre }}
.b {{ font-weight: bold }} .g {{ fill: #a3be8c }}</style>
<rect width="100%" height="100%" rx="8" fill="#20242c"/>
"""


def spans(line, style):
    """The (text, class) parts of a line and the class that stays on after it."""
    parts = []
    for text, codes in re.findall(r"([^\x1b]*)(?:\x1b\[([0-9;]*)m)?", line):
        if text:
            parts.append((text, style))
        for code in codes.split(";") if codes else []:
            style = STYLES.get(code, "" if code in ("0", "22", "39") else style)
    return parts, style


def main():
    lines = sys.stdin.read().rstrip("\n").split("\n")
    style, body, widest = "", [], 0
    for row, line in enumerate(lines):
        parts, style = spans(line, style)
        column = 0
        for text, name in parts:
            x, y = MARGIN + column * CELL, MARGIN + (row + 0.75) * LINE
            length = f' textLength="{len(text) * CELL:.1f}"'
            body.append(f'<text x="{x:.1f}" y="{y:.1f}"{length} class="{name}">{escape(text)}</text>')
            column += len(text)
        widest = max(widest, column)
    print(HEAD.format(width=widest * CELL + 2 * MARGIN, height=len(lines) * LINE + 2 * MARGIN) + "\n".join(body) + "\n</svg>")


if __name__ == "__main__":
    main()

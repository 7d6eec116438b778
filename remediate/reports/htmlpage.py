"""Sections as one HTML file that needs nothing else and runs nothing: styles inside, every text escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from remediate.reports.evidence import Section

STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1b1f24; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #d5dae0; padding: .3rem .6rem; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
th { background: #f3f5f7; }
.failed, .blocked, .unreachable, .broken { color: #a40e0e; font-weight: 600; }
.changed, .compliant { color: #14602b; }
@media print { body { margin: 0; max-width: none; } }
"""
"""Words that are a whole cell of these classes are coloured."""
COLOURED = ("failed", "blocked", "unreachable", "changed", "compliant")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def htmlpage(sections: Sequence[Section]) -> str:
    """The whole page."""
    title = escape(sections[0].title)
    body = "\n".join(line for number, section in enumerate(sections) for line in _section(section, number))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _section(section: Section, number: int) -> Iterator[str]:
    level = 2 if number else 1
    yield f"<h{level}>{escape(section.title)}</h{level}>"
    if section.text:
        yield f"<p>{escape(section.text)}</p>"
    if section.rows:
        yield "<table>"
        if any(section.titles):
            yield _row(section.titles, "th")
        yield from (_row(row, "td") for row in section.rows)
        yield "</table>"


def _row(cells: Sequence[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}{_class(cell)}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _class(cell: str) -> str:
    name = "broken" if cell.startswith("BROKEN: ") else cell
    return f' class="{name}"' if name in (*COLOURED, "broken") else ""

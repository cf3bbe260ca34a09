"""The report as one HTML file that needs nothing else: to be mailed, kept and printed."""

from html import escape

from fangxian.command.situation.paper.composing import Block, Document, Picture, Table

_STYLE = """
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #17212b; line-height: 1.65;
  font-family: "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums; }
h1 { font-size: 1.5rem; text-align: center; margin-bottom: 0.25rem; } h2 { font-size: 1.1rem; margin: 1.5rem 0 0.5rem; }
.lines { text-align: center; color: #475462; overflow-wrap: anywhere; } .lines p { margin: 0; }
.mark { border: 2px solid #ae211a; color: #ae211a; text-align: center; font-weight: 700; padding: 0.25rem; }
table { width: 100%; border-collapse: collapse; font-size: 0.875rem; }
th, td { border: 1px solid #818c98; padding: 0.25rem 0.5rem; text-align: start; vertical-align: top; }
.number { text-align: end; } .scroll { overflow-x: auto; } sup a { text-decoration: none; }
figure { margin: 1rem 0; break-inside: avoid; } figcaption { font-weight: 600; } svg { width: 100%; height: auto; }
footer { margin-top: 2rem; color: #475462; font-size: 0.8125rem; } tr:target { background: #e2eef6; }
@media print { body { margin: 0; max-width: none; } tr, svg { break-inside: avoid; } }
"""


def as_html(document: Document) -> bytes:
    """The report as UTF-8 bytes."""
    parts = [
        f'<!doctype html>\n<html lang="{document.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(document.title)}</title><style>{_STYLE}</style></head><body>",
        f'<p class="mark">{escape(document.mark)}</p>' if document.mark else "",
        f"<h1>{escape(document.title)}</h1>",
        f'<div class="lines">{"".join(f"<p>{escape(line)}</p>" for line in document.lines)}</div>',
    ]
    for section in document.sections:
        parts.append(f"<h2>{escape(section.heading)}</h2>")
        parts += [_block(block) for block in section.blocks]
    parts.append(f"<footer>{escape(document.foot)}</footer></body></html>\n")
    return "\n".join(filter(None, parts)).encode()


def _block(block: Block) -> str:
    if isinstance(block, Table):
        head = "".join(
            f'<th scope="col"{_class(place, block)}>{escape(name)}</th>' for place, name in enumerate(block.head)
        )
        rows = "".join(_row(row, block) for row in block.rows)
        return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    if isinstance(block, Picture):
        return f"<figure><figcaption>{escape(block.caption)}</figcaption>{block.svg}</figure>"
    runs = (
        escape(run.text) + (f'<sup><a href="#figure-{run.ref}">[{run.ref}]</a></sup>' if run.ref else "")
        for run in block
    )
    return f"<p>{''.join(runs)}</p>"


def _row(row: tuple[str, ...], table: Table) -> str:
    cells = "".join(f"<td{_class(place, table)}>{escape(cell)}</td>" for place, cell in enumerate(row))
    return f'<tr id="figure-{escape(row[0])}">{cells}</tr>' if table.anchored else f"<tr>{cells}</tr>"


def _class(place: int, table: Table) -> str:
    return ' class="number"' if place not in table.words else ""

"""Small documents in every format, from one description; the same description gives the same bytes."""

import html
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

EPOCH = (2026, 1, 1, 0, 0, 0)
"""The time that every part of an archive carries, so that two runs write the same bytes."""


@dataclass(frozen=True, slots=True)
class Heading:
    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class NewPage:
    pass


Item = Heading | Text | Bullets | Table | NewPage


def pdf(title: str, items: Sequence[Item], *, columns: int = 1) -> bytes:
    """A4, with a running title and page numbers. Two columns make long paragraphs short lines."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.lib.units import mm
    from reportlab.platypus import BaseDocTemplate, Frame, PageBreak, PageTemplate, Paragraph, Spacer
    from reportlab.platypus import Table as Grid

    styles = getSampleStyleSheet()
    styles["BodyText"].fontSize, styles["BodyText"].leading = 11, 16  # about 400 words a page
    flow: list[Any] = [Paragraph(html.escape(title), styles["Title"])]
    for item in items:
        match item:
            case Heading(text, level):
                flow.append(Paragraph(html.escape(text), styles[f"Heading{min(level, 4)}"]))
            case Text(text):
                flow.append(Paragraph(html.escape(text), styles["BodyText"]))
            case Bullets(entries):
                flow.extend(Paragraph(f"• {html.escape(entry)}", styles["BodyText"]) for entry in entries)
            case Table(rows):
                flow.extend([Grid([list(row) for row in rows], hAlign="LEFT"), Spacer(1, 6)])
            case NewPage():
                flow.append(PageBreak())

    def running(canvas: Any, document: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(20 * mm, 287 * mm, title)
        canvas.drawRightString(190 * mm, 10 * mm, f"Page {document.page}")

    width = (170 - 8 * (columns - 1)) / columns
    frames = [Frame((20 + n * (width + 8)) * mm, 18 * mm, width * mm, 262 * mm) for n in range(columns)]
    out = io.BytesIO()
    template = BaseDocTemplate(out, pagesize=A4, invariant=1, title=title, author="home lab")
    template.addPageTemplates([PageTemplate(frames=frames, onPage=running)])
    template.build(flow)
    return out.getvalue()


def docx(title: str, items: Sequence[Item]) -> bytes:
    import docx as library

    document = library.Document()
    document.add_heading(title, 0)
    for item in items:
        match item:
            case Heading(text, level):
                document.add_heading(text, level)
            case Text(text):
                document.add_paragraph(text)
            case Bullets(entries):
                for entry in entries:
                    document.add_paragraph(entry, style="List Bullet")
            case Table(rows):
                grid = document.add_table(len(rows), len(rows[0]))
                grid.style = "Table Grid"
                for row, cells in zip(rows, grid.rows, strict=True):
                    for text, cell in zip(row, cells.cells, strict=True):
                        cell.text = text
            case NewPage():
                document.add_page_break()
    return _saved(document)


def pptx(title: str, items: Sequence[Item]) -> bytes:
    """A slide for each heading; what follows it stands on it."""
    import pptx as library
    from pptx.util import Cm

    show = library.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[0])
    slide.shapes.title.text = title
    body: Any = None
    for item in items:
        match item:
            case Heading(text, _):
                slide = show.slides.add_slide(show.slide_layouts[1])
                slide.shapes.title.text = text
                body = slide.placeholders[1].text_frame
            case Text(text):
                if body is None:
                    slide.placeholders[1].text = text
                else:
                    slide.notes_slide.notes_text_frame.text = text
            case Bullets(entries):
                body.text = "\n".join(entries)
            case Table(rows):
                grid = slide.shapes.add_table(len(rows), len(rows[0]), Cm(2), Cm(9), Cm(20), Cm(6)).table
                for y, row in enumerate(rows):
                    for x, text in enumerate(row):
                        grid.cell(y, x).text = text
    return _saved(show)


def markdown(title: str, items: Sequence[Item]) -> bytes:
    lines = [f"# {title}"]
    for item in items:
        match item:
            case Heading(text, level):
                lines.append(f"{'#' * (level + 1)} {text}")
            case Text(text):
                lines.append(text)
            case Bullets(entries):
                lines.append("\n".join(f"- {entry}" for entry in entries))
            case Table(rows):
                head, *rest = [" | ".join(row) for row in rows]
                lines.append("\n".join([head, " | ".join("---" for _ in rows[0]), *rest]))
    return ("\n\n".join(lines) + "\n").encode()


def web(title: str, items: Sequence[Item]) -> bytes:
    lines = [f"<!DOCTYPE html><html><head><title>{html.escape(title)}</title></head><body>"]
    lines.append(f"<h1>{html.escape(title)}</h1>")
    for item in items:
        match item:
            case Heading(text, level):
                lines.append(f"<h{level + 1}>{html.escape(text)}</h{level + 1}>")
            case Text(text):
                lines.append(f"<p>{html.escape(text)}</p>")
            case Bullets(entries):
                lines.append("<ul>" + "".join(f"<li>{html.escape(entry)}</li>" for entry in entries) + "</ul>")
            case Table(rows):
                cells = ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
                lines.append("<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>")
    return ("\n".join([*lines, "</body></html>"]) + "\n").encode()


def plain(title: str, items: Sequence[Item]) -> bytes:
    lines = [f"{title}\n{'=' * len(title)}"]
    for item in items:
        match item:
            case Heading(text, _):
                lines.append(f"{text}\n{'-' * len(text)}")
            case Text(text):
                lines.append(text)
            case Bullets(entries):
                lines.append("\n".join(f"* {entry}" for entry in entries))
            case Table(rows):
                lines.append("\n".join("   ".join(row) for row in rows))
    return ("\n\n".join(lines) + "\n").encode()


def _saved(document: Any) -> bytes:
    """An Office file whose parts all carry EPOCH, as its properties do."""
    from datetime import datetime

    document.core_properties.created = document.core_properties.modified = datetime(*EPOCH)  # noqa: DTZ001
    first, out = io.BytesIO(), io.BytesIO()
    document.save(first)
    with zipfile.ZipFile(first) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            target.writestr(zipfile.ZipInfo(part.filename, EPOCH), source.read(part), zipfile.ZIP_DEFLATED)
    return out.getvalue()

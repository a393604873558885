"""One page of text as a PDF, by hand: images carry no writer of PDFs."""

from collections.abc import Sequence


def pdf(lines: Sequence[str]) -> bytes:
    """An A4 page; the first line is a heading. The same lines give the same bytes."""
    heading, *rest = map(_quoted, lines)
    text = [f"BT /F1 20 Tf 72 770 Td ({heading}) Tj ET"]
    text += [f"BT /F1 11 Tf 72 {730 - 16 * row} Td ({line}) Tj ET" for row, line in enumerate(rest)]
    stream = "\n".join(text)
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    body, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    rows = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{rows}"
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return (body + table + end).encode("ascii")


def _quoted(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")

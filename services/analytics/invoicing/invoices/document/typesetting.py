"""Renders a document: a PDF with Typst, or an HTML page with a template.

Runs in a separate process (`worker.py`), so it takes the document as plain JSON. Names given by
people are data, not markup: Typst reads them with `json()`, and the template escapes them. Only the
template and the fonts are loaded. Equal documents give equal bytes: the file's date is the
document's.

Typst was chosen over HTML converters because it writes PDF/A-3b, the archival format that allows
attachments, in a twentieth of the time.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

__all__ = ["RENDERER", "as_html", "as_pdf"]

RENDERER: Final = "typst/1"
"""Stored with each document. Increment it when a template changes the printed output."""

FOLDER: Final = Path(__file__).parent
FONTS: Final = FOLDER / "fonts"
FAMILIES: Final = ("DejaVu Sans", "Noto Sans CJK JP")
"""Fonts in order of preference: the second has glyphs that the first lacks."""

UNPRINTABLE: Final = "\N{REPLACEMENT CHARACTER}"
"""Replaces characters that no font has: PDF/A does not allow missing glyphs."""

MAX_TEXT: Final = 1_000
"""Maximum characters of one text; longer texts are truncated."""

DIRECTED: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the text direction: a name must not reverse an amount."""

Plain = Any
"""A JSON value."""


def as_html(document: Mapping[str, Plain]) -> str:
    """Renders a self-contained HTML page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template("invoice.html.j2").render(invoice=_cleaned(document))


def as_pdf(document: Mapping[str, Plain], lines: str = "") -> bytes:
    """Renders A4 PDF/A-3b, with `lines`, if any, attached as a CSV file.

    Raises typst.TypstError if the template does not fit the document, which is a bug.
    """
    import typst

    shown = _printable(_cleaned(document))
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=_folders()
    )
    made = typst.compile(
        FOLDER / "invoice.typ",
        root=FOLDER,
        font_paths=fonts,
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"document": orjson.dumps(shown).decode(), "lines": lines},
        pdf_standards=["a-3b"],
        # Untagged: tags make the file ten times as large. The HTML page is accessible.
        pdf_tags=False,
        timestamp=datetime.fromisoformat(document["dated"]).replace(tzinfo=UTC),
        package_path=FOLDER,
        package_cache_path=FOLDER,
    )
    return bytes(made)


def _folders() -> list[Path]:
    from noto_cjk_sans_jp_regular import FONT_PATH

    return [FONTS, Path(str(FONT_PATH)).parent]


def _cleaned(value: Plain) -> Plain:
    """The text without invisible and direction-changing characters, truncated to the maximum."""
    match value:
        case str():
            return _clean(value)
        case dict():
            return {name: _cleaned(one) for name, one in value.items()}
        case list():
            return [_cleaned(one) for one in value]
        case _:
            return value


def _clean(text: str) -> str:
    if text.isascii() and text.isprintable() and len(text) <= MAX_TEXT:
        return text
    cut = text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
    spaced = " ".join(cut.split())
    return "".join(
        UNPRINTABLE if one in DIRECTED or unicodedata.category(one) in ("Cc", "Cs", "Co") else one
        for one in unicodedata.normalize("NFC", spaced)
    )


def _printable(document: Plain) -> Plain:
    """The text with each character that no font has replaced."""
    missing = {one for text in _texts(document) for one in text if not one.isascii()}
    missing = {one for one in missing if ord(one) not in _covered()} if missing else missing
    if not missing:
        return document
    table = str.maketrans(dict.fromkeys(missing, UNPRINTABLE))
    return _translated(document, table)


def _translated(value: Plain, table: Mapping[int, str]) -> Plain:
    match value:
        case str():
            return value.translate(table)
        case dict():
            return {name: _translated(one, table) for name, one in value.items()}
        case list():
            return [_translated(one, table) for one in value]
        case _:
            return value


def _texts(value: Plain) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from _texts(one)
        case list():
            for one in value:
                yield from _texts(one)


@cache
def _covered() -> frozenset[int]:
    """The characters that the fonts have, both in regular and in bold."""
    from noto_cjk_sans_jp_regular import FONT_PATH

    regular, bold = (
        _characters(FONTS / name) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
    )
    return regular & bold | _characters(Path(str(FONT_PATH)))


def _characters(font: Path) -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(font, lazy=True) as opened:
        return frozenset(opened.getBestCmap())

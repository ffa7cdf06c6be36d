"""Lays a document out: as PDF by Typst, as a page for browsers by a template.

Runs in a process of its own (`worker.py`), so it takes the document as plain JSON. What people
named things is data to both: Typst reads it with `json()`, never as markup, and the template
escapes it. Nothing is loaded but the template and the fonts, and equal documents make equal
bytes: the date in the file is that of the document.

Typst was chosen over HTML converters: it makes PDF/A-3b, the archival format that may carry
the lines as a file, and takes a twentieth of the time.
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
"""Kept with each document. Counted up when a template changes what is printed."""

FOLDER: Final = Path(__file__).parent
FONTS: Final = FOLDER / "fonts"
FAMILIES: Final = ("DejaVu Sans", "Noto Sans CJK JP")
"""In this order: the second for what the first cannot print."""

UNPRINTABLE: Final = "\N{REPLACEMENT CHARACTER}"
"""Printed for characters that no font has: the archival format takes no document with a gap."""

MAX_TEXT: Final = 1_000
"""Characters of one text; what is longer is cut."""

DIRECTED: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of what follows: a name must not turn an amount."""

Plain = Any
"""What JSON knows."""


def as_html(document: Mapping[str, Plain]) -> str:
    """The page, complete in itself."""
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
    """The same on A4, as PDF/A-3b, with `lines` attached as a CSV file where there are any.

    Raises typst.TypstError for a template that does not fit the document, a bug of ours.
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
        # Untagged: tags make the file ten times as large. The page for browsers is accessible.
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
    """Without characters that print nothing or turn the direction, and of a bounded length."""
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
    """The same with a sign in place of each character that no font has."""
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
    """The characters that the fonts have, in the regular and in the bold."""
    from noto_cjk_sans_jp_regular import FONT_PATH

    regular, bold = (
        _characters(FONTS / name) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
    )
    return regular & bold | _characters(Path(str(FONT_PATH)))


def _characters(font: Path) -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(font, lazy=True) as opened:
        return frozenset(opened.getBestCmap())

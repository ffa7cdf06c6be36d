"""The targets of documentation pages exist: links, tests of recipes, ordered terms."""

import re
from pathlib import Path

import pytest

from services.common.limits.declared import limits_table

FOLDER = Path(__file__).resolve().parents[2]
PAGES = [
    *(FOLDER / name for name in ("README.md", "CONTRIBUTING.md", "protos/README.md")),
    *sorted((FOLDER / "docs").rglob("*.md")),
]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(FOLDER)))
def test_every_link_has_a_target(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        place = page.parent / target if target else page
        assert place.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in headings(place), f"{page.name} links to {target}#{anchor}"


def test_a_recipe_names_files_and_tests_that_exist() -> None:
    text = (FOLDER / "CONTRIBUTING.md").read_text()
    named = re.findall(r"`((?:tests|services|kinds|providers|workflows|cli|docs)/[\w./-]+)", text)
    tests = re.findall(r"(tests/[\w/]+\.py)::(\w+)", text)

    new = {"kinds/bare_metal.py", "services/"}
    for path in named:
        assert path in new or (FOLDER / path).exists(), path
    assert tests
    for path, test in tests:
        assert f"def {test}(" in (FOLDER / path).read_text(), f"{path}::{test}"


def test_the_limits_of_tenants_are_listed_as_they_are_declared() -> None:
    assert limits_table() in (FOLDER / "docs/http.md").read_text()


def test_the_glossary_has_each_term_once_in_alphabetical_order() -> None:
    text = (FOLDER / "docs/glossary.md").read_text()
    terms = [term.lower() for term in re.findall(r"^- \*\*([^*]+)\*\*", text, re.MULTILINE)]

    assert terms == sorted(set(terms))


def test_every_decision_is_listed_and_has_its_three_parts() -> None:
    folder = FOLDER / "docs/decisions"
    records = sorted(folder.glob("[0-9]*.md"))
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text())

    assert listed == [record.name for record in records]
    for number, record in enumerate(records, start=1):
        parts = re.findall(r"^#+ (.+)$", record.read_text(), re.MULTILINE)
        assert parts[0].startswith(f"{number}. ")
        assert parts[1:] == ["Context", "Decision", "Consequences"]

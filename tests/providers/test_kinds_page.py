"""docs/kinds.md matches the declarations."""

from kinds import RESOURCE_KINDS
from kinds.document import PAGE, rendered


def test_the_page_is_current() -> None:
    again = "python -m kinds.document"

    assert PAGE.read_text() == rendered(), f"run `{again}`"


def test_every_kept_field_of_every_kind_is_on_the_page() -> None:
    sections = {part.split("\n")[0]: part for part in rendered().split("\n## ")[1:]}

    assert sections.keys() == RESOURCE_KINDS.keys()
    for name, kind in RESOURCE_KINDS.items():
        for field in kind.attrs:
            assert f"| `attrs.{field}` |" in sections[name]

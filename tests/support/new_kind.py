"""Lays out a new kind of resource: `make new-kind NAME=bare_metal`.

Writes its declaration, its part of the simulated account, and its test, and prints the remaining
steps. The new test fails with the same list until it is empty.
"""

import re
import sys
from pathlib import Path
from string import Template

__all__ = ["InvalidName", "lay_out"]

DECLARATION = Template('''\
"""$words: say in a sentence what they are."""

from typing import Final

from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind

__all__ = ["$constant"]

$constant: Final = ResourceKind(
    name="$name",
    added_later=True,
    listing=Listing("/v2/${name}s", "${name}s", "$name"),
    columns=Columns(statuses=("status",), tags=""),
    attrs={"plan": Attr(Policy.DESIRED)},
    volatile=frozenset({"updated_at"}),
)
''')

ACCOUNT = Template("""\

- kind: $name
  name: acme-$slug
  earliest: 0.5
  document:
    id: "{id}"
    name: "{name}"
    status: active
    region: nyc3
    plan: basic
    created_at: "{at}"
    updated_at: "{at}"
""")

TEST = Template('''\
"""$words: what is kept of a row, and that the kind is known everywhere."""

import orjson

from kinds.$name import $constant
from tests.support.known_kinds import missing

ROW = {
    "id": "b6b1b8b0-3c8e-4c7d-9d0a-0c6d8a4a2f11",
    "name": "acme-$slug",
    "status": "active",
    "region": "nyc3",
    "plan": "basic",
    "created_at": "2026-01-02T03:04:05Z",
    "updated_at": "2026-04-05T06:07:08Z",
}


def test_a_row_is_reduced_to_what_is_declared() -> None:
    sighted = $constant.sight(ROW)

    assert (sighted.name, sighted.region, sighted.status) == ("acme-$slug", "nyc3", "active")
    assert orjson.loads(sighted.attrs_json) == {"plan": "basic"}


def test_it_is_known_everywhere() -> None:
    left = missing("$name")

    assert not left, "steps left:\\n  " + "\\n  ".join(left)
''')

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

NEXT = Template("""\
Laid out $name:
$files
Next:
  1. Correct the declaration by the provider's document: path, keys, scope, fields, price.
  2. kinds/__init__.py: import $constant, and name it in RESOURCE_KINDS.
  3. providers/digitalocean/simulator/kinds.py: add Kind("$name", …), as the document has it.
  4. If it is billed, `billing` of the declaration; if it is metered, a MeterRule in `meters`.
  5. python -m kinds.document
Until then this fails, and says what is left: pytest tests/kinds/test_$name.py""")


class InvalidName(ValueError):
    """An invalid or existing module name."""


def lay_out(name: str, root: Path) -> list[Path]:
    """Writes the files of a new kind below `root`; returns their paths.

    Raises InvalidName before anything is written: for a name that is not lower-case words joined
    by underscores, and for existing files.
    """
    if not NAME.fullmatch(name):
        raise InvalidName(f"NAME={name}: use lower-case words joined by _, such as bare_metal")
    words = {
        "name": name,
        "constant": name.upper(),
        "slug": name.replace("_", "-"),
        "words": name.replace("_", " ").capitalize() + "s",
    }
    account = root / "providers/digitalocean/simulator/world/products.yaml"
    texts = {
        root / f"kinds/{name}.py": DECLARATION,
        root / f"tests/kinds/test_{name}.py": TEST,
    }
    if there := [path for path in texts if path.exists()]:
        raise InvalidName(f"NAME={name}: {there[0].relative_to(root)} exists already")
    for path, text in texts.items():
        path.write_text(text.substitute(words))
    with account.open("a") as declared:
        declared.write(ACCOUNT.substitute(words))
    return [*texts, account]


def main() -> int:
    """Lays out the kind that the first argument names, in this checkout."""
    root = Path(__file__).resolve().parents[2]
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        paths = lay_out(name, root)
    except InvalidName as error:
        sys.stderr.write(f"{error}\n")
        return 1
    files = "\n".join(f"  {path.relative_to(root)}" for path in paths)
    sys.stdout.write(
        NEXT.substitute(name=name, constant=name.upper(), files=files) + "\n",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The layout of the code: folders that are read at a glance."""

from collections import Counter
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

FOLDER = Path(__file__).resolve().parents[2]
CODE: Final = (
    "bench",
    "cli",
    "contracts",
    "gateway",
    "kinds",
    "providers",
    "services",
    "stack",
    "workflows",
)
MAX_FILES: Final = 16
"""Modules of one folder, with its __init__.py."""

ONE_DECLARATION_A_FILE: Final = ("kinds", "services/*/migrations/versions")


def test_a_folder_of_code_has_at_most_16_files() -> None:
    files = Counter(
        str(module.parent.relative_to(FOLDER))
        for top in CODE
        for module in (FOLDER / top).rglob("*.py")
    )

    assert set(CODE) <= {folder.split("/")[0] for folder in files}
    assert {
        folder: count
        for folder, count in files.items()
        if count > MAX_FILES
        and not any(fnmatch(folder, declared) for declared in ONE_DECLARATION_A_FILE)
    } == {}

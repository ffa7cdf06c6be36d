"""The import contracts of pyproject.toml name every package."""

import re
import tomllib
from pathlib import Path
from typing import Any

import grimp
import pytest

FOLDER = Path(__file__).resolve().parents[2]
CHECKED = tomllib.loads((FOLDER / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS: dict[str, dict[str, Any]] = {one["id"]: one for one in CHECKED["contracts"]}

GLUE = frozenset({"batching", "requests"})
"""Modules, by their last names, that stand on no wire and no database, and have no rules."""


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Which module imports which, as the checker of the contracts sees it."""
    roots: list[str] = CHECKED["root_packages"]
    built = grimp.build_graph(*roots, include_external_packages=True)
    for ignored in CONTRACTS["rules-are-pure"]["ignore_imports"]:
        importer, imported = ignored.split(" -> ")
        built.remove_import(importer=importer, imported=imported)
    return built


def modules() -> set[str]:
    """Every module of ours that is imported; alembic runs migrations by their paths."""
    paths = (path for root in CHECKED["root_packages"] for path in (FOLDER / root).rglob("*.py"))
    names = {
        ".".join(path.relative_to(FOLDER).with_suffix("").parts).removesuffix(".__init__")
        for path in paths
    }
    return {name for name in names if ".migrations" not in name}


def named(contract: str, module: str) -> bool:
    """Whether a contract holds a module, by itself or by a package that it is in."""
    sources: list[str] = CONTRACTS[contract]["source_modules"]
    patterns = [
        re.escape(source).replace(r"\*\*", r".+").replace(r"\*", r"[^.]+") for source in sources
    ]
    return any(re.fullmatch(rf"{pattern}(\..+)?", module) for pattern in patterns)


def test_every_module_is_seen_by_the_checker(graph: grimp.ImportGraph) -> None:
    """A folder without an __init__.py is not: no contract holds in it."""
    assert modules() - graph.modules == set()


def test_every_module_of_a_service_that_is_pure_is_held_to_stay_so(
    graph: grimp.ImportGraph,
) -> None:
    outside = CONTRACTS["rules-are-pure"]["forbidden_modules"]
    free = {
        name
        for name in modules()
        if name.startswith("services.")
        and not name.startswith("services.common")
        and not graph.find_children(name)
        and ".store" not in name
        and name.rpartition(".")[2] not in GLUE
        and not any(graph.chain_exists(importer=name, imported=module) for module in outside)
    }
    assert {name for name in free if not named("rules-are-pure", name)} == set()

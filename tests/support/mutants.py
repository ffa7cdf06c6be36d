"""`make mutants`: how many small changes to the money rules the fast tests notice.

    python -m tests.support.mutants [--at-least 97] [--workers 2] ["*.values.money*" …]

mutmut changes the rules one operator, number or name at a time, in a copy under `mutants/`, and
the tests that reach the change are run; which rules and which tests is said in `pyproject.toml`,
and how they are run in `tests/support/mutant_forks.py`. A mutant that no test fails for has
survived: `mutmut show <its name>` shows it. Without names everything is mutated again; with names
only those are tried; with `--go-on` those that were not tried before.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

__all__ = ["Outcome", "outcomes", "report"]

MUTANTS = Path("mutants")
SURVIVED = frozenset({0, 5, 33, 35})
"""How pytest ends when a mutant lives: it passed, or there was no test to run."""
UNCHECKED = frozenset({None, 2, 34})

Outcome = tuple[str, str, int | None]
"""A module, a mutant of it, and pytest's exit code; None if it was not tried."""


def outcomes(folder: Path, patterns: Sequence[str] = ()) -> Iterator[Outcome]:
    """The outcomes of the mutants under a folder that match one of the patterns, if any."""
    for file in sorted(folder.rglob("*.py.meta")):
        module = str(file.relative_to(folder)).removesuffix(".meta")
        for name, code in json.loads(file.read_text())["exit_code_by_key"].items():
            if not patterns or any(fnmatch(name, pattern) for pattern in patterns):
                yield module, name, code


def report(found: Sequence[Outcome], at_least: float) -> tuple[str, bool]:
    """A table by module, those that survived, and whether enough were killed (in percent)."""
    tried = [one for one in found if one[2] not in UNCHECKED]
    survivors = [name for _, name, code in tried if code in SURVIVED]
    total = Counter(module for module, _, _ in tried)
    survived = Counter(module for module, _, code in tried if code in SURVIVED)
    rows = [(module, total[module] - survived[module], total[module]) for module in sorted(total)]
    killed = len(tried) - len(survivors)
    rows.append(("all", killed, len(tried)))
    width = max(len(module) for module, _, _ in rows)
    lines = [f"{'module':{width}}  killed  survived  total"]
    lines += [
        f"{module:{width}}  {dead:6}  {every - dead:8}  {every:5}  {_percent(dead, every):6.2f} %"
        for module, dead, every in rows
    ]
    lines += ["", *survivors] if survivors else []
    untried = len(found) - len(tried)
    lines += ["", f"{untried} were not tried"] if untried else []
    enough = bool(tried) and not untried and 100 * killed >= at_least * len(tried)
    if not enough:
        lines += ["", f"Less than {at_least:g} % were killed, or not all were tried."]
    return "\n".join(lines), enough


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def _tried(names: Sequence[str], at_once: int) -> int:
    """Makes the mutants and tries them, and how that ended."""
    told = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["mutmut"]
    subprocess.run([sys.executable, "-m", "tests.support.mutant_making"], check=True)
    return subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "tests.support.mutant_forks",
            # Explaining a failure takes much longer than finding it.
            "--assert=plain", "--tb=no", "--rootdir=.",
            *told["pytest_add_cli_args"], *told["pytest_add_cli_args_test_selection"],
        ],
        cwd=MUTANTS,
        env={
            **os.environ,
            "HYPOTHESIS_PROFILE": "mutants",
            "MUTANTS_TO_TRY": json.dumps(names),
            "MUTANTS_AT_ONCE": str(at_once),
        },
        check=False,
    ).returncode  # fmt: skip  # a table


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="mutants", description="Try the money rules' tests.")
    parser.add_argument("names", nargs="*", help="mutants to try again, such as a.b.money*")
    parser.add_argument("--at-least", type=float, default=97, help="percent that must be killed")
    parser.add_argument("--go-on", action="store_true", help="try what was not tried before")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    if not arguments.names and not arguments.go_on:
        shutil.rmtree(MUTANTS, ignore_errors=True)
    ran = _tried(arguments.names, arguments.workers)
    if ran:
        return ran
    text, enough = report(list(outcomes(MUTANTS, arguments.names)), arguments.at_least)
    sys.stdout.write(f"\n{text}\n")
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())

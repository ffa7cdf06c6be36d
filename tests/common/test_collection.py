"""No test reads the clock at collection, because it runs long after.

Code that runs at collection is what an import runs: a module's statements, class bodies,
decorators and defaults of functions, and what those call.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CLOCKS = frozenset({
    "now", "utcnow", "today", "time", "time_ns", "monotonic", "monotonic_ns", "uuid1", "uuid7",
    "mint_user_token", "mint_service_token", "localtime", "gmtime", "perf_counter",
})  # fmt: skip  # a table
"""The names of what reads the clock."""

MODULES = {"time": {"time"}}
"""Where a name that means other things as well (`datetime.time`) reads the clock."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def clock_calls_at_import(sources: dict[str, str]) -> list[str]:
    """Where importing modules reads the clock, by the modules' names: `module:line`."""
    modules = {name: ast.parse(source) for name, source in sources.items()}
    readers = _readers(modules)
    return [
        f"{name}:{line}"
        for name, tree in modules.items()
        for line in sorted(
            {call.lineno for call in _run(tree.body) if _reads(call, _names(name, tree), readers)}
        )
    ]


def _readers(modules: dict[str, ast.Module]) -> set[str]:
    """The functions that read the clock, themselves or through others: `module.name`."""
    functions = {
        f"{name}.{node.name}": (_names(name, tree), list(_run(node.body)))
        for name, tree in modules.items()
        for node in tree.body
        if isinstance(node, Function)
    }
    readers: set[str] = set()
    while True:
        more = {
            function
            for function, (names, calls) in functions.items()
            if any(_reads(call, names, readers) for call in calls)
        }
        if more == readers:
            return readers
        readers = more


def _reads(call: ast.Call, names: dict[str, str], readers: set[str]) -> bool:
    called = _name(call)
    return called in CLOCKS or (isinstance(call.func, ast.Name) and names.get(called) in readers)


def _names(module: str, tree: ast.Module) -> dict[str, str]:
    """The functions that a module can call by a bare name: its own, and those it imports."""
    own = {node.name: f"{module}.{node.name}" for node in tree.body if isinstance(node, Function)}
    return own | {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _run(nodes: list[ast.stmt] | list[ast.expr]) -> Iterator[ast.Call]:
    """The calls that these make when they are run; not those of functions that they define."""
    waiting: list[ast.AST] = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call):
            yield node
        if isinstance(node, Function):
            waiting += [*node.decorator_list, *_defaults(node.args)]
        elif isinstance(node, ast.Lambda):
            waiting += _defaults(node.args)
        else:
            waiting += ast.iter_child_nodes(node)


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(each for each in arguments.kw_defaults if each is not None)]


def _name(call: ast.Call) -> str:
    """What is called; empty where it is no clock although it is named like one."""
    called = call.func
    if isinstance(called, ast.Name):
        return "" if called.id in MODULES else called.id
    if isinstance(called, ast.Attribute):
        owners = MODULES.get(called.attr)
        owner = called.value.id if isinstance(called.value, ast.Name) else ""
        return "" if owners and owner not in owners else called.attr
    return ""


def test_no_test_reads_the_clock_when_it_is_collected() -> None:
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text()
        for path in sorted((ROOT / "tests").rglob("*.py"))
    }
    assert clock_calls_at_import(modules) == []


@pytest.mark.parametrize(
    "source",
    [
        "NOW = datetime.now(UTC)",
        "TODAY: date = date.today() + timedelta(days=1)",
        "class Case:\n    at = time.time()",
        "@parametrize('claims', [{'exp': int(time.time()) + 600}])\ndef test(claims): ...",
        "def made(at=time.time()): ...",
        "def made(*, at=time.time()): ...",
        "made = lambda at=time.time(): at",
        "TOKEN = mint_user_token(SETTINGS)",
        "if True:\n    ID = uuid.uuid7()",
        "from tests.soon import soon\nDAYS = [soon(1)]",
        "from tests.soon import soon as later\nDAYS = [later(1)]",
        "def later():\n    return date.today()\nDAY = later()",
    ],
)
def test_reading_the_clock_at_import_is_noticed(source: str) -> None:
    soon = (
        "def soon(days):\n    return later(days)\ndef later(days):\n    return date.today() + days"
    )
    assert clock_calls_at_import({"tests.soon": soon, "tests.it": source}) != []


@pytest.mark.parametrize(
    "source",
    [
        "def now():\n    return datetime.now(UTC)",
        "made = partial(mint_user_token, SETTINGS)",
        "clock = lambda: time.time()",
        "NOON = time(12)",
        "NOON = datetime.time(12)",
        "@fixture\ndef soon():\n    return date.today()",
        "async def test():\n    def inner(at=time.time()): ...",
        "def later():\n    return date.today()\nDAY = calendar.later()",
    ],
)
def test_a_clock_read_after_import_or_never_is_allowed(source: str) -> None:
    assert clock_calls_at_import({"tests.it": source}) == []

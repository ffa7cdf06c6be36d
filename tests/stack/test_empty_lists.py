"""Every list command says in one line that its list is empty."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import grpc
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cli.app import app
from services.common.settings import Service

SHOW_LISTS: Final = frozenset(
    {
        ("catalog", "show"),
        ("costs", "history"),
        ("costs", "totals"),
        ("costs", "unmatched"),
        ("margin", "differences"),
        ("rollup", "status"),
        ("usage", "facts"),
    }
)
"""Commands that list without saying so in the first word of their help."""

OF_TEMPORAL: Final = frozenset({("releases", "list")})
"""What no service answers."""

UUID: Final = "00000000-0000-4000-8000-000000000000"
VALUES: Final = {"period": "2026-04", "code": "studio"}
SENTENCE: Final = re.compile(r"[A-Z0-9].* .*[.]")


class Nothing(grpc.GenericRpcHandler):
    """Answers every call with an empty message."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """An answer in which no field is set."""
        return grpc.unary_unary_rpc_method_handler(lambda request, context: b"")


def _leaves(group: Any, context: Any, path: tuple[str, ...]) -> Iterator[Any]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "list_commands"):
            yield from _leaves(command, context, (*path, name))
        else:
            yield (*path, name), command


def _lists() -> dict[tuple[str, ...], list[str]]:
    root: Any = get_command(app)
    found = {}
    for path, command in _leaves(root, root.context_class(root), ()):
        first_word = (command.help or "").split()[0]
        if (first_word == "List" and path not in OF_TEMPORAL) or path in SHOW_LISTS:
            found[path] = [
                VALUES.get(str(parameter.name), UUID)
                for parameter in command.params
                if parameter.param_type_name == "argument" and parameter.required
            ]
    return found


LISTS: Final = _lists()


@pytest.fixture(scope="module")
def nothing() -> Iterator[str]:
    """The address of a server that knows nothing."""
    server = grpc.server(ThreadPoolExecutor(2), handlers=[Nothing()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


def test_the_commands_that_list_are_found() -> None:
    assert set(LISTS) >= SHOW_LISTS
    assert len(LISTS) > 20


@pytest.mark.parametrize("path", LISTS, ids=" ".join)
def test_an_empty_list_prints_that_it_is_empty(
    path: tuple[str, ...], nothing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in Service:
        monkeypatch.setenv(f"ARCADIA_{service.upper()}_ADDRESS", nothing)
    monkeypatch.setenv("COLUMNS", "240")
    outcome = CliRunner().invoke(app, [*path, *LISTS[path]])
    assert outcome.exit_code == 0, outcome.output
    said = outcome.output.splitlines()
    assert said, "it says nothing"
    assert SENTENCE.fullmatch(said[0]), outcome.output

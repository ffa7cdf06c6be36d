"""The reasons of the errors of each RPC, read from the code of the services.

From the method of a servicer, follows every function and method that its body names, and collects
the errors that are constructed there. A reason that no call can cause may be included; a reason
that is a variable is taken from the calls that pass it.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from services.common import errors

__all__ = ["Reason", "reasons_of_methods"]

SERVICES: Final = Path(errors.__file__).resolve().parents[1]
ERRORS: Final = "services.common.errors"

Function = ast.FunctionDef | ast.AsyncFunctionDef
Key = tuple[str, str]
"""A module, and a name in it, such as `Class.method`."""


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """An error that a call may return."""

    error: str
    """The class in `services.common.errors`."""
    name: str


@dataclass
class _Module:
    name: str
    imports: dict[str, Key] = field(default_factory=dict)
    """What each imported name is; a module has the name ''."""
    functions: dict[str, Function] = field(default_factory=dict)
    bases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)


@dataclass
class _Found:
    """What the body of one function constructs and names."""

    reasons: set[Reason] = field(default_factory=set)
    variable: set[str] = field(default_factory=set)
    """Classes of errors whose reason is a variable."""
    passed: set[tuple[Key, str]] = field(default_factory=set)
    """Reasons that are passed to another function."""
    kinds: set[tuple[Key, str]] = field(default_factory=set)
    """Texts that are passed to another function: the kind of an object, if it is looked up."""
    callees: set[Key] = field(default_factory=set)


def reasons_of_methods() -> dict[str, frozenset[Reason]]:
    """The reasons by servicer and method, such as `LimitServicer/GetLimits`."""
    code = _Code(SERVICES)
    return {
        f"{servicer}/{method}": code.reasons_of((module, f"{servicer}.{method}"))
        for module, servicer, method in code.handlers()
    }


class _Code:
    def __init__(self, root: Path) -> None:
        paths = [path for path in root.rglob("*.py") if "migrations" not in path.parts]
        self._modules = {module.name: module for module in map(_read, paths)}
        self._methods: dict[str, list[Key]] = {}
        """The methods and properties by name."""
        for module in self._modules.values():
            for name in module.functions:
                if "." in name:
                    self._methods.setdefault(name.rpartition(".")[2], []).append(
                        (module.name, name)
                    )
        self._found: dict[Key, _Found] = {}

    def handlers(self) -> Iterator[tuple[str, str, str]]:
        """Module, servicer and method of each RPC."""
        for module in self._modules.values():
            for name in module.functions:
                owner, _, method = name.rpartition(".")
                if owner.endswith("Servicer") and method[:1].isupper():
                    yield module.name, owner, method

    def reasons_of(self, start: Key) -> frozenset[Reason]:
        """All reasons that are reachable from a function."""
        reached, waiting = {start}, [start]
        reasons: set[Reason] = set()
        while waiting:
            found = self._find(waiting.pop())
            reasons |= found.reasons
            for callee, reason in found.passed:
                reasons |= {Reason(error, reason) for error in self._find(callee).variable}
            for callee, kind in found.kinds:
                if "NotFound" in self._find(callee).variable:
                    reasons.add(Reason("NotFound", _not_found(kind)))
            waiting += found.callees - reached
            reached |= found.callees
        return frozenset(reasons)

    def _find(self, key: Key) -> _Found:
        if key not in self._found:
            module = self._modules[key[0]]
            found = self._found[key] = _Found()
            for node in ast.walk(module.functions[key[1]]):
                if isinstance(node, ast.Call):
                    self._see_call(module, key, node, found)
                if isinstance(node, ast.Name | ast.Attribute):
                    found.callees |= self._named(module, key, node)
        return self._found[key]

    def _see_call(self, module: _Module, key: Key, call: ast.Call, found: _Found) -> None:
        error = self._error_class(module, call.func)
        given = next((one.value for one in call.keywords if one.arg == "reason"), None)
        reason = _text(module, given) if given is not None else None
        if error:
            name = reason if given is not None else _own_reason(error, call)
            if name:
                found.reasons.add(Reason(error, name))
            else:
                found.variable.add(error)
            return
        callees = self._named(module, key, call.func) or self._guessed(module, call.func)
        found.callees |= callees
        if reason:
            found.passed |= {(callee, reason) for callee in callees}
        for argument in call.args:
            if kind := _text(module, argument):
                found.kinds |= {(callee, kind) for callee in callees}

    def _error_class(self, module: _Module, node: ast.expr) -> str:
        """The class of errors that a call constructs; empty for another call."""
        if isinstance(node, ast.Attribute) and node.attr == "of_field":
            node = node.value
        name = node.id if isinstance(node, ast.Name) else ""
        where, imported = module.imports.get(name, ("", ""))
        return imported if where == ERRORS and hasattr(errors, imported) else ""

    def _named(self, module: _Module, key: Key, node: ast.expr) -> set[Key]:
        """The functions that a name or an attribute may mean."""
        if isinstance(node, ast.Name):
            return set(self._symbol(module, node.id))
        if not isinstance(node, ast.Attribute):
            return set()
        if isinstance(node.value, ast.Name):
            where, imported = module.imports.get(node.value.id, ("", ""))
            inner = f"{where}.{imported}" if imported else where
            if inner in self._modules:
                return set(self._symbol(self._modules[inner], node.attr))
            own = f"{key[1].rpartition('.')[0]}.{node.attr}"
            if node.value.id in {"self", "cls"} and own in module.functions:
                return {(module.name, own)}
        return set()

    def _guessed(self, module: _Module, node: ast.expr) -> set[Key]:
        """The called method of an object of unknown type, if its name is unique in the service."""
        name = node.attr if isinstance(node, ast.Attribute) else ""
        near = [one for one in self._methods.get(name, ()) if _near(module.name, one[0])]
        return set(near) if len(near) == 1 else set()

    def _symbol(self, module: _Module, name: str) -> Iterable[Key]:
        if name in module.functions:
            return [(module.name, name)]
        if name in module.bases:
            made = (f"{name}.__init__", f"{name}.__post_init__")
            return [(module.name, one) for one in made if one in module.functions]
        where, imported = module.imports.get(name, ("", ""))
        if where in self._modules and imported and where != module.name:
            return self._symbol(self._modules[where], imported)
        return []


def _read(path: Path) -> _Module:
    parts = path.relative_to(SERVICES.parent).with_suffix("").parts
    module = _Module(".".join(parts).removesuffix(".__init__"))
    for node in ast.parse(path.read_text()).body:
        match node:
            case ast.ImportFrom(module=where, names=names) if where:
                module.imports |= {one.asname or one.name: (where, one.name) for one in names}
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                module.functions[node.name] = node
            case ast.ClassDef():
                module.bases[node.name] = ()
                module.functions |= {
                    f"{node.name}.{one.name}": one for one in node.body if isinstance(one, Function)
                }
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(text))):
                module.constants[name] = text
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                module.constants[name] = text
    return module


def _text(module: _Module, node: ast.expr) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return module.constants.get(name)
    return None


def _own_reason(error: str, call: ast.Call) -> str | None:
    """The reason of an error that is constructed without one."""
    match error, call.args:
        case "InvalidArgument", _:
            return "INVALID_ARGUMENT"
        case "NotFound", [ast.Constant(value=str(kind)), *_]:
            return _not_found(kind)
        case "RequestTooLarge", _:
            return "REQUEST_TOO_LARGE"
        case "QuotaExceeded", _:
            return "QUOTA_<NAME>"
        case "OutcomeUnknown", _:
            return errors.COMMIT_UNCERTAIN
        case "Internal" | "Unimplemented", _:
            return error.upper()
    return None


def _not_found(kind: str) -> str:
    return errors.NotFound(kind, "").reason


def _near(caller: str, callee: str) -> bool:
    """Whether a module is of the same service."""
    return callee.split(".")[1] == caller.split(".")[1]


def by_status(reasons: Iterable[Reason], statuses: Mapping[int, int]) -> dict[int, list[str]]:
    """The names of reasons by HTTP status, sorted. `statuses` maps gRPC codes to HTTP statuses."""
    found: dict[int, set[str]] = {}
    for reason in reasons:
        error: type[errors.ArcadiaError] = getattr(errors, reason.error)
        status = error.http_status or statuses[error.code]
        found.setdefault(status, set()).add(reason.name)
    return {status: sorted(names) for status, names in sorted(found.items())}

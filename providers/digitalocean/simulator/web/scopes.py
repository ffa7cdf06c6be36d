"""The scopes of tokens: all, unless the control API registered fewer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import orjson
from pydantic import TypeAdapter

from providers.digitalocean.simulator.kinds import BY_NAME, KINDS, Kind
from providers.digitalocean.simulator.state import Document, Store
from providers.digitalocean.simulator.web.errors import Forbidden, Unauthorized

__all__ = ["EVERYTHING", "TokenScope", "Tokens", "needed_scope"]


@dataclass(frozen=True)
class TokenScope:
    """The scopes of one token: listed, or all except some."""

    only: frozenset[str] | None = None
    """Exactly these, if not None."""
    without: frozenset[str] = frozenset()
    revoked: bool = False
    nulls: bool = False
    """Whether fields of missing scopes are null instead of omitted."""

    def has(self, scope: str) -> bool:
        """Whether the token has a scope such as `droplet:read`."""
        return scope not in self.without and (self.only is None or scope in self.only)

    def visible(self, kind: Kind, bodies: list[bytes]) -> list[bytes]:
        """The objects without the fields of missing scopes."""
        if not any(self._hidden(kind)):
            return bodies
        return [orjson.dumps(self.narrowed(kind, orjson.loads(body))) for body in bodies]

    def narrowed(self, kind: Kind, document: Document) -> Document:
        """An object without the fields of missing scopes."""
        for path in self._hidden(kind):
            _hide(document, path.split("."), as_null=self.nulls)
        return document

    def sees(self, kind: str) -> bool:
        """Whether the token may read objects of a kind."""
        found = BY_NAME.get(kind)
        return found is None or self.has(f"{found.scope}:read")

    def _hidden(self, kind: Kind) -> Iterator[str]:
        return (path for path, scope in kind.scoped_fields if not self.has(scope))


EVERYTHING = TokenScope()
_SCOPE = TypeAdapter(TokenScope)


def _hide(value: object, steps: list[str], *, as_null: bool) -> None:
    """Removes the value at a path, in every element of lists.

    Or sets it to null.
    """
    if isinstance(value, list):
        for element in value:
            _hide(element, steps, as_null=as_null)
    elif isinstance(value, dict):
        step, *below = steps
        if below:
            _hide(value.get(step), below, as_null=as_null)
        elif as_null and step in value:
            value[step] = None
        else:
            value.pop(step, None)


_AREAS = {
    **{kind.path: kind.scope for kind in KINDS if "{" not in kind.path},
    "/v2/account": "account",
    "/v2/account/keys": "ssh_key",
    "/v2/projects": "project",
    "/v2/tags": "tag",
    "/v2/reserved_ips": "reserved_ip",
    "/v2/floating_ips": "reserved_ip",
    "/v2/customers": "billing",
    "/v2/billing": "billing",
    "/v2/monitoring": "monitoring",
}
_LISTED_BY = {"/v2/nfs": "nfs:list"}
"""Lists that need another scope than reads of their objects."""
_READ_BELOW = {
    ("/v2/droplets", "firewalls"): "firewall",
    ("/v2/volumes", "snapshots"): "block_storage_snapshot",
}
"""Lists below an object that need their own scope."""
_BY_LENGTH = sorted(_AREAS.items(), key=lambda area: -len(area[0]))
_VERBS = {"GET": "read", "HEAD": "read", "POST": "create", "DELETE": "delete"}


def needed_scope(method: str, path: str) -> str | None:
    """The scope that a request needs; None for a path without one."""
    if method == "GET" and path in _LISTED_BY:
        return _LISTED_BY[path]
    for prefix, scope in _BY_LENGTH:
        if path == prefix or path.startswith(f"{prefix}/"):
            verb = _VERBS.get(method, "update")
            if verb == "read":
                scope = _READ_BELOW.get((prefix, path.rsplit("/", 1)[1]), scope)
            changes_a_part = verb == "create" and path != prefix
            return f"{scope}:{'update' if changes_a_part else verb}"
    return None


class Tokens:
    """The registered tokens; any other non-empty token has all scopes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._withheld: frozenset[str] = frozenset()
        self._scopes = {
            token: _SCOPE.validate_json(text)
            for token, text in store.connection.execute("SELECT token, scope FROM token")
        }

    def withhold(self, scopes: frozenset[str]) -> None:
        """Removes scopes from every token, which then gets nulls; none restores them."""
        self._withheld = scopes

    def register(self, token: str, scope: TokenScope) -> None:
        """Sets a token's scopes, from the next request on and after restarts."""
        text = _SCOPE.dump_json(scope).decode()
        self._store.connection.execute("INSERT OR REPLACE INTO token VALUES (?, ?)", (token, text))
        self._scopes[token] = scope

    def forget(self) -> None:
        """Restores all scopes of every token."""
        self._store.connection.execute("DELETE FROM token")
        self._scopes.clear()

    def admit(self, token: str, method: str, path: str) -> TokenScope:
        """The scopes of a token.

        Unauthorized without a valid one, Forbidden without the needed scope.
        """
        scope = self._scopes.get(token, EVERYTHING)
        if self._withheld:
            scope = replace(scope, without=scope.without | self._withheld, nulls=True)
        if not token or scope.revoked:
            raise Unauthorized
        needed = needed_scope(method, path)
        if needed is not None and not scope.has(needed):
            raise Forbidden
        return scope

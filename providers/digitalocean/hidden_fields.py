"""Fields that listings hide or shorten: fields hidden from a token, names of certificates.

The provider omits a field whose scope the token lacks, and returns null for some. It also returns
null, or omits some fields, if there is no value: only the token's scopes tell the two apart.

Let's Encrypt's certificates are renewed every two months: the provider creates one with a new id
under the same name, and load balancers and CDN endpoints use it. Only the name shows whether
someone chose another certificate.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from kinds import RESOURCE_KINDS
from kinds.balancer_comparators import CERTIFICATE_ID, CERTIFICATE_NAME
from kinds.listing import AnyListing, CertificateNames, Listing
from kinds.unreadable import JsonObject
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.errors import AccessDenied, NotFound

__all__ = ["Certificates", "HiddenFields"]

ONE: Final = (("per_page", "1"),)

LISTED_BY: Final[Mapping[str, str]] = {
    "project:read": "/v2/projects",
    "tag:read": "/v2/tags",
    **{
        kind.scope: kind.listing.path
        for kind in reversed(list(RESOURCE_KINDS.values()))
        if isinstance(kind.listing, Listing)
    },
}
"""A listing per scope; a 403 shows that the token lacks the scope."""


class HiddenFields:
    """Normalises rows: hidden fields are omitted, unset ones are null.

    A scope is checked once, and only if no row of a page shows its field.
    """

    def __init__(self, provider: DigitalOcean, listing: AnyListing) -> None:
        self._provider = provider
        kind = next((kind for kind in RESOURCE_KINDS.values() if kind.listing == listing), None)
        scoped = kind.scoped if kind is not None else {}
        self._paths = [(path.split("."), scope) for path, scope in scoped.items()]
        attrs = kind.attrs if kind is not None else {}
        self._unset = {name for name, attr in attrs.items() if attr.policy.unset_when_absent}
        """Fields that are also omitted if they are unset."""
        self._lacking: dict[str, bool] = {}

    async def normalise(self, rows: Sequence[Any]) -> bool:
        """Removes nulls whose scope the token is known to lack, and adds unset fields as null.

        Returns whether the result depends on the token's scopes. Raises ProviderError.
        """
        decided = False
        for steps, scope in self._paths:
            name = steps[-1]
            if len(steps) == 1 and _show(rows, name):
                continue
            holders = [each for row in rows for each in _holders(row, steps)]
            nulls = [holder for holder in holders if holder[name] is None]
            absent: list[JsonObject] = []
            if name in self._unset and len(steps) == 1:
                absent = [row for row in rows if isinstance(row, dict) and name not in row]
            if not nulls and not absent:
                continue
            decided = True
            if len(nulls) == len(holders) and await self._lacks(scope):
                for holder in nulls:
                    del holder[name]
            else:
                for row in absent:
                    row[name] = None
        return decided

    async def _lacks(self, scope: str) -> bool:
        if scope not in self._lacking:
            self._lacking[scope] = await self._is_refused(scope)
        return self._lacking[scope]

    async def _is_refused(self, scope: str) -> bool:
        path = LISTED_BY.get(scope)
        if path is None:
            return True  # Logins have no listing, and every database has some.
        try:
            await self._provider.document(path, ONE)
        except AccessDenied:
            return True
        except NotFound:
            return False
        return False


def _show(rows: Sequence[Any], name: str) -> bool:
    """Whether all rows have a field, which is the usual case for long lists."""
    return all(isinstance(row, dict) and row.get(name) is not None for row in rows)


def _holders(value: Any, steps: Sequence[str]) -> Iterator[JsonObject]:
    """The objects that contain the last step of a path."""
    if isinstance(value, list):
        for element in value:
            yield from _holders(element, steps)
    elif isinstance(value, dict) and steps[0] in value:
        if len(steps) == 1:
            yield value
        else:
            yield from _holders(value[steps[0]], steps[1:])


class Certificates:
    """Adds names of certificates to rows; the list is read at the first id."""

    def __init__(self, provider: DigitalOcean, places: CertificateNames) -> None:
        self._provider = provider
        self._places = places
        self._names: Mapping[str, str] | None = None

    async def name_in(self, rows: Iterable[JsonObject]) -> None:
        """Adds `certificate_name` next to each `certificate_id`, if the name can be read."""
        for holder in self._holders(rows):
            if not holder.get(CERTIFICATE_ID):
                continue
            if self._names is None:
                self._names = await self._read()
            if (name := self._names.get(str(holder[CERTIFICATE_ID]))) is not None:
                holder[CERTIFICATE_NAME] = name

    def _holders(self, rows: Iterable[JsonObject]) -> Iterator[JsonObject]:
        for row in rows:
            if not isinstance(row, dict):
                continue  # reported by the kind as unreadable
            if self._places.of_row:
                if not row.get(CERTIFICATE_ID):
                    row[CERTIFICATE_NAME] = None
                yield row
            for field in self._places.of_lists:
                listed = row.get(field)
                if isinstance(listed, list):
                    yield from (one for one in listed if isinstance(one, dict))

    async def _read(self) -> Mapping[str, str]:
        try:
            return {
                str(row["id"]): row["name"]
                async for page in self._provider.pages("/v2/certificates", "certificates")
                for row in page.items
                if isinstance(row, dict) and row.get("id") and row.get("name")
            }
        except (AccessDenied, NotFound):
            return {}  # the token may not read them, so the names stay unknown

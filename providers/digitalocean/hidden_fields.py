"""What listings hide or shorten, read elsewhere: fields that a token hides, certificate names.

The provider leaves out a field whose scope the token lacks, and answers null for some. It also
answers null, or leaves out some fields, where there is nothing: only the token's scopes tell.

Let's Encrypt's certificates are renewed every two months: the provider makes a new one with
another id, under the same name, and the load balancers and CDN endpoints follow. Only the name
tells whether somebody chose another certificate.
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
"""A list that each scope allows to read: a refusal shows that the token lacks the scope."""


class HiddenFields:
    """Normalises rows: hidden fields are left out, unset ones are null.

    A scope is asked for once, and only when a page shows nothing by it.
    """

    def __init__(self, provider: DigitalOcean, listing: AnyListing) -> None:
        self._provider = provider
        kind = next((kind for kind in RESOURCE_KINDS.values() if kind.listing == listing), None)
        scoped = kind.scoped if kind is not None else {}
        self._paths = [(path.split("."), scope) for path, scope in scoped.items()]
        attrs = kind.attrs if kind is not None else {}
        self._unset = {name for name, attr in attrs.items() if attr.policy.unset_when_absent}
        """Fields that are left out where they are unset, too."""
        self._lacking: dict[str, bool] = {}

    async def normalise(self, rows: Sequence[Any]) -> bool:
        """Removes nulls whose scope the token is known to lack, and adds those of unset fields.

        Answers whether the token's scopes decided anything. Raises ProviderError.
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
            return True  # of logins, which nothing lists, and no database is without
        try:
            await self._provider.document(path, ONE)
        except AccessDenied:
            return True
        except NotFound:
            return False
        return False


def _show(rows: Sequence[Any], name: str) -> bool:
    """Whether all rows have a field, which is the usual case of a long list."""
    return all(isinstance(row, dict) and row.get(name) is not None for row in rows)


def _holders(value: Any, steps: Sequence[str]) -> Iterator[JsonObject]:
    """The objects that have the last step, where the steps before lead."""
    if isinstance(value, list):
        for element in value:
            yield from _holders(element, steps)
    elif isinstance(value, dict) and steps[0] in value:
        if len(steps) == 1:
            yield value
        else:
            yield from _holders(value[steps[0]], steps[1:])


class Certificates:
    """Names certificates in rows; the list is read once, when the first id is met."""

    def __init__(self, provider: DigitalOcean, places: CertificateNames) -> None:
        self._provider = provider
        self._places = places
        self._names: Mapping[str, str] | None = None

    async def name_in(self, rows: Iterable[JsonObject]) -> None:
        """Adds `certificate_name` beside each `certificate_id`, where the name can be read."""
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
                continue  # its kind tells that it cannot be read
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
            return {}  # the token may not read them: the names stay unknown

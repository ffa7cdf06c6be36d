"""The names of certificates, beside the ids by which other resources name them.

Let's Encrypt's certificates are renewed every two months: the provider puts a new one with
another id, under the same name, and the load balancers and CDN endpoints follow. Only the name
tells whether somebody chose another certificate.
"""

from collections.abc import Iterable, Iterator, Mapping

from kinds.balancer_comparators import CERTIFICATE_ID, CERTIFICATE_NAME
from kinds.listing import CertificateNames
from kinds.unreadable import JsonObject
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.errors import AccessDenied, NotFound

__all__ = ["Certificates"]


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

"""Names of certificates in addition to their ids."""

from typing import Any

import pytest

from kinds.listing import CertificateNames
from providers.digitalocean.hidden_fields import Certificates
from tests.providers.test_billing import answering


@pytest.mark.parametrize(
    "places", [CertificateNames(of_row=True), CertificateNames(of_lists=("rules",))]
)
async def test_a_row_that_is_not_an_object_does_not_affect_other_rows(
    places: CertificateNames,
) -> None:
    page = {"certificates": [None, {"id": "1", "name": "web"}], "meta": {"total": 2}}
    row: dict[str, Any] = {"certificate_id": "1", "rules": [{"certificate_id": "1"}]}
    rows: list[Any] = [None, row, "text"]
    async with answering(page) as provider:
        await Certificates(provider, places).name_in(rows)
    holder = row if places.of_row else row["rules"][0]
    assert holder["certificate_name"] == "web"

"""A certificate is read by its name, whatever its id after a renewal."""

import pytest

from kinds import RESOURCE_KINDS
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.errors import MalformedAnswer, NotFound
from providers.digitalocean.sources import Source, Sources
from tests.providers.simulator import Simulator

KIND = RESOURCE_KINDS["certificate"]
NAME = "acme-example"


@pytest.fixture
def source(provider: DigitalOcean) -> Source:
    return Sources(provider, spaces=None).of(KIND.listing)


async def test_a_renewed_certificate_is_found_by_its_name(
    source: Source, simulator: Simulator
) -> None:
    before = await source.one(NAME)
    simulator.platform("certificates_renewed")

    after = await source.one(NAME)

    assert after["id"] != before["id"]
    assert after["not_after"] != before["not_after"]
    assert KIND.sight(after).provider_id == KIND.sight(before).provider_id == NAME


async def test_an_unlisted_certificate_is_gone(source: Source) -> None:
    with pytest.raises(NotFound, match="no certificate has the name nobody"):
        await source.one("nobody")


async def test_a_list_that_does_not_add_up_is_no_evidence_of_deletion(
    source: Source, simulator: Simulator
) -> None:
    simulator.fault("wrong_total", path="/v2/certificates")

    with pytest.raises(MalformedAnswer, match="0 were listed of a total of 1"):
        await source.one("nobody")
    assert (await source.one(NAME))["name"] == NAME

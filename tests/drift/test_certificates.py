"""A certificate is identified by name over its renewals, and references follow it."""

from typing import Any

import pytest

from tests.drift.account import Account
from tests.drift.live import drifting
from tests.inventory.account import sighting

Attrs = dict[str, Any]

NAME = "acme-example"
RENEWED = {"id": "new", "sha1_fingerprint": "f2", "not_after": "2027-09-01T00:00:00Z"}


def certificate(**attrs: Any) -> Attrs:
    """What the provider shows of a certificate of Let's Encrypt; `attrs` say what differs."""
    return {
        "id": "old",
        "type": "lets_encrypt",
        "dns_names": ["acme.example"],
        "sha1_fingerprint": "f1",
        "not_after": "2027-06-30T00:00:00Z",
        **attrs,
    }


def shown(**attrs: Any) -> Any:
    """The sighting of it."""
    return sighting(NAME, name=NAME, region="", size="", attrs=certificate(**attrs))


async def test_a_renewed_certificate_is_the_same_resource_and_neither_struck_nor_drifted(
    account: Account,
) -> None:
    await account.inventory.sweep(shown(), kind="certificate")
    spec = (await account.keep(NAME, "certificate")).spec
    assert not {"id", "sha1_fingerprint", "not_after", "name"} & set(spec.fields)
    assert {"dns_names", "type"} <= set(spec.fields)

    swept = await account.inventory.sweep(shown(**RENEWED), kind="certificate")

    assert (swept.sweep.discovered_count, swept.sweep.struck_count) == (0, 0)
    assert set(await account.inventory.listed(kind="certificate")) == {NAME}
    await account.sweep("certificate")
    assert await account.listed() == []
    # The history tells of the renewal.
    [_, event] = await account.inventory.history(NAME)
    assert event.type == "updated"
    assert set(event.changes) == {f"attrs.{name}" for name in RENEWED}


@pytest.mark.parametrize(
    ("swapped", "fields"),
    [
        ({"type": "custom"}, {"type"}),
        ({"dns_names": ["acme.example", "other.example"]}, {"dns_names"}),
    ],
)
def test_a_certificate_that_is_swapped_under_its_name_drifts(
    swapped: Attrs, fields: set[str]
) -> None:
    spec = {"type": "lets_encrypt", "dns_names": ["acme.example"]}

    assert drifting("certificate", spec, name=NAME, attrs=certificate(**RENEWED)) == set()
    assert (
        drifting("certificate", spec, name=NAME, attrs=certificate(**RENEWED | swapped)) == fields
    )


def test_an_uploaded_certificate_is_identified_by_its_fingerprint_and_a_renewed_one_is_not() -> (
    None
):
    spec = {"type": "custom", "sha1_fingerprint": "f1"}
    uploaded = certificate(type="custom", **RENEWED)
    assert drifting("certificate", spec, name=NAME, attrs=uploaded) == {"sha1_fingerprint"}

    # What an operator wrote down of one that renews itself is nobody's choice either.
    spec = {"type": "lets_encrypt", "sha1_fingerprint": "f1", "not_after": "x", "id": "old"}
    assert drifting("certificate", spec, name=NAME, attrs=certificate(**RENEWED)) == set()


async def test_a_worker_of_an_earlier_release_sends_another_id_of_the_same_certificate(
    account: Account,
) -> None:
    await account.inventory.sweep(shown(), kind="certificate")
    by_id = sighting("old", name=NAME, region="", size="", attrs=certificate())

    swept = await account.inventory.sweep(by_id, kind="certificate")

    assert (swept.sweep.discovered_count, swept.sweep.struck_count) == (0, 0)
    assert set(await account.inventory.listed(kind="certificate")) == {NAME}


def balanced(certificate_id: str, name: str | None = None) -> Attrs:
    """A load balancer with a rule that names a certificate."""
    rule = {"entry_protocol": "https", "entry_port": 443, "certificate_id": certificate_id}
    return {"forwarding_rules": [rule if name is None else {**rule, "certificate_name": name}]}


async def test_a_spec_with_an_id_alone_learns_the_name_from_the_live_balancer(
    account: Account,
) -> None:
    await account.shows("lb", "load_balancer", attrs=balanced("old"))
    recorded = await account.desire("lb", balanced("old"), "load_balancer")
    await account.sweep("load_balancer")
    assert await account.open() == {}

    # The names are known from now on; then the certificate is renewed, and then swapped.
    await account.shows("lb", "load_balancer", attrs=balanced("old", NAME))
    await account.sweep("load_balancer")
    await account.shows("lb", "load_balancer", attrs=balanced("new", NAME))
    await account.sweep("load_balancer")
    assert await account.open() == {}
    [(spec, version)] = account.rows("SELECT spec, spec_version FROM cloud_provisioned")
    assert spec == balanced("old", NAME)
    assert version == recorded.spec_version
    await account.shows("lb", "load_balancer", attrs=balanced("x", "other"))
    await account.sweep("load_balancer")
    assert set(await account.open()) == {"forwarding_rules"}


async def test_a_spec_with_an_id_alone_learns_the_name_from_the_certificate(
    account: Account,
) -> None:
    await account.inventory.record(shown(), kind="certificate")
    await account.shows("cdn", "cdn_endpoint", attrs={"certificate_id": "old"})
    await account.desire("cdn", {"certificate_id": "old"}, "cdn_endpoint")
    swapped = {"certificate_id": "x", "certificate_name": "other"}
    await account.shows("cdn", "cdn_endpoint", attrs=swapped)

    await account.sweep("cdn_endpoint")

    assert set(await account.open()) == {"certificate_name"}

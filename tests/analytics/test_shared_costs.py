"""Shared costs are split by the first known key of their product."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.margin.rules.attribution import INTERNAL, Holder, split_exactly
from services.analytics.margin.rules.shared_costs import SharedUse, SplitKey, StoredSpan, chosen_key

ACME = Holder.owner("acme", "shop")
GLOBEX = Holder.owner("globex", "blog")
DAY = 86_400


def stored(
    bucket: int, size_gb: str | None, holder: Holder = ACME, seconds: int = DAY
) -> StoredSpan:
    return StoredSpan(
        UUID(int=bucket), holder, seconds, None if size_gb is None else Decimal(size_gb)
    )


def test_spaces_are_split_by_gb_and_time() -> None:
    used = SharedUse(
        stored=[stored(1, "10"), stored(2, "5", GLOBEX, 2 * DAY), stored(3, "30", INTERNAL)]
    )

    chosen = chosen_key("spaces_bucket", used)

    assert chosen.key is SplitKey.STORED_GB_MONTHS
    assert chosen.remark == ""
    weights = chosen.weights
    assert weights[ACME] == weights[GLOBEX]
    assert weights[INTERNAL] == 3 * weights[ACME]


def test_a_bucket_that_changed_owners_is_split_between_them() -> None:
    used = SharedUse(stored=[stored(1, "10", ACME), stored(1, "10", GLOBEX, 3 * DAY)])
    weights = chosen_key("spaces_bucket", used).weights
    assert weights[GLOBEX] == 3 * weights[ACME]


def test_a_time_of_unknown_size_counts_by_the_buckets_average_with_a_note() -> None:
    used = SharedUse(stored=[
        stored(1, "10"), stored(1, "30"), stored(1, None, seconds=2 * DAY), stored(2, "20", GLOBEX),
    ])  # fmt: skip  # a table

    chosen = chosen_key("spaces_bucket", used)

    assert chosen.weights[ACME] == 4 * chosen.weights[GLOBEX]
    assert chosen.key is SplitKey.STORED_GB_MONTHS
    assert chosen.remark == "1 of 2 buckets count by their average in part"


def test_the_bytes_of_buckets_say_nothing_of_transfer_nor_the_other_way_round() -> None:
    used = SharedUse(
        stored=[stored(1, "10", ACME)],
        outbound_gb={GLOBEX: Decimal("0.000000000001")},
        droplet_seconds={ACME: DAY, GLOBEX: DAY},
    )
    assert set(chosen_key("spaces_bucket", used).weights) == {ACME}
    for kind in ("", "droplet", "bandwidth"):
        chosen = chosen_key(kind, used)
        assert (chosen.key, dict(chosen.weights)) == (SplitKey.OUTBOUND_BYTES, {GLOBEX: 1})
        assert chosen.unkeyed_owners == 1


def test_owners_of_droplets_all_count_where_time_is_the_key() -> None:
    chosen = chosen_key("", SharedUse(droplet_seconds={ACME: DAY}))
    assert (chosen.key, chosen.unkeyed_owners) == (SplitKey.DROPLET_TIME, 0)


@pytest.mark.parametrize(
    ("used", "key", "remark"),
    [
        (SharedUse(), SplitKey.NONE, "no bucket is known"),
        (SharedUse(stored=[stored(1, "0")]), SplitKey.BUCKET_TIME, "no bucket held anything"),
        (
            SharedUse(stored=[stored(1, None), stored(2, "5")]),
            SplitKey.BUCKET_TIME,
            "the size of 1 of 2 buckets is unknown",
        ),
        (
            SharedUse(droplet_seconds={ACME: DAY}, outbound_gb={ACME: Decimal(1)}),
            SplitKey.NONE,
            "no bucket is known",
        ),
    ],
    ids=["nothing", "empty", "unknown", "other keys"],
)
def test_the_reason_why_spaces_are_not_split_by_stored_bytes_is_shown(
    used: SharedUse, key: SplitKey, remark: str
) -> None:
    chosen = chosen_key("spaces_bucket", used)
    assert chosen.key is key
    assert remark in chosen.remark


SIZES = st.none() | st.decimals("0", "1e6", places=12, allow_nan=False)
SPANS = st.builds(
    StoredSpan,
    st.integers(1, 4).map(lambda number: UUID(int=number)),
    st.sampled_from([ACME, GLOBEX, INTERNAL]),
    st.integers(1, 31 * DAY),
    SIZES,
)


@given(st.lists(SPANS, max_size=12), st.decimals("0.000001", "1e6", places=6))
def test_whatever_is_known_the_parts_are_the_whole(
    spans: list[StoredSpan], amount: Decimal
) -> None:
    chosen = chosen_key("spaces_bucket", SharedUse(stored=spans))
    if chosen.key is SplitKey.NONE:
        assert not spans
        return
    parts = split_exactly(amount, chosen.weights)
    assert sum(part.amount_usd for part in parts) == amount
    assert {part.holder for part in parts} <= {span.holder for span in spans}

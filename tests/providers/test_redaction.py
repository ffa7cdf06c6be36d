"""No secret leaves the provider's module."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from kinds.redaction import REDACTED, redact

SECRET = "hunter2-is-my-secret"
NAMES = ("password", "Password", "db_password", "api_key", "access-key", "token", "private_key",
         "secret", "client_secret", "user_data", "credentials", "passphrase")  # fmt: skip  # table

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "size", "tags", "nodes"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(name=st.sampled_from(NAMES), around=plain, depth=st.integers(0, 4))
def test_fields_with_the_name_of_a_secret_are_redacted_at_any_depth(
    name: str, around: Any, depth: int
) -> None:
    value: Any = {name: SECRET, "other": around}
    for level in range(depth):
        value = [value, around] if level % 2 else {"inner": value, "beside": around}

    assert SECRET not in orjson.dumps(redact(value)).decode()


@given(value=plain)
def test_values_that_are_not_secrets_are_unchanged(value: Any) -> None:
    assert redact(value) == value


def test_declared_paths_pass_through_lists() -> None:
    cluster = {"connection": {"uri": SECRET, "host": "h"}, "users": [{"name": "a", "pin": SECRET}]}

    assert redact(cluster, {"connection.uri", "users.pin"}) == {
        "connection": {"uri": REDACTED, "host": "h"},
        "users": [{"name": "a", "pin": REDACTED}],
    }


def test_an_address_loses_the_password_in_it() -> None:
    told = redact({"hint": f"use postgresql://admin:{SECRET}@db:25060/main?sslmode=require"})

    assert told == {"hint": f"use postgresql://{REDACTED}@db:25060/main?sslmode=require"}


def test_a_flag_about_a_password_is_not_a_secret() -> None:
    assert redact({"password": True, "token": None}) == {"password": True, "token": None}


def test_a_public_key_is_not_a_secret() -> None:
    assert redact({"public_key": "ssh-ed25519 AAAA", "ssh_keys": [1]}) == {
        "public_key": "ssh-ed25519 AAAA",
        "ssh_keys": [1],
    }

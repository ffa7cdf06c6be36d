"""Settings as environment variables for a program."""

import os

from pydantic import AliasChoices, SecretStr

from services.common.settings import Settings

__all__ = ["OURS", "environment_of"]

OURS = ("ARCADIA_", "TEMPORAL_", "DO_API_", "OTEL_", "SPACES_")
"""The prefixes of variables that our programs read."""


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment with exactly these settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if value == field.default:
            continue
        alias = field.validation_alias
        variable = (
            str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"ARCADIA_{name.upper()}"
        )
        environment[variable] = (
            value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        )
    return environment

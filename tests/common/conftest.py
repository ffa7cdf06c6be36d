"""Fixtures for tests of `services.common`."""

import os

import pytest


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment without anything that configures this system."""
    for name in list(os.environ):
        if name.startswith(("ARCADIA_", "DO_API_", "TEMPORAL_", "OTEL_")):
            monkeypatch.delenv(name)
    return monkeypatch

"""Errors for invalid requests."""

import pytest

from services.analytics.invoicing import requests
from services.common.errors import InvalidArgument


def test_an_unknown_value_is_refused_with_the_allowed_ones() -> None:
    assert requests.word("format", "", ["", "pdf", "html"]) == ""
    with pytest.raises(InvalidArgument, match="'docx' is not one of pdf, html"):
        requests.word("format", "docx", ["", "pdf", "html"])

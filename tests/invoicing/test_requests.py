"""What a caller is told of a request that cannot be answered."""

import pytest

from services.analytics.invoicing import requests
from services.common.errors import InvalidArgument


def test_a_word_that_is_not_allowed_is_refused_with_those_that_are() -> None:
    assert requests.word("format", "", ["", "pdf", "html"]) == ""
    with pytest.raises(InvalidArgument, match="'docx' is not one of pdf, html"):
        requests.word("format", "docx", ["", "pdf", "html"])

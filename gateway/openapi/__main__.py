"""`python -m gateway.openapi DESCRIPTORS OUTPUT`: writes the OpenAPI document.

DESCRIPTORS is a descriptor set with source information; `protos/generate.py` makes it.
"""

import json
import sys
from pathlib import Path
from typing import Final

from gateway.openapi.document import openapi_document

EXAMPLES: Final = Path(__file__).with_name("examples.json")
"""Answers of the system, recorded by `tests/openapi/test_examples.py`."""


def main(descriptors: str, output: str) -> None:
    """Writes the document for a descriptor set to a file."""
    examples = json.loads(EXAMPLES.read_text())
    document = openapi_document(Path(descriptors), examples)
    Path(output).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

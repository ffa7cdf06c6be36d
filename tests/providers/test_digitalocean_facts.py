"""The stored facts about DigitalOcean's API match its OpenAPI document."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.digitalocean_facts import FACTS, derive, facts, rendered

ROOT = Path(__file__).parents[2]
DOCUMENT = Path(
    os.environ.get("DIGITALOCEAN_OPENAPI", ROOT.parent / "shared" / "digitalocean-openapi.json")
)
"""Where the document lies, if it does: it is not part of this repository."""

SMALL: dict[str, Any] = {
    "security": [{"bearer_auth": []}],
    "paths": {
        "/v2/boats/{boat_id}": {
            "parameters": [{"$ref": "#/components/parameters/boat_id"}],
            "get": {
                "summary": "A text",
                "security": [{"bearer_auth": ["boat:read"]}],
                "responses": {"200": {"$ref": "#/components/responses/boat"}},
            },
            "put": {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/change"}}
                    }
                },
                "responses": {"204": {"description": "Done"}},
            },
        }
    },
    "components": {
        "parameters": {
            "boat_id": {
                "name": "boat_id",
                "in": "path",
                "required": True,
                "schema": {"type": "integer", "example": 1},
            }
        },
        "responses": {
            "boat": {
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/boat"}}}
            }
        },
        "schemas": {
            "boat": {
                "required": ["title"],
                "description": "A text",
                "properties": {
                    "title": {"type": "string", "nullable": True, "description": "A text"},
                    "sails": {"type": "array", "items": {"$ref": "#/components/schemas/sail"}},
                },
            },
            "sail": {"type": "string", "enum": ["jib", "main"]},
            "change": {
                "allOf": [
                    {"required": ["title"]},
                    {"oneOf": [{"required": ["a", "b"]}, {"required": ["b", "c"]}]},
                ]
            },
            "nobody_asks": {"type": "object"},
        },
    },
}


def test_the_facts_are_the_calls_and_what_their_answers_refer_to() -> None:
    boat_id = {"in": "path", "required": True, "schema": {"type": "integer"}}
    assert derive(SMALL) == {
        "calls": {
            "GET /v2/boats/{boat_id}": {
                "parameters": {"boat_id": boat_id},
                "scopes": ["boat:read"],
                "answer": {"$ref": "#/components/schemas/boat"},
            },
            "PUT /v2/boats/{boat_id}": {
                "parameters": {"boat_id": boat_id},
                "scopes": [],
                "needs": ["b", "title"],
            },
        },
        "schemas": {
            "boat": {
                "required": ["title"],
                "properties": {
                    "title": {"anyOf": [{"type": "null"}, {"type": "string"}]},
                    "sails": {"type": "array", "items": {"$ref": "#/components/schemas/sail"}},
                },
            },
            "sail": {"type": "string", "enum": ["jib", "main"]},
        },
        "sizes": {},
    }


def test_the_script_says_when_the_facts_are_older_than_a_document(tmp_path: Path) -> None:
    document = tmp_path / "newer.json"
    document.write_text(json.dumps(SMALL))

    told = subprocess.run(
        [sys.executable, "-m", "tests.support.digitalocean_facts", str(document), "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 1
    assert told.stderr == f"digitalocean_facts.json is older than {document}\n"


def test_the_facts_are_written_as_the_script_writes_them() -> None:
    assert FACTS.read_text() == rendered(facts())


def test_the_facts_are_those_of_the_document_where_it_is_present() -> None:
    if (
        DOCUMENT.exists()
        and rendered(derive(json.loads(DOCUMENT.read_text()))) != FACTS.read_text()
    ):
        pytest.fail(
            f"{FACTS.name} is older than {DOCUMENT}:"
            f" python -m tests.support.digitalocean_facts {DOCUMENT}"
        )

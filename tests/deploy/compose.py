"""docker-compose.yml, parsed as Compose does: merged, and with its variables."""

import re
from pathlib import Path
from typing import Any

import yaml

__all__ = ["COMPOSE_FILE", "FOLDER", "JOBS", "OURS", "SERVICES", "compose", "interpolations"]

FOLDER = Path(__file__).resolve().parents[2]
COMPOSE_FILE = FOLDER / "docker-compose.yml"

VARIABLE = re.compile(r"\$\$|\$\{(?P<name>[A-Z_]+)(?::-(?P<default>[^}]*))?\}|\$(?P<odd>.)")


def interpolations() -> dict[str, str]:
    """The variables of the file, with their defaults."""
    found = VARIABLE.finditer(COMPOSE_FILE.read_text())
    return {match["name"]: match["default"] or "" for match in found if match["name"]}


def _filled(node: Any) -> Any:
    """Fills in after parsing, as Compose does: so an empty variable is an empty text."""
    if isinstance(node, dict):
        return {key: _filled(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value) for value in node]
    return _text(node) if isinstance(node, str) else node


def _text(text: str) -> str:
    def value(match: re.Match[str]) -> str:
        if match["odd"]:
            raise ValueError(f"not a variable: {match[0]}")
        return "$" if match[0] == "$$" else match["default"] or ""

    return VARIABLE.sub(value, text)


def compose() -> dict[str, Any]:
    """The whole file, with every variable at its default."""
    loaded: dict[str, Any] = _filled(yaml.safe_load(COMPOSE_FILE.read_text()))
    return loaded


SERVICES: dict[str, Any] = compose()["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
JOBS = {name: service for name, service in SERVICES.items() if service["restart"] == "no"}

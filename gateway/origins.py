"""The origins of web pages that may call the gateway (CORS)."""

import re
from typing import Final

from services.common.settings import Settings

__all__ = ["DEPLOYED_ORIGINS", "LOCAL_ORIGINS", "origin_patterns"]

LOCAL_ORIGINS: Final = (r"http://localhost(:\d{1,5})?",)
"""In development: any page on this machine, on any port."""

DEPLOYED_ORIGINS: Final = (r"https://([a-z0-9-]+\.)*sky-ai\.com",)
"""In production: the site and its subdomains."""

ORIGIN: Final = re.compile(
    r"(?P<scheme>https?)://(?P<any>\*\.)?(?P<host>[a-z0-9-]+(\.[a-z0-9-]+)*)(?P<port>:\d{1,5})?"
)


def origin_patterns(settings: Settings) -> tuple[str, ...]:
    """Regular expressions; an allowed `Origin` matches one of them completely.

    `ARCADIA_CORS_ORIGINS`, comma-separated, replaces the defaults: each is an origin such as
    `https://app.example.com`, or `https://*.example.com` for all subdomains. Raises ValueError for
    anything else, also for `*`, because credentials are allowed.
    """
    listed = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    if listed:
        return tuple(_pattern(origin) for origin in listed)
    return DEPLOYED_ORIGINS if settings.env == "production" else LOCAL_ORIGINS


def _pattern(origin: str) -> str:
    matched = ORIGIN.fullmatch(origin)
    if matched is None:
        raise ValueError(
            f"ARCADIA_CORS_ORIGINS: {origin!r} is not an origin such as https://app.example.com"
        )
    subdomains = r"([a-z0-9-]+\.)+" if matched["any"] else ""
    host = re.escape(matched["host"])
    return f"{matched['scheme']}://{subdomains}{host}{matched['port'] or ''}"

"""What a tenant is told before something is done to it, as it travels through Temporal."""

from dataclasses import dataclass

__all__ = ["Noticed", "PastDueNotices", "PastDueResult", "TenantNotice"]


@dataclass(frozen=True, slots=True)
class TenantNotice:
    """An action that is about to be taken: what, when, why, and what to do about it."""

    key: str
    """Names the action among all: a notice that is posted again is known as the same."""
    action: str
    """`past_due`, `suspension`, or `left_off`, which tells what already is."""
    tenant_id: str
    """Empty for what the operator alone is told."""
    at: str
    """When it is taken, RFC 3339."""
    what: str
    why: str
    what_to_do: str
    deployment_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Noticed:
    """Whether somebody was told; why not, in words."""

    is_delivered: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PastDueNotices:
    """The invoices about which to tell: due from a day until, and without, another, ISO dates."""

    today: str
    until: str


@dataclass(frozen=True, slots=True)
class PastDueResult:
    """How many invoices were told of, and how many could not be."""

    page_token: str = ""
    told_count: int = 0
    untold_count: int = 0
    reason: str = ""
    """Why the last one could not be told."""

    def in_words(self) -> str:
        """In a line; empty where there was nothing to tell."""
        if not self.told_count and not self.untold_count:
            return ""
        words = f"{self.told_count:,} invoices told of before they are past due"
        return f"{words}, {self.untold_count:,} not: {self.reason}" if self.untold_count else words

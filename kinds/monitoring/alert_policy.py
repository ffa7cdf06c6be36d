"""Alert policies of the monitoring: free, but part of the configuration."""

from typing import Final

from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.reducers import alert_receivers, unordered

__all__ = ["ALERT_POLICY"]

ALERT_POLICY: Final = ResourceKind(
    name="alert_policy",
    scope="monitoring:read",
    terraform="digitalocean_monitor_alert",
    added_later=True,
    listing=Listing(
        "/v2/monitoring/alerts",
        "policies",
        "policy",
        source="pydo 0.44, `monitoring.list_alert_policy`",
    ),
    columns=Columns(provider_id="uuid", name="description", region="", statuses=(), created_at=""),
    attrs={
        "type": Attr(Policy.DESIRED),
        "compare": Attr(Policy.DESIRED),
        "value": Attr(Policy.DESIRED),
        "window": Attr(Policy.DESIRED),
        "enabled": Attr(Policy.DESIRED),
        "entities": Attr(Policy.REFERENCE, unordered),
        # Anyone who knows a Slack webhook's URL can post to it.
        "alerts": Attr(Policy.DESIRED, alert_receivers),
    },
    secrets=frozenset({"alerts.slack.url"}),
    rarely_changes=True,
)

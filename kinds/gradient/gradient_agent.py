"""Agents of the Gradient platform, billed by the tokens of their models."""

from typing import Final

from kinds.billing import Billing, Product
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.pricing import Shared
from kinds.reducers import identity_of_model

__all__ = ["GRADIENT_AGENT"]

GRADIENT_AGENT: Final = ResourceKind(
    name="gradient_agent",
    billing=Billing(
        (Product("gradient ai", ("GRAD",), category=("AI and Machine Learning", "AI Platforms")),),
        ("AI and Machine Learning", "Generative AI"),
        also_names=("dedicated_inference",),
    ),
    scope="genai:read",
    terraform="digitalocean_gradientai_agent",
    added_later=True,
    listing=Listing(
        "/v2/gen-ai/agents", "agents", "agent", source="pydo 0.44, `genai.list_agents`"
    ),
    columns=Columns(provider_id="uuid", statuses=("deployment.status",)),
    attrs={
        "description": Attr(Policy.DESIRED),
        "instruction": Attr(Policy.DESIRED),
        "model": Attr(Policy.REFERENCE, identity_of_model),
        "project_id": Attr(Policy.COMPUTED),
        "k": Attr(Policy.DESIRED),
        "max_tokens": Attr(Policy.DESIRED),
        "temperature": Attr(Policy.DESIRED),
        "top_p": Attr(Policy.DESIRED),
        "provide_citations": Attr(Policy.DESIRED),
        "retrieval_method": Attr(Policy.DESIRED),
        "reasoning_effort": Attr(Policy.DESIRED),
        "thinking_token_budget": Attr(Policy.DESIRED),
        "web_fetch_enabled": Attr(Policy.DESIRED),
        "web_search_enabled": Attr(Policy.DESIRED),
        "url": Attr(Policy.COMPUTED),
        "version_hash": Attr(Policy.COMPUTED),
    },
    volatile=frozenset({"updated_at", "route_created_at"}),
    # Its API keys are not in the listing. The headers of its servers contain tokens; the other
    # fields are its appearance and routes, or repeat the catalogue of models.
    left_out=frozenset(
        {
            "chatbot",
            "chatbot_identifiers",
            "if_case",
            "mcp_servers",
            "model_router",
            "route_created_by",
            "route_name",
            "route_uuid",
            "template",
            "user_id",
        }
    ),
    in_flight=frozenset({"STATUS_WAITING_FOR_DEPLOYMENT", "STATUS_DEPLOYING", "STATUS_BUILDING"}),
    monthly_price=Shared("unknown: depends on the tokens of its model"),
)

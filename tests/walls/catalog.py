"""The catalog's things of a tenant, and how each RPC is asked for another's."""

from services.common.settings import Service
from tests.walls.wall import Wall

__all__ = ["WALL"]

WALL = Wall(
    Service.CATALOG,
    unanswered=frozenset(
        {
            "DeploymentService/ListDeployments",
            "DeploymentService/GetDeployment",
            "DeploymentService/CreateDeployment",
            "DeploymentService/UpdateDeployment",
            "DeploymentService/TransitionDeployment",
            "DeploymentService/ListDeploymentEvents",
            "QuoteService/GetQuote",
            "QuoteService/VerifyQuote",
            "QuoteService/CompareQuotes",
            "SubscriptionService/Subscribe",
            "SubscriptionService/ListSubscriptions",
            "SubscriptionService/GetSubscription",
            "SubscriptionService/ChangePlan",
            "SubscriptionService/AttachAddon",
            "SubscriptionService/DetachAddon",
            "SubscriptionService/PauseSubscription",
            "SubscriptionService/ResumeSubscription",
            "SubscriptionService/CancelSubscription",
        }
    ),
)

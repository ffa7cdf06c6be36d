"""The analytics' things of a tenant, and how each RPC is asked for another's."""

from services.common.settings import Service
from tests.walls.wall import Wall

__all__ = ["WALL"]

WALL = Wall(
    Service.ANALYTICS,
    unanswered=frozenset(
        {
            "BillingProfileService/GetBillingProfile",
            "InvoiceService/ListInvoices",
            "InvoiceService/GetInvoice",
            "InvoiceService/ListInvoiceLines",
            "InvoiceService/TraceInvoiceLine",
            "InvoiceService/DownloadInvoice",
            "InvoiceService/ListCreditNotes",
            "InvoiceService/GetCreditNote",
            "InvoiceService/VerifyInvoice",
            "UsageService/ListDailyUsage",
            "UsageService/ListUsageFacts",
        }
    ),
)

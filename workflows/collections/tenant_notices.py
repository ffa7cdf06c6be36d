"""Posts notices of planned actions to tenants; an undelivered notice does not fail the run."""

from collections.abc import Awaitable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.flows import TaskQueue
    from workflows.collections.activities.dunning import TenantNoticeActivities
    from workflows.collections.payloads import Noticed, TenantNotice
    from workflows.durable.reasons import reason_of
    from workflows.durable.timeouts import short

__all__ = ["delivered", "notify_tenant"]


async def delivered(posting: Awaitable[Noticed]) -> Noticed:
    """The result of posting a notice, whose failure does not fail the run."""
    try:
        return await posting
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        return Noticed(is_delivered=False, reason=reason_of(error))


async def notify_tenant(notice: TenantNotice, *, time_limit: timedelta) -> Noticed:
    """Posts a notice, and retries until the time limit; whether it was delivered."""
    posting = short(time_limit).run(
        TenantNoticeActivities.post_tenant_notice,
        notice,
        f"post the notice: {notice.action}",
        task_queue=TaskQueue.INVOICING,
    )
    return await delivered(posting)

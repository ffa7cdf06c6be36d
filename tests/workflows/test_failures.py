"""Temporal retries transient failures only."""

from datetime import timedelta

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from providers.digitalocean import errors
from services.common.rpc.requests import current_request_id
from workflows.durable.errors import as_failures


def failure_of(error: Exception) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught, as_failures():
        raise error
    return caught.value


def rpc_error(code: grpc.StatusCode) -> AioRpcError:
    return AioRpcError(code, Metadata(), Metadata(), details="said so")


@pytest.mark.parametrize(
    "error", [errors.CredentialsRefused, errors.AccessDenied, errors.MalformedAnswer,
              errors.PagingLoop, errors.NotFound, errors.RequestRefused]
)  # fmt: skip  # a table
def test_failures_that_need_an_operator_are_not_retried(error: type[errors.ProviderError]) -> None:
    failure = failure_of(error("no"))

    assert failure.non_retryable
    assert failure.type == error.__name__


def test_an_unavailable_provider_is_retried() -> None:
    assert not failure_of(errors.ProviderUnavailable("504")).non_retryable


def test_a_rate_limit_is_retried_when_the_provider_says() -> None:
    failure = failure_of(errors.RateLimited("slow down", 900))

    assert not failure.non_retryable
    assert failure.next_retry_delay == timedelta(seconds=900)


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED])
def test_an_unavailable_service_is_retried(code: grpc.StatusCode) -> None:
    assert not failure_of(rpc_error(code)).non_retryable


@pytest.mark.parametrize(
    "code", [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.PERMISSION_DENIED]
)
def test_a_request_that_a_service_refuses_is_not_retried(code: grpc.StatusCode) -> None:
    failure = failure_of(rpc_error(code))

    assert failure.non_retryable
    assert failure.message == f"the inventory returned {code.name}: said so"


def test_a_failure_names_the_service_that_answered() -> None:
    with pytest.raises(ApplicationError) as caught, as_failures("billing"):
        raise rpc_error(grpc.StatusCode.INVALID_ARGUMENT)

    assert caught.value.type == "BillingRefused"
    assert caught.value.message == "billing returned INVALID_ARGUMENT: said so"


def test_a_service_is_asked_under_the_id_of_the_run() -> None:
    @activity.defn
    def ask() -> str:
        with as_failures():
            return current_request_id()

    environment = ActivityEnvironment()
    assert environment.run(ask) == environment.info.workflow_run_id

"""A repeated write is done once and returns the first response; keys are separate per caller."""

import asyncio
from collections.abc import AsyncIterator, Callable

import psycopg
import pytest
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from sqlalchemy import text

from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import KEPT_DAYS, once, table_for
from services.common.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    OutcomeUnknown,
    Unavailable,
)
from services.common.identity.callers import OPERATOR_ROLE, Caller, set_caller
from services.common.rpc.requests import set_idempotency_key
from services.common.settings import Service
from tests.support.databases import PostgresServer
from tests.support.lost_commits import losing_commits

ANNA = Caller("anna", "acme", frozenset())
BERT = Caller("bert", "acme", frozenset())
ANNA_OF_GLOBEX = Caller("anna", "globex", frozenset())
OPERATOR = Caller("anna", None, frozenset({OPERATOR_ROLE}))


class Shop:
    """A service whose one write counts how often it was done."""

    def __init__(self, database: Database, admin_url: str) -> None:
        self._database = self.database = database
        self.admin_url = admin_url

    async def create(
        self, slug: str, *, by: Caller = ANNA, key: str = "", header: str = "", fail: bool = False
    ) -> str:
        set_caller(by)
        set_idempotency_key(header)
        request = pb.CreateDeploymentRequest(slug=slug, request_id=key)
        return (await self.create_deployment(request, fail=fail)).deployment.id

    @once
    async def create_deployment(
        self, session: WriteSession, request: pb.CreateDeploymentRequest, *, fail: bool
    ) -> pb.CreateDeploymentResponse:
        done = await session.execute(text("INSERT INTO done DEFAULT VALUES RETURNING id"))
        if fail:
            raise FailedPrecondition("not now", reason="NOT_NOW")
        answer = pb.CreateDeploymentResponse()
        answer.deployment.id = str(done.scalar_one())
        return answer

    def count(self, table: str) -> int:
        with psycopg.connect(self.admin_url) as connection:
            row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert row is not None
        return int(row[0])

    def age(self, days: int) -> None:
        with psycopg.connect(self.admin_url) as connection:
            connection.execute(
                "UPDATE idempotency_keys SET created_at = now() - make_interval(days => %s)",
                (days,),
            )


@pytest.fixture
async def shop(
    postgres: PostgresServer, fresh_database: Callable[[Service], str]
) -> AsyncIterator[Shop]:
    url = fresh_database(Service.CATALOG)
    admin_url = postgres.url(url.rsplit("/", 1)[1])
    with psycopg.connect(admin_url, autocommit=True) as owner:
        owner.execute("DROP TABLE IF EXISTS idempotency_keys")
        owner.execute(table_for("catalog"))
        owner.execute("CREATE TABLE done (id serial); GRANT ALL ON done, done_id_seq TO catalog")
    database = Database(url, application_name="catalog", pool_size=5)
    yield Shop(database, admin_url)
    await database.close()


async def test_the_same_key_with_the_same_body_gives_the_same_answer(shop: Shop) -> None:
    first = await shop.create("web", key="k")
    assert await shop.create("web", key="k") == first
    assert shop.count("done") == 1


async def test_the_key_in_the_header_means_the_same_as_the_one_in_the_message(shop: Shop) -> None:
    first = await shop.create("web", header="k")
    assert await shop.create("web", key="k") == first


async def test_without_a_key_each_call_is_done(shop: Shop) -> None:
    assert await shop.create("web") != await shop.create("web")
    assert shop.count("idempotency_keys") == 0


async def test_the_same_key_with_another_body_is_a_conflict_and_changes_nothing(shop: Shop) -> None:
    await shop.create("web", key="k")
    with pytest.raises(AlreadyExists) as refused:
        await shop.create("api", key="k")
    assert refused.value.reason == "IDEMPOTENCY_KEY_REUSED"
    assert shop.count("done") == 1


async def test_nobody_gets_the_response_of_anothers_key(shop: Shop) -> None:
    answers = [
        await shop.create("web", key="k", by=caller)
        for caller in (ANNA, BERT, ANNA_OF_GLOBEX, OPERATOR)
    ]
    assert len(set(answers)) == 4


async def test_calls_with_one_key_at_the_same_time_are_done_once(shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.create("web", key="k") for _ in range(5)))
    assert len(set(answers)) == 1
    assert shop.count("done") == 1


async def test_a_refused_request_leaves_its_key_unused(shop: Shop) -> None:
    with pytest.raises(FailedPrecondition):
        await shop.create("web", key="k", fail=True)
    assert shop.count("idempotency_keys") == 0
    await shop.create("web", key="k")
    assert shop.count("done") == 1


async def test_a_lost_commit_response_is_reported_and_a_key_makes_it_idempotent(
    shop: Shop, postgres: PostgresServer
) -> None:
    url = shop.database.engine.url
    async with losing_commits(postgres.port) as commits:
        behind = url.set(port=commits.port, drivername="postgresql")
        lossy = Shop(
            Database(behind.render_as_string(hide_password=False), application_name="catalog"),
            shop.admin_url,
        )
        commits.lose_after(0)
        with pytest.raises(OutcomeUnknown):
            await lossy.create("web")
        assert shop.count("done") == 1

        commits.lose_after(0)
        with pytest.raises(Unavailable) as lost:
            await lossy.create("web", key="k")
        assert lost.value.reason == "COMMIT_UNCERTAIN"
        assert await lossy.create("web", key="k") == "2"
        assert shop.count("done") == 2
        await lossy.database.close()


async def test_a_key_is_forgotten_after_its_time(shop: Shop) -> None:
    await shop.create("web", key="old")
    shop.age(KEPT_DAYS - 1)
    await shop.create("web", key="new")
    assert shop.count("idempotency_keys") == 2
    shop.age(KEPT_DAYS + 1)
    await shop.create("web", key="newest")
    assert shop.count("idempotency_keys") == 1


@pytest.mark.parametrize("key", ["a b", "é", "x" * 256, "\t"])
async def test_a_malformed_key_is_refused_with_its_name(shop: Shop, key: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await shop.create("web", key=key)
    assert refused.value.violations[0].field == "request_id"
    with pytest.raises(InvalidArgument) as refused:
        await shop.create("web", header=key)
    assert refused.value.violations[0].field == "idempotency-key"

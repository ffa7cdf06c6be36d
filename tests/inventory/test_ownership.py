"""Ownership: explicit before tag before project, and never a guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inventory.resources.rules.ownership import (
    NOBODY,
    DeploymentName,
    KnownDeployment,
    Ownership,
    OwnershipSource,
    decide,
    deployment_name_of,
)

EXPLICIT = Ownership("acme", "shop", OwnershipSource.EXPLICIT)
SLUGS = st.text("abc-", min_size=1, max_size=5)
TAGS = st.lists(
    SLUGS | SLUGS.map(lambda s: f"tenant:{s}") | SLUGS.map(lambda s: f"deployment:{s}"),
    max_size=5,
)


@pytest.mark.parametrize(
    ("tags", "project", "owner"),
    [
        ([], None, (None, None, "")),
        (["web", "blue"], None, (None, None, "")),
        (["tenant:acme"], None, ("acme", None, "tag")),
        (["tenant:acme", "deployment:blog"], None, ("acme", "blog", "tag")),
        (["tenant:acme"], "globex", ("acme", None, "tag")),
        (["deployment:blog"], "globex", ("globex", "blog", "tag")),
        (["deployment:blog"], None, (None, None, "")),
        ([], "globex", ("globex", None, "project")),
        (["tenant:acme", "tenant:globex"], "initech", (None, None, "")),
        (["tenant:acme", "deployment:a", "deployment:b"], None, (None, None, "")),
        (["tenant:"], None, (None, None, "")),
    ],
)
def test_tags_come_before_the_project_and_contradictions_give_nobody(
    tags: list[str], project: str | None, owner: tuple[str | None, str | None, str]
) -> None:
    decided = decide(NOBODY, tags, project)
    assert (decided.tenant_id, decided.deployment_id, decided.source) == owner


@given(TAGS, st.none() | SLUGS)
def test_an_explicit_assignment_wins_over_everything(tags: list[str], project: str | None) -> None:
    assert decide(EXPLICIT, tags, project) == EXPLICIT


@given(TAGS, st.none() | SLUGS, TAGS, st.none() | SLUGS)
def test_rules_look_at_what_is_now_not_at_what_they_decided_before(
    old_tags: list[str], old_project: str | None, tags: list[str], project: str | None
) -> None:
    before = decide(NOBODY, old_tags, old_project)
    assert decide(before, tags, project) == decide(NOBODY, tags, project)


@given(TAGS, st.none() | SLUGS)
def test_the_order_of_tags_decides_nothing(tags: list[str], project: str | None) -> None:
    assert decide(NOBODY, tags, project) == decide(NOBODY, reversed(tags), project)


@given(TAGS, st.none() | SLUGS)
def test_a_tenant_is_one_that_a_tag_or_the_project_names(
    tags: list[str], project: str | None
) -> None:
    tenant = decide(NOBODY, tags, project).tenant_id
    assert tenant is None or tenant == project or f"tenant:{tenant}" in tags


@pytest.mark.parametrize(
    ("tags", "project", "named"),
    [
        (["deployment:shop"], None, None),
        (["deployment:shop"], "acme", DeploymentName("acme", "shop")),
        (["deployment:shop", "tenant:globex"], "acme", DeploymentName("globex", "shop")),
        (["tenant:acme"], None, None),
        (["deployment:shop", "deployment:blog"], None, None),
        (["deployment:shop", "tenant:acme", "tenant:globex"], None, None),
        (["deployment:no_slug"], None, None),
    ],
)
def test_the_deployment_named_by_tags_is_looked_up_in_the_catalog(
    tags: list[str], project: str | None, named: DeploymentName | None
) -> None:
    assert deployment_name_of(tags, project) == named


@given(TAGS, st.none() | SLUGS)
def test_a_known_deployment_decides_just_where_tags_name_it(
    tags: list[str], project: str | None
) -> None:
    named = deployment_name_of(tags, project)
    known = {named: KnownDeployment("its-tenant", "its-id")} if named else {}
    decided = decide(NOBODY, tags, project, known)
    if named:
        assert decided == Ownership("its-tenant", "its-id", OwnershipSource.TAG)
    else:
        assert decided == decide(NOBODY, tags, project)

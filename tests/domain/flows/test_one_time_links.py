"""Links to one-time pages: unguessable, short-lived, and gone together once one was used."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from domain import Domain
from domain.flows.pages import PageGone, find_page, open_page, spend_pages
from domain.flows.tables import PageRow
from tests.support.ambient import FakeClock
from tests.support.person import Person


async def flow_id(domain: Domain) -> str:
    person = await Person.arrives(domain, "renrenbao")
    await person.begins()
    flow = await person.flow()
    assert flow is not None
    return flow.id


async def link(domain: Domain, flow: str) -> str:
    async with domain.transaction() as session:
        opened = await open_page(session, domain.parts, flow, ["password"])
    assert opened.path.startswith("/s/")
    return opened.path.removeprefix("/s/")


async def find(domain: Domain, token: str) -> PageRow:
    async with domain.database.reading() as session:
        return await find_page(session, domain.parts, token)


async def test_a_link_leads_to_its_flow_and_carries_192_random_bits(domain: Domain) -> None:
    flow = await flow_id(domain)
    token = await link(domain, flow)
    assert (await find(domain, token)).flow_id == flow
    assert len(token) == 32
    assert token != await link(domain, flow)


async def test_only_the_whole_token_leads_there(domain: Domain) -> None:
    token = await link(domain, await flow_id(domain))
    for other in (token[:-1], token + "=", token.swapcase(), token[1:], "", "%", token.replace(token[0], "_", 1) + "x"):
        with pytest.raises(PageGone):
            await find(domain, other)


async def test_the_links_of_one_flow_end_together_and_others_live_on(domain: Domain) -> None:
    one, other = await flow_id(domain), await flow_id(domain)
    tokens, alive = [await link(domain, one), await link(domain, one)], await link(domain, other)
    async with domain.transaction() as session:
        await spend_pages(session, domain.parts, one)
    for token in tokens:
        with pytest.raises(PageGone):
            await find(domain, token)
    assert (await find(domain, alive)).flow_id == other


async def test_a_link_ends_on_time_whatever_the_clock_does_afterwards(domain: Domain, clock: FakeClock) -> None:
    token = await link(domain, await flow_id(domain))
    clock.forward(minutes=9, seconds=59)
    await find(domain, token)
    clock.forward(seconds=1)
    with pytest.raises(PageGone):
        await find(domain, token)


async def test_of_many_who_use_one_link_at_once_one_succeeds(domain: Domain) -> None:
    flow = await flow_id(domain)
    token = await link(domain, flow)

    async def use() -> None:
        async with domain.transaction() as session:
            await find_page(session, domain.parts, token, to_use=True)
            await asyncio.sleep(0)
            await spend_pages(session, domain.parts, flow)

    outcomes = await asyncio.gather(*(use() for _ in range(6)), return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, PageGone) for outcome in outcomes) == 5


async def test_the_token_itself_is_not_in_the_database(domain: Domain) -> None:
    token = await link(domain, await flow_id(domain))
    async with domain.database.reading() as session:
        assert all(token.encode() not in row.digest for row in await session.scalars(select(PageRow)))

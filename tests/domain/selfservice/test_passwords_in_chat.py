"""A password that is typed into the chat although the page was opened for it."""

from __future__ import annotations

import pytest

from domain import Domain
from tests.domain.selfservice.owners import PHONE, owner
from tests.support.person import Person


@pytest.fixture
async def at_the_page(sqlite_domain: Domain) -> Person:
    person = await owner(sqlite_domain, "xiaohe")
    sqlite_domain.parts.clock.forward(hours=1)  # type: ignore[attr-defined]
    await person.says("忘记密码", wish="reset_password")
    await person.presses("发验证码")
    await person.proves_account(PHONE)
    return person


@pytest.mark.parametrize("typed", ["heron7QiuShui", "新密码是秋水heron7长天", "就用 heron7-river! 吧"])
async def test_it_is_refused_and_the_page_offered_again(at_the_page: Person, typed: str) -> None:
    said = await at_the_page.says(typed, wish="value")
    assert "没有使用" in said[0]["text"]
    assert "重新打开网页" in at_the_page.offers()
    async with at_the_page.domain.transaction() as session:
        from domain.messaging.tables import ConversationRow
        from domain.messaging.turn import Turn

        conversation = await session.get_one(ConversationRow, at_the_page.conversation_id)
        assert await at_the_page.domain.conversations.gives_password(Turn(session, conversation), typed)


async def test_words_without_figures_are_no_password(at_the_page: Person) -> None:
    said = await at_the_page.says("那个网页打不开怎么办呀", wish="repeat")
    assert "没有使用" not in said[0]["text"]

"""What an errand says in a conversation that knows the account, when the account is not active."""

from __future__ import annotations

import pytest

from domain import Domain
from tests.domain.selfservice.owners import PHONE, account_id, owner
from tests.support.person import Person, sms_codes


@pytest.mark.parametrize(
    ("text", "wish"),
    [("忘记密码", "reset_password"), ("看看你们存了我什么", "question"), ("我要注销", "cancel_account")],
)
async def test_the_owner_of_a_frozen_account_hears_that_it_is_frozen_and_gets_no_code(
    sqlite_domain: Domain, text: str, wish: str
) -> None:
    person = await owner(sqlite_domain, "xiaohe")
    account = await account_id(sqlite_domain, "xiaohe")
    before = len(await sms_codes(sqlite_domain, PHONE))
    await sqlite_domain.accounts.freeze(account, by="test")
    # Freezing ends the sessions; this conversation is trusted again once its owner has proven the phone there.
    async with sqlite_domain.transaction() as session:
        await sqlite_domain.parts.accounts.bind(session, account, person.conversation_id)
    said = await person.says(text, wish=wish)
    assert "冻结" in said[0]["text"]
    assert "转人工" in [b["label"] for b in said[0]["buttons"]]
    assert await person.flow() is None
    assert len(await sms_codes(sqlite_domain, PHONE)) == before


async def test_changing_the_password_by_its_name_is_a_reset(sqlite_domain: Domain) -> None:
    person = await Person.arrives(sqlite_domain, "xiaohe")
    said = await person.says("我要改密码", wish="update_profile")
    assert "重设密码" in said[0]["text"]


async def test_a_theft_reported_without_the_phone_says_which_account_was_named(sqlite_domain: Domain) -> None:
    await owner(sqlite_domain, "xiaohe")
    person = await Person.arrives(sqlite_domain, "xiaohe")
    await person.says("账号被盗了", wish="report_stolen_account")
    await person.says(PHONE)
    await person.presses("手机也丢了")
    await person.says("13900139000")
    await person.presses("不填")
    (request,) = await sqlite_domain.requests.list("xiaohe")
    assert request.words["account"] == f"phone +86{PHONE}"
    assert request.account_id is None

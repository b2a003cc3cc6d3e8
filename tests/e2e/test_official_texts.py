"""The operators' own texts, imported: the same way with their authorisation, and none without it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import aiohttp
import pytest

from tests.e2e.books import books_of
from tests.e2e.client import Person, words_of
from tests.e2e.engine import Bench
from tests.e2e.fragile import Fragile
from tests.e2e.people import WHO
from tests.e2e.platforms import OFFICIAL, authorised, official
from tests.e2e.product import Home
from tests.e2e.proofs import assert_proven
from tests.e2e.wording import says

PLATFORMS = ("rencai", "renrenbao", "weigongbao", "xiaohe", "zhiyonggong")
# What a reviewer of the draft left in a file: a line with the name, a line with the remark.
REMARK = re.compile(r"\n[^\n]+\n【第.类批注】[^\n]*")
LONGEST_NUMBER = 12
pytestmark = pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the official texts (../shared/agreements) are not here")


@pytest.fixture(scope="module")
def authorised_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fragile]:
    """Every official text in force, every operator's authorisation named."""
    folder = tmp_path_factory.mktemp("official")
    app = Fragile(folder / "home", PLATFORMS=authorised(folder / "platforms", *PLATFORMS))
    publish(app, *PLATFORMS)
    yield app.start()
    app.kill()


@pytest.mark.parametrize(("platform", "who"), WHO)
async def test_someone_registers_on_the_official_text_and_every_quote_stands_in_it(
    platform: str, who: str, authorised_app: Fragile, http: aiohttp.ClientSession
) -> None:
    person = await Person.arrives(http, authorised_app.url, platform)
    await person.registers(who)
    async with books_of(authorised_app) as books:
        receipt = await assert_proven(books, http, person, platform)
    assert receipt["agreement"]["source"] == "official"
    quotes = list(quotes_shown(person))
    assert len(quotes) > 5
    for quote in quotes:
        assert_stands_in(quote, platform)
    assert not any("批注" in words_of(message) for message in person.messages)


async def test_an_official_text_imported_and_published_by_command_is_explained_but_registers_nobody_unauthorised(
    bench: tuple[Bench, Fragile], http: aiohttp.ClientSession
) -> None:
    _engine, app = bench
    imported = app.command("agreements", "import", str(official("xiaohe")), "--platform", "xiaohe", "--json")
    assert imported.returncode == 0, imported.stderr
    before = await Person.arrives(http, app.url, "xiaohe")
    assert says(await before.press("我想注册"), "who.ask"), "an imported text counts only once it is published"
    published = app.command("agreements", "publish", "--platform", "xiaohe", "--json")
    assert published.returncode == 0, published.stderr

    person = await Person.arrives(http, app.url, "xiaohe")
    for ask in (person.press("我想注册"), person.say("帮我注册一个账号吧")):
        assert says(await ask, "registration.not_authorised")
    await person.say("泄露了我的信息谁负责")
    (quote, *_) = person.card["quotes"]
    assert_stands_in(quote["quote"], "xiaohe")
    await person.say("我想看看协议全文")
    (address,) = re.findall(r"https?://\S+/a/xiaohe", person.told())
    async with http.get(address) as page:
        assert page.status == 200
    async with books_of(app) as books:
        await books.assert_no_consent(person)
        assert await books.entries(person, "served") == []


async def test_whoever_was_reading_when_an_unauthorised_text_comes_into_force_is_not_registered(
    fragile: Fragile, http: aiohttp.ClientSession
) -> None:
    fragile.start()
    person = await Person.arrives(http, fragile.url, "xiaohe")
    await person.comes_to_the_decision()
    agree = person.button(person.agree_label)
    publish(fragile, "xiaohe")
    told = await person.press_token(agree)
    assert says(told, "registration.not_authorised")
    await person.press_token(agree)
    async with books_of(fragile) as books:
        assert "contract" not in await books.decided(person)
        assert await books.accounts(person) == []
        assert (await books.domain.evidence.verify()).ok


def publish(home: Home, *platforms: str) -> None:
    """As an operator does it: by command."""
    for platform in platforms:
        file = str(official(platform))
        for arguments in (("import", file, "--platform", platform), ("publish", "--platform", platform)):
            done = home.command("agreements", *arguments)
            assert done.returncode == 0, done.stderr


def quotes_shown(person: Person) -> Iterator[str]:
    for message in person.messages:
        card = message["card"] or {}
        if card.get("kind") == "clause":
            yield card["quote"]
        if card.get("kind") == "theme":
            yield from (item["quote"] for item in card["items"])


def assert_stands_in(quote: str, platform: str) -> None:
    """Every sentence of a quote is the official text's own; white space, bold type and reviewers' remarks apart."""
    text = "".join(REMARK.sub("", official(platform).read_text()).replace("**", "").split())
    strange = [
        sentence
        for sentence in re.findall(r"[^。；：\n]+[。；：]?", quote)
        if not any(rest in text for rest in _behind_its_number(sentence))
    ]
    assert strange == []


def _behind_its_number(sentence: str) -> list[str]:
    words = sentence.split()
    return ["".join(words[at:]) for at in range(4) if len("".join(words[:at])) <= LONGEST_NUMBER]

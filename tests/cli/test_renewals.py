"""`mingshi agreements publish` and `renewals` where people have agreed to an earlier version."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks.renewals import subscribe
from bot.app import open_domain
from bot.settings import Settings
from tests.cli.conftest import Run


@pytest.fixture
def people(settings: Settings) -> int:
    """So many agreed to xiaohe's text in force."""

    async def fill() -> None:
        async with open_domain(settings) as domain:
            await subscribe(domain, 12, platform="xiaohe")

    asyncio.run(fill())
    return 12


def test_publish_says_how_many_are_asked_and_from_when(mingshi: Run, agreement: Path, people: int) -> None:
    mingshi("agreements", "import", agreement, "--platform", "xiaohe")
    outcome = mingshi("agreements", "publish", "--platform", "xiaohe")
    assert outcome.code == 0
    assert f"{people} people agreed to something else and will be asked" in outcome.out
    records = mingshi("agreements", "list", "--platform", "xiaohe", "--json").json
    assert [(record["version"], record["in_force"]) for record in records] == [(1, True), (2, False)]
    assert records[1]["effective_at"][:10] in outcome.out.replace("\n", " ")


def test_publish_tells_machines_how_many_are_asked(mingshi: Run, agreement: Path, people: int) -> None:
    mingshi("agreements", "import", agreement, "--platform", "xiaohe")
    assert mingshi("agreements", "publish", "--platform", "xiaohe", "--json").json["asked"] == people


def test_too_short_a_notice_is_refused_unless_it_is_urgent(mingshi: Run, agreement: Path, people: int) -> None:
    mingshi("agreements", "import", agreement, "--platform", "xiaohe", "--effective", "2020-01-01")
    refused = mingshi("agreements", "publish", "--platform", "xiaohe")
    assert (refused.code, refused.out) == (1, "")
    assert f"{people} people" in refused.err and "--urgent" in refused.err
    assert mingshi("agreements", "publish", "--platform", "xiaohe", "--urgent", "   ").code == 2
    later = mingshi("agreements", "publish", "--platform", "xiaohe", "--effective", "2999-01-01", "--json").json
    assert later["effective_at"] == "2999-01-01T00:00:00+08:00"


def test_an_urgent_version_counts_at_once(mingshi: Run, agreement: Path, people: int) -> None:
    mingshi("agreements", "import", agreement, "--platform", "xiaohe")
    assert mingshi("agreements", "publish", "--platform", "xiaohe", "--urgent", "法律变了").code == 0
    records = mingshi("agreements", "list", "--platform", "xiaohe", "--json").json
    assert [record["in_force"] for record in records] == [False, True]
    assert mingshi("ledger", "verify").code == 0


def test_renewals_shows_where_people_stand(mingshi: Run, agreement: Path, people: int) -> None:
    assert mingshi("agreements", "renewals", "--platform", "xiaohe").out.strip() == "nobody was asked"
    mingshi("agreements", "import", agreement, "--platform", "xiaohe")
    mingshi("agreements", "publish", "--platform", "xiaohe")
    (counts,) = mingshi("agreements", "renewals", "--platform", "xiaohe", "--json").json
    assert (counts["version"], counts["asked"], counts["planned"], counts["planning"]) == (2, people, 0, True)
    shown = mingshi("agreements", "renewals", "--platform", "xiaohe").out
    assert "planning" in shown and str(people) in shown
    assert mingshi("agreements", "renewals", "--platform", "nope").code == 1

"""What people, strangers, the platform's staff, the clock and crashes can do, a rule each."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain import Conflict
from domain.agreements import parse
from domain.flows.pages import PageGone
from domain.retention import purge
from tests.support.ambient import START
from tests.support.person import ERRAND_TEXTS, Message, chat_answers
from tests.whole_life.invariants import hold
from tests.whole_life.world import (
    MINOR_ID,
    NEW_PHONE,
    OWNER_ID,
    OWNER_PHONE,
    PASSWORDS,
    PLATFORMS,
    SECOND_ID,
    SECOND_PHONE,
    SLEEPER_PHONE,
    UNKNOWN_ACCOUNT,
    UNKNOWN_PHONE,
    Template,
    World,
    links_in,
    visible,
)

ACTORS = ("owner", "second", "attacker")
ERRANDS = sorted(ERRAND_TEXTS)
SPANS = [timedelta(seconds=s) for s in (1, 59, 61, 301)] + [timedelta(minutes=31), timedelta(hours=23)]
SPANS += [timedelta(days=d) for d in (1, 3, 8, 181)]
STEPS_BACK = [timedelta(seconds=1), timedelta(minutes=10), timedelta(hours=6)]
# Earlier the clock does not step: what happened before the example would lie in the future for some and not for others.
EARLIEST = START + timedelta(days=1, hours=12)
LOOKS = {SLEEPER_PHONE: "159****2222", UNKNOWN_PHONE: "158****6666"}

actors = st.sampled_from(ACTORS)
at = st.integers(0, 11)


class WholeLife(RuleBasedStateMachine):
    templates: ClassVar[dict[str, Template]]
    world: World

    @initialize(platform=st.sampled_from(PLATFORMS))
    def begins(self, platform: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="life"))
        self.world = World(self.folder, self.templates[platform], platform)
        self.known = (SLEEPER_PHONE, self.world.template.names["sleeper"], self.world.template.accounts["sleeper"])
        self.unknown = (UNKNOWN_PHONE, _like(self.known[1]), UNKNOWN_ACCOUNT)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                self.run(hold(self.world, at_the_end=True))
            finally:
                self.world.close()
                shutil.rmtree(self.folder)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.world.run(work)

    @invariant()
    def every_promise_is_kept(self) -> None:
        self.world.codes |= {sms.code for sms in self.run(self.world.short_messages())}
        self.run(hold(self.world))

    # --- people go about their business ----------------------------------------------------------------

    @rule(who=actors, errand=st.sampled_from(ERRANDS))
    def wants(self, who: str, errand: str) -> None:
        text, wish = ERRAND_TEXTS[errand]
        self.run(self.world.does(who, {"text": text}, wish))

    def accounts_named(self) -> list[str]:
        template = self.world.template
        return [
            OWNER_PHONE,
            template.names["owner"],
            template.accounts["owner"],
            NEW_PHONE,
            SECOND_PHONE,
            "13700001111",
        ]

    @rule(who=actors, which=at)
    def names_an_account(self, who: str, which: int) -> None:
        named = self.accounts_named()
        self.run(self.world.does(who, {"text": named[which % len(named)]}))

    @rule(
        who=actors,
        text=st.sampled_from(["123456", "000000", "31415", "12 34 56", "验证码是 271828", "没收到，重新发送"]),
    )
    def guesses_a_code_or_asks_for_another(self, who: str, text: str) -> None:
        self.run(self.world.does(who, {"text": text}, "resend"))

    @rule(who=st.sampled_from(["owner", "second"]), back=st.integers(1, 3))
    def types_a_code_they_got(self, who: str, back: int) -> None:
        """The newest, or an older one."""
        codes = self.run(self.world.codes_of(who))
        if codes:
            self.run(self.world.does(who, {"text": codes[-min(back, len(codes))]}))

    @rule(who=st.sampled_from(["owner", "second"]), errand=st.sampled_from(ERRANDS), which=st.integers(0, 2))
    def proves_an_account(self, who: str, errand: str, which: int) -> None:
        """Several steps at once: without them an example seldom gets this far."""
        self.world.passes(timedelta(minutes=31))
        self.wants(who, errand)
        if "发验证码" in self.world.people[who].offers():
            self.presses(who, "发验证码")
        else:
            self.names_an_account(who, which)
        self.types_a_code_they_got(who, 1)
        self.run(self.world.sends_page(who, {"id_tail": OWNER_ID[-6:]}))

    @rule(who=st.sampled_from(["owner", "second"]), phone=st.sampled_from([NEW_PHONE, SECOND_PHONE, OWNER_PHONE]))
    def changes_the_phone(self, who: str, phone: str) -> None:
        self.proves_an_account(who, "change", 0)
        self.presses(who, "手机号")
        self.world.passes(timedelta(seconds=61))
        self.run(self.world.does(who, {"text": phone}))
        self.types_a_code_they_got(who, 1)

    @rule(label=st.sampled_from(["不是我操作", "撤销换号"]), soon=st.booleans())
    def the_owner_objects_to_what_they_hear(self, label: str, soon: bool) -> None:
        self.hears_the_news("owner")
        self.world.passes(timedelta(hours=1 if soon else 25))
        self.presses("owner", label)

    @rule(phone=st.sampled_from([SECOND_PHONE, OWNER_PHONE, NEW_PHONE]), number=st.sampled_from([SECOND_ID, MINOR_ID]))
    def the_second_person_registers(self, phone: str, number: str) -> None:
        self.world.passes(timedelta(minutes=31))
        self.run(self.world.does("second", {"text": phone}))
        for _ in range(7):
            self.answers_the_question("second")
        self.run(self.world.sends_page("second", _page(PASSWORDS[0], number)))

    @rule(who=st.sampled_from(["owner", "second"]))
    def answers_the_question(self, who: str) -> None:
        """Whatever is asked, a fitting answer in the chat; the first button where nothing is to be typed."""
        person = self.world.people[who]
        answers = {"phone": SECOND_PHONE, "account_name": OWNER_PHONE, "story": "不是我登录的", "date": "2026年3月3日"}
        answers |= {"contact": NEW_PHONE, "to_whom": "我的同事", "reason": "换了工作"}
        answers |= chat_answers(person.conversation_id)
        answers |= {"login_name": "sunny_wang8", "member_name": "晴天小王", "email": "sunny.wang@example.com"}
        expects = person.last["expects"]
        if expects == "sms_code":
            self.types_a_code_they_got(who, 1)
        elif expects in answers:
            self.run(self.world.does(who, {"text": answers[expects]}))
        else:
            token = self.world.first_token(who)
            assert token is not None
            self.run(self.world.does(who, {"button": token}))

    @rule(
        who=st.sampled_from(["owner", "second"]),
        password=st.sampled_from(PASSWORDS),
        careful=st.booleans(),
        number=st.sampled_from([OWNER_ID, SECOND_ID, MINOR_ID]),
    )
    def sends_the_page(self, who: str, password: str, careful: bool, number: str) -> None:
        outcome = self.run(self.world.sends_page(who, _page(password, number), wrong=not careful))
        if outcome is not None and not careful and "password" in outcome.errors:
            assert outcome.errors["password"][0] == "password_differs"

    @rule(who=st.sampled_from(["owner", "second"]), password=st.sampled_from(PASSWORDS))
    def forgets_the_password_and_sets_a_new_one(self, who: str, password: str) -> None:
        """The whole errand."""
        self.world.passes(timedelta(minutes=31))
        self.proves_an_account(who, "reset_password", 0)
        self.run(self.world.sends_page(who, _page(password, OWNER_ID)))

    @rule(who=st.sampled_from(["owner", "second"]))
    def closes_the_account(self, who: str) -> None:
        self.proves_an_account(who, "cancel", 2)
        for label in ("确认注销", "申请注销"):
            self.presses(who, label)

    @rule()
    def takes_a_consent_back(self) -> None:
        self.run(self.world.does("owner", {"text": "撤回同意"}, "withdraw_consent"))
        offers = [label for label in self.world.people["owner"].offers() if label.startswith("撤回「")]
        if offers:
            self.presses("owner", offers[0])
            self.presses("owner", "确定撤回")

    @rule(
        label=st.sampled_from(["不是我操作", "撤销换号", "手机也丢了", "不办了，删掉", "换个账号", "重新发送"]),
        who=actors,
    )
    def presses_a_button_by_its_name(self, label: str, who: str) -> None:
        self.presses(who, label)

    def presses(self, who: str, label: str) -> None:
        token = self.world.label_token(who, label)
        if token is not None:
            self.run(self.world.does(who, {"button": token}))

    @rule(who=actors, which=at)
    def presses_something(self, who: str, which: int) -> None:
        token = self.world.token(who, which)
        if token is not None:
            self.run(self.world.does(who, {"button": token}))

    @rule(who=actors, which=st.integers(0, 500))
    def presses_an_old_button(self, who: str, which: int) -> None:
        token = self.world.old_token(who, which)
        if token is not None:
            self.run(self.world.does(who, {"button": token}))

    @rule(who=st.sampled_from(["owner", "second", "sleeper"]))
    def hears_the_news(self, who: str) -> None:
        self.run(self.world.people[who].is_told())

    @rule(password=st.sampled_from(PASSWORDS), which=at)
    def signs_in_at_the_platform(self, password: str, which: int) -> None:
        world = self.world
        account = world.template.accounts["owner"]
        before = self.run(world.domain.accounts.get(account)).status
        signed = self.run(world.domain.accounts.sign_in(world.platform, "account_id", account, password))
        assert signed.outcome != "ok" or before == "active", f"a {before} account was opened by a password"

    # --- an attacker ---------------------------------------------------------------------------------------

    @rule(which=at)
    def a_stranger_types_a_code_that_was_sent_for_somebody_else(self, which: int) -> None:
        codes = self.run(self.world.codes_for_others("attacker"))
        if codes:
            self.run(self.world.does("attacker", {"text": codes[-1 - which % len(codes)]}))

    @rule(whose=st.sampled_from(["owner", "second"]), which=st.integers(0, 500))
    def a_stranger_presses_somebody_elses_button(self, whose: str, which: int) -> None:
        token = self.world.old_token(whose, which)
        if token is not None:
            foreign = visible(self.run(self.world.does("attacker", {"button": token})))
            assert foreign == visible(self.run(self.world.does("attacker", {"button": "no such token"})))

    @rule(which=at)
    def a_stranger_opens_an_old_link(self, which: int) -> None:
        links = self.world.old_links()
        pages = self.world.domain.pages
        token = links[which % len(links)]
        with pytest.raises(PageGone):
            self.run(pages.show(token))
        with pytest.raises(PageGone):
            self.run(pages.send(token, _page(PASSWORDS[0], OWNER_ID), {}))
        with pytest.raises(PageGone):
            self.run(pages.data(token))

    @rule(which=at)
    def whoever_has_a_link_to_data_sees_no_closed_account(self, which: int) -> None:
        world = self.world
        shown = [t for name in ACTORS for m in world.people[name].messages for t in links_in(m)]
        if not shown:
            return
        try:
            data = self.run(world.domain.pages.data(shown[-1 - which % len(shown)]))
        except PageGone:
            return
        assert self.run(world.domain.accounts.get(data.account_id)).status != "closed"
        assert all(secret not in str(data.values) for secret in PASSWORDS)

    # --- two strangers who do the same, one with what somebody registered, one with what nobody has -----------

    def both(self, pair: str, left: str, right: str, wish: str | None = None) -> None:
        """I8: what they see is the same to the byte."""
        world, seen = self.world, []
        for side, text in (("left", left), ("right", right)):
            said: list[Message] = self.run(world.does(side + pair, {"text": text}, wish))
            seen.append(visible(said, *self.known, *self.unknown, *LOOKS.values(), left, right))
        assert seen[0] == seen[1], "I8: somebody who has registered is answered differently"

    @rule(errand=st.sampled_from(ERRANDS))
    def both_want(self, errand: str) -> None:
        text, wish = ERRAND_TEXTS[errand]
        self.both("", text, text, wish)

    @rule(which=st.integers(0, 2))
    def both_name(self, which: int) -> None:
        self.both("", self.known[which], self.unknown[which])

    @rule(errand=st.sampled_from(ERRANDS), which=st.integers(0, 2))
    def both_ask_for_a_code(self, errand: str, which: int) -> None:
        self.world.passes(timedelta(seconds=61))
        self.both_want(errand)
        self.both_name(which)

    @rule(pair=st.sampled_from(["", " reg"]))
    def both_ask_again(self, pair: str) -> None:
        self.both(pair, "没收到，重新发送", "没收到，重新发送", "resend")

    @rule(pair=st.sampled_from(["", " reg"]), code=st.sampled_from(["141421", "173205", "223606"]))
    def both_guess(self, pair: str, code: str) -> None:
        """Two codes: where a name is asked for, figures may be one, and the two must not name the same."""
        self.both(pair, code, code[::-1])

    @rule()
    def both_register_with_a_phone(self) -> None:
        self.both(" reg", self.known[0], self.unknown[0])

    @rule(pair=st.sampled_from(["", " reg"]), which=at)
    def both_press(self, pair: str, which: int) -> None:
        world, seen = self.world, []
        for side in ("left", "right"):
            token = world.token(side + pair, which)
            said = self.run(world.does(side + pair, {"button": token})) if token else []
            seen.append(visible(said, *self.known, *self.unknown, *LOOKS.values()))
        assert seen[0] == seen[1], "I8: a button shows who has registered"

    # --- the platform's people -----------------------------------------------------------------------------

    @rule(granted=st.booleans())
    def staff_decides_a_request(self, granted: bool) -> None:
        requests = self.world.domain.requests
        for request in self.run(requests.list(self.world.platform))[:1]:
            self.run(requests.decide(request.id, granted=granted, answer="已核实", by="staff"))
            with pytest.raises(Conflict):
                self.run(requests.decide(request.id, granted=not granted, answer="", by="staff"))

    @rule(whose=st.sampled_from(["owner", "sleeper"]), thaw=st.booleans())
    def staff_freezes_or_frees_an_account(self, whose: str, thaw: bool) -> None:
        accounts, account = self.world.domain.accounts, self.world.template.accounts[whose]
        status = self.run(accounts.get(account)).status
        if not thaw:
            self.run(accounts.freeze(account, by="staff"))
        elif status in {"frozen", "suspended"}:
            self.run(accounts.unfreeze(account, by="staff", reason="made sure of the owner"))
        else:
            with pytest.raises(Conflict):
                self.run(accounts.unfreeze(account, by="staff", reason="none"))

    @rule()
    def a_new_version_is_published(self) -> None:
        world = self.world

        async def publish() -> None:
            domain, platform = world.domain, world.platform
            versions = len(await domain.agreements.list(platform))
            raw = domain.platforms.get(platform).sample_bytes.rstrip() + f"第{versions}次补充。\n".encode()
            async with domain.transaction() as session:
                version = await domain.parts.agreements.bring_in(
                    session,
                    platform_id=platform,
                    raw=raw,
                    file_name="new.md",
                    parsed=parse(raw, "new.md"),
                    source="sample",
                )
            await domain.agreements.publish(platform, version.version)

        self.run(publish())

    # --- time and crashes ----------------------------------------------------------------------------------

    @rule(span=st.sampled_from(SPANS))
    def time_passes(self, span: timedelta) -> None:
        self.world.passes(span)

    @rule(span=st.sampled_from(STEPS_BACK))
    def the_clock_steps_back(self, span: timedelta) -> None:
        if self.world.clock.now() - span >= EARLIEST:
            self.world.passes(-span)

    @rule()
    def what_is_old_is_thrown_away(self) -> None:
        world = self.world

        async def clean() -> None:
            async with world.domain.transaction() as session:
                await purge(session, world.domain.parts)
                await world.domain.flows.forget_abandoned(session)
            await world.domain.accounts.remind_inactive()
            await world.domain.renewals.plan()
            await world.domain.renewals.tell()
            await world.domain.evidence.keep_heads()

        self.run(clean())

    @rule()
    def the_process_dies(self) -> None:
        self.run(self.world.dies())

    @rule(who=st.sampled_from(["owner", "second"]), what=st.sampled_from(["code", "button", "errand"]), which=at)
    def the_process_dies_before_it_commits(self, who: str, what: str, which: int) -> None:
        world = self.world
        payload: dict[str, str] = {"text": ERRAND_TEXTS[ERRANDS[which % len(ERRANDS)]][0]}
        codes, token = self.run(world.codes_of(who)), world.token(who, which)
        if what == "code" and codes:
            payload = {"text": codes[-1]}
        elif what == "button" and token is not None:
            payload = {"button": token}

        # The first transaction is the inbox's: what has come in stays, and is handled after the restart.
        self.run(world.loses(lambda: world.does(who, payload), transaction=1))
        self.hears_the_news(who)

    @rule(who=st.sampled_from(["owner", "second"]), password=st.sampled_from(PASSWORDS), send_again=st.booleans())
    def the_process_dies_while_a_page_is_taken(self, who: str, password: str, send_again: bool) -> None:
        world, texts = self.world, _page(password, OWNER_ID)
        self.run(world.loses(lambda: world.sends_page(who, texts), transaction=0))
        if send_again:
            self.run(world.sends_page(who, texts))


def _page(password: str, number: str) -> dict[str, str]:
    """What somebody has ready to type on any page."""
    return {"password": password, "id_number": number, "id_tail": number[-6:], "phone": OWNER_PHONE}


def _like(name: str) -> str:
    """A name of the same form that nobody has."""
    kept, at, rest = name.partition("@")
    return kept[:-3] + "qq7" + at + rest

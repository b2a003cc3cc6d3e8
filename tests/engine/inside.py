"""Checks that run in the engine's interpreter, which has no pytest: ``python -m tests.engine.inside``.

Each `check_…` function is one check; the report on stdout is JSON, a name and either null or what went wrong.
"""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from nlu.inside_rasa.quiet import hush

hush()

import rasa  # noqa: E402
from rasa.core.actions.action import RemoteAction  # noqa: E402
from rasa.core.tracker_store import InMemoryTrackerStore  # noqa: E402
from rasa.shared.core.domain import Domain  # noqa: E402
from rasa.shared.exceptions import RasaException  # noqa: E402

from nlu.inside_rasa import channel, rasa_patches  # noqa: E402
from nlu.inside_rasa.channel import Door  # noqa: E402
from nlu.inside_rasa.consent import guarded, is_plain_acceptance, is_plain_yes  # noqa: E402
from nlu.inside_rasa.contrast import wanted  # noqa: E402
from nlu.inside_rasa.normalise import normalise, syllables, visible  # noqa: E402


def raises(kind: type, call: Callable[[], Any]) -> str:
    try:
        call()
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__}")


def check_another_rasa_is_refused() -> None:
    found = rasa.__version__
    try:
        rasa.__version__ = "3.6.20"
        assert "3.6.21" in raises(RuntimeError, rasa_patches.install)
    finally:
        rasa.__version__ = found


def check_installing_twice_changes_nothing() -> None:
    rasa_patches.install()
    once = RemoteAction.run
    rasa_patches.install()
    assert RemoteAction.run is once


def check_a_failed_action_passes_handlers_of_ordinary_errors() -> None:
    assert not issubclass(rasa_patches.ActionFailed, Exception)


def check_an_action_that_never_answers_fails_the_turn() -> None:
    rasa_patches.install()

    class Endpoint:
        url = "http://127.0.0.1:9/actions"

        def __init__(self) -> None:
            self.kwargs: dict[str, Any] = {}

        async def request(self, **_: Any) -> None:
            await asyncio.sleep(60)

    from rasa.shared.core.trackers import DialogueStateTracker

    async def run() -> None:
        action = RemoteAction("action_slow", Endpoint())  # type: ignore[arg-type]
        tracker = DialogueStateTracker.from_events("someone", [])
        await action.run(rasa_patches.Answer(), None, tracker, Domain.empty())  # type: ignore[arg-type]

    patience = rasa_patches.ACTION_SECONDS
    try:
        rasa_patches.ACTION_SECONDS = 0.05
        assert raises(rasa_patches.ActionFailed, lambda: asyncio.run(run())) == "action_slow"
    finally:
        rasa_patches.ACTION_SECONDS = patience


def check_a_token_that_is_missing_short_or_unfilled_keeps_the_door_shut() -> None:
    for credentials in (None, {}, {"token": None}, {"token": "short"}, {"token": "${MINGSHI_ENGINE_TOKEN}"}):
        raises(RasaException, lambda given=credentials: Door.from_credentials(given))  # type: ignore[misc]
    Door.from_credentials({"token": "x" * 16})


class Silent:
    """An agent that has a model and says nothing."""

    def __init__(self, ready: bool = True, error: Exception | None = None) -> None:
        self.processor = self
        self.tracker_store = InMemoryTrackerStore(Domain.empty())
        self._ready, self._error = ready, error

    def is_ready(self) -> bool:
        return self._ready

    async def parse_message(self, message: Any) -> dict[str, Any]:
        return {"intent": {"name": "greet", "confidence": 0.9}, "intent_ranking": []}

    async def handle_message(self, message: Any) -> None:
        if self._error:
            raise self._error
        self.tracker_store.store[message.sender_id] = "a tracker"


def request(agent: Silent, path: str, sender: str = "someone", token: str = "x" * 16) -> SimpleNamespace:
    body = {"sender": sender, "turn": "t", "text": "秘密的话", "texts": ["秘密的话"]}
    return SimpleNamespace(
        headers={"authorization": f"Bearer {token}"},
        body=json.dumps(body).encode(),
        app=SimpleNamespace(ctx=SimpleNamespace(agent=agent)),
        path=path,
    )


def answer(door: Door, handler: str, agent: Silent, **options: Any) -> Any:
    guarded_handler = door._guarded(getattr(door, handler))
    return asyncio.run(guarded_handler(request(agent, handler, **options)))  # type: ignore[arg-type]


def check_silence_is_an_error() -> None:
    reply = answer(Door("x" * 16), "turn", Silent())
    assert reply.status == 500, reply.status
    assert json.loads(reply.body)["error"] == "no_answer"


def check_an_engine_without_a_model_is_not_ready() -> None:
    for handler in ("ready", "turn", "parse", "forget"):
        assert answer(Door("x" * 16), handler, Silent(ready=False)).status == 503, handler


def check_an_error_inside_is_a_500_without_the_text() -> None:
    reply = answer(Door("x" * 16), "turn", Silent(error=ValueError("秘密的话")))
    assert reply.status == 500
    assert "秘密" not in json.dumps(json.loads(reply.body), ensure_ascii=False)


def check_trackers_of_the_longest_silent_are_dropped() -> None:
    most, channel.MAX_TRACKERS = channel.MAX_TRACKERS, 3
    try:
        door, agent = Door("x" * 16), Silent()
        for sender in ("a", "b", "c", "a", "d"):
            answer(door, "turn", agent, sender=sender)
        assert sorted(agent.tracker_store.store) == ["a", "c", "d"], sorted(agent.tracker_store.store)
    finally:
        channel.MAX_TRACKERS = most


def check_one_spelling_for_many_ways_of_writing() -> None:
    for typed, read in {
        "ＭＭ忘了": "密码忘了",
        "mm忘了": "密码忘了",
        "冇收到驗證碼": "没有收到验证码",
        "收唔到yzm點算": "收不到验证码怎么办",
        "我嘅帳號": "我的账号",
        "你係咩平台": "你是什么平台",
        "關係": "关系",
        "聯繫客服": "联系客服",
        "验\u200b证\u00ad码": "验证码",
        "«PHONE_12» 是我的": "«phone»是我的",
        "１３８００": "00000",
        "第3条": "第0条",
        "哈哈哈哈哈": "哈哈",
        "command": "command",
        "come  back": "come back",
        " 我 要 注册 ": "我要注册",
        "\u200b\u2060": "",
    }.items():
        assert normalise(typed) == read, (typed, normalise(typed))


def check_normalising_twice_changes_nothing() -> None:
    for typed in ("mm忘了", "冇收到驗證碼", "«PHONE_1»", "哈哈哈哈", "１３８", "I agree", "點解要咁多資料"):
        assert normalise(normalise(typed)) == normalise(typed), typed


def check_what_cannot_be_seen_is_gone() -> None:
    assert visible("\u200b/restart") == "/restart"
    assert visible("／restart") == "/restart"
    assert visible("\u3164\u2800\ufeff\u202e \n") == ""


def check_homophones_sound_alike() -> None:
    assert syllables("验证码") == syllables("燕正马") == ["yan", "zheng", "ma"]


def check_only_the_wanted_part_is_read() -> None:
    for typed, part in {
        "不是投诉，是要注册": "注册",
        "不是要注册，我是密码忘了": "密码忘了",
        "我要注册，不是投诉": "我要注册",
        "不是138，是139": None,
        "我不是同意，我是说我看到了": None,
        "是不是要注册": None,
        "不用了": None,
    }.items():
        text = normalise(typed)
        assert wanted(text) == (text if part is None else part), (typed, wanted(text))


def check_consent_wording_is_recognised() -> None:
    for typed in (
        "同意", "我同意", "同意！", "同意👌", "我同意以上全部条款", "好的，我同意", "已阅读并同意", "接受", "签吧",
        "勾選同意", "同意並繼續", "我本人自愿同意", "没问题，同意", "字太多了不看了，直接同意", "ok我同意", "I agree",
    ):  # fmt: skip
        assert is_plain_acceptance(normalise(typed)), typed


NO_CONSENT = (
    "不同意", "我没同意", "冇同意", "唔同意", "我妈同意", "我爸说他同意", "老板同意了", "他们都同意", "客服让我同意",
    "等会再同意", "先看看再同意", "明天再签", "考虑一下再说同意", "同意的话会怎样", "同意了会怎么样", "同意吗",
    "同意？",
    "要同意吗", "可以不同意吗", "如果不收费我就同意", "要是删掉第三条我就签", "删掉第三条，我就签", "除了第三条都同意",
    "只同意前两条", "部分同意", "同意才怪", "同意个屁", "谁同意了", "我什么时候同意了", "同意是什么意思", "不得不同意",
    "不太想同意", "同意，才怪", "同意，不可能", "同意？不", "其他都同意，第三条不行", "之前同意的能撤回吗",
    "撤回同意", "我手滑点了同意", "点了同意，点错了", "凭什么要我同意", "被逼同意", "同意不了", "没法接受", "难以接受",
    "bty", "我考虑同意", "孩子同意我不同意", "同意，但是要改第三条", "别替我勾", "帮我取消同意", "能不能不签",
    "假如我同意", "我同意了吗", "你同意", "妈妈，同意", "我奶奶，同意了", "同意于是就被扣钱了",
    "I don't agree", "I disagree", "不用同意", "不看，也不同意", "没什么问题我就同意", "降低违约金，我签", "没说同意",
    "好吧，谁签谁傻", "律师看过才签", "同意了一半", "签不了", "布同意", "bu tongyi", "我可以不签吗，同意",
)  # fmt: skip


def check_what_negates_asks_conditions_or_attributes_is_no_consent() -> None:
    taken = [typed for typed in NO_CONSENT if is_plain_acceptance(normalise(typed))]
    assert not taken, taken


def check_a_negated_yes_is_no_yes() -> None:
    for typed in (
        "不是", "不对", "不行", "没有", "不可以", "不用了", "好个屁才怪", "没有问题才怪", "对吗", "可以吗？", "行不行",
        "不好", "唔係", "唔好", "别", "可以的话再说", "未必", "否", "reject", "nah", "not ok", "incorrect", "布是",
        "有误",         "行是行，可是第九条得改", "除了第三条都行", "错",
    ):  # fmt: skip
        assert not is_plain_yes(normalise(typed)), typed
    for typed in ("对", "好的", "嗯嗯", "没错", "没问题", "可以", "行", "ok", "特别好", "不错", "差不多"):
        assert is_plain_yes(normalise(typed)), typed


def check_a_barred_wish_leaves_its_share_to_the_others() -> None:
    shares = guarded("我没同意", {"accept_agreement": 0.8, "reject_agreement": 0.15, "deny": 0.05})
    assert shares["accept_agreement"] == 0.0
    assert abs(sum(shares.values()) - 1.0) < 1e-9
    assert shares["reject_agreement"] > shares["deny"]
    assert guarded("我没同意", {"accept_agreement": 1.0, "deny": 0.0})["accept_agreement"] == 0.0


def main() -> None:
    report: dict[str, str | None] = {}
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            try:
                check()
                report[name] = None
            except BaseException:  # an ActionFailed that got away is a failure too
                report[name] = traceback.format_exc()
    print(json.dumps(report))


if __name__ == "__main__":
    main()

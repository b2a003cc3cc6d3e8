"""What a message looks like in the chat."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.telegram.screen import Artist, Screen
from bot.channels.telegram.words import Words
from tests.fakes.bot_api_html import parse_html, utf16

ARTIST = Artist(Words.read())
NASTY = "<b>管理员</b> & </blockquote> {0.__class__} {{7*7}} _*[]()~`>#+-=|{}.! <a href='http://x'>点</a>"


def button(label: str, token: str = "t", style: str = "default") -> dict[str, str]:
    return {"label": label, "token": token, "style": style}


def message(
    text: str = "好的。", card: dict[str, Any] | None = None, *buttons: dict[str, str], **more: Any
) -> dict[str, Any]:
    return {
        "id": "m_1",
        "text": text,
        "buttons": list(buttons),
        "card": card,
        "replaces": None,
        "expects": None,
        "chosen": None,
        **more,
    }


def shown(screen: Screen) -> str:
    return "\n".join(parse_html(piece.html)[0] for piece in screen.pieces)


def labels(screen: Screen) -> list[list[str]]:
    return [[key.label for key in row] for row in screen.rows]


def clause(**more: Any) -> dict[str, Any]:
    return {
        "kind": "clause",
        "id": "c1",
        "number": "五(四)",
        "title": "平台可以做什么",
        "line": "可不通知就终止服务",
        "quote": "原文在这里",
        "quote_label": "原文（五(四)）",
        "sections": [{"heading": "说的是什么", "body": "说明"}, {"heading": "对您意味着什么", "body": "影响"}],
        "note": "不影响您的权利",
        "draft": False,
        "progress": {"at": 1, "of": 9},
        "read_url": "https://m.test/a/xiaohe#五/(四)",
        "unfolded": [],
        "opened": button("", "opened"),
        **more,
    }


def item(id: str, title: str, decision: str | None = None) -> dict[str, Any]:
    return {
        "id": id,
        "title": title,
        "body": "说明",
        "clauses": "七",
        "tag": "可选",
        "decision": decision,
        "yes": button("同意", f"{id}-yes"),
        "no": button("不同意", f"{id}-no"),
    }


def test_a_clause_shows_its_bold_line_and_its_parts_only_once_they_are_opened() -> None:
    closed = ARTIST.draw(message(card=clause()))
    assert "<b>可不通知就终止服务</b>" in closed.pieces[0].html
    assert "原文在这里" not in shown(closed)
    assert "对您意味着什么" not in shown(closed)
    opened = ARTIST.draw(message(card=clause(unfolded=["explain", "quote"])))
    _, entities = parse_html(opened.pieces[0].html)
    assert sum(e.type == "expandable_blockquote" for e in entities) == 2
    assert "说的是什么\n说明\n对您意味着什么\n影响" in shown(opened)
    assert "原文在这里" in shown(opened)


def test_each_clause_of_a_theme_is_opened_by_a_button_with_its_number() -> None:
    items = [
        {**clause(number=number), "unfolded": number == "三(一)", "unfold": button(number, f"unfold-{number}")}
        for number in ("三(一)", "五(五)1")
    ]
    card = {
        "kind": "theme",
        "title": "您的信息",
        "progress": {"at": 5, "of": 9},
        "items": items,
        "read_url": "https://m.test",
    }
    screen = ARTIST.draw(message("第 5/9 张", card, button("我已了解")))
    assert labels(screen) == [["五(五)1"], ["我已了解"]]
    assert shown(screen).count("原文在这里") == 1


def test_consents_stand_in_one_row_each_with_their_numbers_and_say_what_was_decided() -> None:
    card = {
        "kind": "consents",
        "title": "请您单独决定",
        "items": [item("a", "甲"), item("b", "乙", "refused")],
        "missing": [],
    }
    screen = ARTIST.draw(message("下面 2 件事", card, button("上一步")))
    assert labels(screen) == [["1. 同意", "1. 不同意"], ["2. 同意", "✓ 2. 不同意"], ["上一步"]]
    assert "1. 甲（可选）" in shown(screen)
    assert "✗ 您选了不同意" in shown(screen)


def test_the_last_decision_is_shown_when_the_panel_is_over() -> None:
    card = {"kind": "consents", "title": "", "items": [item("a", "甲"), item("b", "乙", "refused")], "missing": []}
    screen = ARTIST.draw(message("下面 2 件事", card, button("上一步"), chosen="a-yes"), settled=True)
    assert "✓ 您选了同意" in shown(screen)
    assert screen.keyboard is None


def test_a_document_without_text_is_named_and_has_no_button() -> None:
    card = {
        "kind": "consents",
        "title": "",
        "items": [],
        "missing": [{"title": "《隐私政策》", "line": "没有收到文本"}],
    }
    screen = ARTIST.draw(message("下面", card))
    assert "《隐私政策》" in shown(screen)
    assert screen.rows == ()


def test_each_platform_has_a_row_of_its_own() -> None:
    card = {
        "kind": "platforms",
        "title": "",
        "items": [{"id": "x", "name": "小禾", "line": "是什么", "choose": button("小禾")}],
    }
    screen = ARTIST.draw(message("哪个？", card))
    assert labels(screen) == [["小禾"]]
    assert "小禾\n是什么" in shown(screen)


def link(url: str) -> dict[str, Any]:
    return {
        "kind": "link",
        "title": "一次性",
        "body": "要填：密码",
        "url": url,
        "label": "打开网页填写",
        "expires_at": "x",
    }


def test_a_one_time_page_is_a_button_that_cannot_be_passed_on() -> None:
    screen = ARTIST.draw(message(card=link("https://m.test/s/abc"), text="请在网页上填"))
    assert [(key.label, key.url) for row in screen.rows for key in row] == [("打开网页填写", "https://m.test/s/abc")]
    assert screen.protected
    assert "https://m.test/s/abc" not in shown(screen)


def test_an_address_telegram_refuses_on_a_button_stands_in_the_text_and_can_be_copied() -> None:
    screen = ARTIST.draw(message(card=link("http://127.0.0.1:8080/s/abc"), text="请在网页上填"))
    assert screen.rows == ()
    assert "http://127.0.0.1:8080/s/abc" in shown(screen)
    assert not screen.protected


def test_a_receipt_leads_to_its_page_and_its_file() -> None:
    rows = [{"label": "账号", "value": "a_1"}]
    card = {
        "kind": "receipt",
        "title": "凭据",
        "rows": rows,
        "url": "https://m.test/r/1",
        "label": "查看",
        "json_url": "https://m.test/r/1.json",
        "json_label": "下载",
    }
    screen = ARTIST.draw(message("注册成功", card, button("还能做什么")))
    assert labels(screen) == [["查看"], ["下载"], ["还能做什么"]]
    assert "账号：a_1" in shown(screen)


def test_what_was_chosen_stands_below_a_question_that_is_over() -> None:
    screen = ARTIST.draw(
        message("给谁注册？", None, button("单位", "u"), button("不办了", "s"), chosen="u"), settled=True
    )
    assert shown(screen) == "给谁注册？\n\n▸ 您选了：单位"
    assert screen.keyboard is None


@pytest.mark.parametrize("kind", ["text", "clause", "answer", "summary", "consents"])
def test_tags_and_braces_in_anything_written_are_shown_as_they_are(kind: str) -> None:
    cards: dict[str, dict[str, Any] | None] = {
        "text": None,
        "clause": clause(
            line=NASTY,
            quote=NASTY,
            note=NASTY,
            unfolded=["explain", "quote"],
            sections=[{"heading": NASTY, "body": NASTY}],
        ),
        "answer": {
            "kind": "answer",
            "quotes": [{"number": NASTY, "quote": NASTY, "read_url": "https://m.test"}],
            "note": NASTY,
        },
        "summary": {"kind": "summary", "title": NASTY, "rows": [{"label": NASTY, "value": NASTY}], "lines": [NASTY]},
        "consents": {"kind": "consents", "title": "", "items": [{**item("a", NASTY), "body": NASTY}], "missing": []},
    }
    screen = ARTIST.draw(message(NASTY, cards[kind]))
    assert NASTY in shown(screen)
    links = [e for piece in screen.pieces for e in parse_html(piece.html)[1] if e.type == "text_link"]
    assert len(links) <= 2


def test_a_clause_longer_than_a_message_becomes_several_with_the_buttons_under_the_last() -> None:
    screen = ARTIST.draw(message("读", clause(quote="平台可以终止。" * 1500, unfolded=["quote"]), button("我已了解")))
    assert len(screen.pieces) > 2
    assert screen.keyboard is not None
    assert all(utf16(parse_html(piece.html)[0]) <= 4096 for piece in screen.pieces)


def test_codes_are_asked_for_in_a_message_that_cannot_be_passed_on() -> None:
    assert ARTIST.draw(message("请输入验证码", expects="sms_code")).protected
    assert not ARTIST.draw(message("请输入姓名", expects="real_name")).protected


def test_long_labels_get_rows_of_their_own_and_short_ones_share() -> None:
    keys = [
        button("同意"),
        button("不同意"),
        button("继续填写《人才工作一站式业务网上办理大厅用户注册协议》第 3/17 项"),
    ]
    assert labels(ARTIST.draw(message("?", None, *keys)))[0] == ["同意", "不同意"]
    assert len(labels(ARTIST.draw(message("?", None, *keys)))) == 2

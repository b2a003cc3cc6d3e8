"""Text as Telegram's HTML: always taken, never read as tags, never too long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.markup import LIMIT, MAX_ENTITIES, Block, Span, block, link_text, split, units
from tests.fakes.bot_api_html import parse_html, utf16

TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["<b>粗</b>", "</blockquote>", "<a href='x'>", "a & b", "&lt;", "&#60;", "_*[]()~`>#+-=|{}.!", "🎉" * 20]
    ),
)
SPANS = st.builds(Span, TEXTS, st.sampled_from(["", "b", "i"]))
BLOCKS = st.builds(
    Block, st.lists(SPANS, min_size=1, max_size=4).map(tuple), st.sampled_from(["plain", "quote", "folded"])
)
LONG = st.builds(
    lambda text, times: Block((Span("头", "b"), Span(text * times)), "folded"),
    st.text(alphabet="协议。，\n 🎉<&", min_size=1, max_size=9),
    st.integers(1, 2500),
)


@given(st.lists(BLOCKS, max_size=6))
def test_whatever_is_written_is_shown_literally(blocks: list[Block]) -> None:
    for piece in split(blocks):
        shown, _ = parse_html(piece.html)
        assert shown == piece.plain


@given(st.lists(st.one_of(BLOCKS, LONG), min_size=1, max_size=4))
def test_no_piece_is_longer_than_telegram_takes_and_nothing_is_lost(blocks: list[Block]) -> None:
    pieces = split(blocks)
    for piece in pieces:
        shown, entities = parse_html(piece.html)
        assert shown.strip()
        assert utf16(shown) <= LIMIT
        assert len(entities) <= MAX_ENTITIES
    told = "".join(b.plain for piece in pieces for b in piece.blocks)
    wanted = "".join(b.plain for b in blocks)
    assert "".join(told.split()) == "".join(wanted.split())


@given(st.text(max_size=200))
def test_length_is_counted_the_way_telegram_counts(text: str) -> None:
    assert units(text) == utf16(text)


def test_a_folded_explanation_stays_folded_in_every_piece() -> None:
    pieces = split([block("引子"), block(Span("原文", "b"), "\n" + "第一条 平台可以终止服务。" * 500, frame="folded")])
    assert len(pieces) == 2
    for piece in pieces:
        _, entities = parse_html(piece.html)
        assert any(e.type == "expandable_blockquote" for e in entities)


def test_a_long_text_is_cut_between_sentences() -> None:
    first, _second = split([block("平台可以终止服务。" * 500)])
    assert first.plain.endswith("。")


def test_a_short_paragraph_is_not_torn_apart_by_a_long_one_before_it() -> None:
    pieces = split([block("甲" * 4000), block("乙" * 200)])
    assert [piece.plain for piece in pieces] == ["甲" * 4000, "乙" * 200]


def test_a_hundred_entities_are_the_most_one_message_has() -> None:
    pieces = split([block(Span("款", "b")) for _ in range(250)])
    assert [len(piece.blocks) for piece in pieces] == [100, 100, 50]


def test_an_address_with_a_clause_number_is_a_link_to_its_end() -> None:
    assert link_text("https://m.test/a/xiaohe#五/(五)/2 款") == (
        "https://m.test/a/xiaohe#%E4%BA%94/%28%E4%BA%94%29/2%20%E6%AC%BE"
    )
    html = Span("看", url='https://m.test/?a="1"&b=<2>').html
    assert parse_html(html)[0] == "看"

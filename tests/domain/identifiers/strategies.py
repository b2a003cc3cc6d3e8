"""Hypothesis strategies: numbers that are right by construction, and the ways people type them."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from domain.identifiers.checksums import CREDIT_ALPHABET, credit_check_character, id_check_digit

TODAY = date(2026, 6, 3)
SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")
SPOKEN_PLAIN = str.maketrans("0123456789", "〇一二三四五六七八九")
FULL_WIDTH = str.maketrans(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZx",
    "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺｘ",
)
CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")
SEPARATORS = ("", " ", "-", " - ", "\u2014", ".", "\u200b", "\u3000", "\ufeff")
STYLES = (str.maketrans("", ""), SPOKEN, SPOKEN_PLAIN, FULL_WIDTH, CIRCLED)

mobiles = st.builds(
    lambda head, tail: head + f"{tail:08d}",
    st.sampled_from(["130", "135", "138", "139", "150", "158", "159", "176", "177", "180", "186", "188", "189", "199"]),
    st.integers(0, 99_999_999),
)
births = st.integers(0, 110 * 365).map(lambda days: TODAY - timedelta(days=days))
id_numbers = st.builds(
    lambda region, birth, order: (body := f"{region}{birth:%Y%m%d}{order:03d}") + id_check_digit(body),
    st.sampled_from(["110105", "440305", "632801", "810000", "820000", "830000", "931156"]),
    births,
    st.integers(0, 999),
)
credit_codes = st.builds(
    lambda head, region, rest: (body := f"{head}{region}{''.join(rest)}") + credit_check_character(body),
    st.sampled_from(["91", "92", "93", "51", "52", "11", "12", "N2", "N3", "Y1", "A1"]),
    st.sampled_from(["110105", "330106", "440300"]),
    st.lists(st.sampled_from(CREDIT_ALPHABET), min_size=9, max_size=9),
)


@st.composite
def typed(draw: st.DrawFn, numbers: st.SearchStrategy[str]) -> tuple[str, str]:
    """A number and one way of typing it: a script, separators every few digits."""
    number = draw(numbers)
    separator = draw(st.sampled_from(SEPARATORS))
    size = draw(st.integers(2, 6))
    groups = [number[at : at + size] for at in range(0, len(number), size)]
    return number, separator.join(groups).translate(draw(st.sampled_from(STYLES)))

"""Amounts of money as people say them; the value is in yuan."""

from __future__ import annotations

import re
from decimal import Decimal

from domain.identifiers.numerals import NUMERAL, numeral_value
from domain.identifiers.problems import Problem, Refused
from domain.identifiers.spans import Span
from domain.identifiers.text import Reading, read

_FIGURE = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}(?![0-9])|[0-9]{1,12})(?:\.[0-9]{1,4})?"
_WORDS = f"{NUMERAL}{{1,14}}"
_UNIT = "(?:块钱|元钱|元整|块|塊|元|圆|人民币|rmb|cny|yuan|大洋)"
_MORE = "(?:多|来|几|余)?"
_AMOUNT = re.compile(
    # ¥3000, 人民币3000元
    rf"(?:[¥￥$]|人民币|rmb)\s?{_FIGURE}(?:[万w千k])?{_MORE}{_UNIT}?"
    # 3000元, 1.5万, 3千多块, 8k
    rf"|(?<![0-9.A-Za-z]){_FIGURE}\s?(?:[万萬千百]|[wWkK](?![A-Za-z0-9])){_MORE}(?:{_UNIT}|(?![0-9]))(?:[0-9一二三四五六七八九]?毛)?"
    rf"|(?<![0-9.A-Za-z]){_FIGURE}\s?{_MORE}{_UNIT}(?:[0-9一二三四五六七八九](?:毛|角)?)?"
    # 三千五百块, 四千五, 一万多
    rf"|{_WORDS}{_MORE}[万千百]?{_MORE}{_UNIT}(?:[一二三四五六七八九](?:毛|角)?(?!{NUMERAL}))?"
    rf"|(?:[一二三四五六七八九两几]|十[一二三四五六七八九]?|[二三四五六七八九]十[一二三四五六七八九]?)[百千万]{NUMERAL}{{0,8}}多?{_UNIT}?",
    re.IGNORECASE,
)
# After a number without a unit of money these say that it counts something else.
_COUNTS = re.compile(
    r"\s?(?:[个人次条字家天年月日号岁分度遍种件名位张米斤克步倍里户份行样事般瓦吨页]|公里|多人|多个|小时|以上的人)"
)
_SCALE = {"万": 10_000, "萬": 10_000, "w": 10_000, "千": 1000, "k": 1000, "百": 100}
_TOGETHER = re.compile("^一块$")  # 一块办 is "together", only 一块钱 is money
_BARE = re.compile(
    r"(?:工资|月薪|薪水|时薪|日薪|底薪|押金|赔偿金?|欠[我了薪款]?|扣[了我掉]?|赔[我了]?|退[我还]?|[交付收花转充]了|少发了?)"
    r"(?:我|是|了|有|才|大概|大约|共|一共|总共){0,2}\s?([0-9]{2,8}(?:\.[0-9]{1,2})?)"
    r"(?![0-9.A-Za-z元块万千百年月日号点%多个人次天条])"
)


def find_amounts(typed: str | Reading) -> list[Span]:
    """Amounts with their unit words (3000元, 三千五百块, 1.5万); the value is yuan as a plain decimal."""
    reading = typed if isinstance(typed, Reading) else read(typed)
    found = []
    for match in _AMOUNT.finditer(reading.text):
        raw = match[0].rstrip()
        has_unit = re.search(rf"{_UNIT}|[¥￥$]", raw, re.IGNORECASE)
        if not has_unit and (_COUNTS.match(reading.text[match.end() :][:6])):
            continue
        if _TOGETHER.match(raw):
            continue
        value = amount_value(raw)
        if value is not None:
            found.append(Span(value, *reading.span(match.start(), match.start() + len(raw))))
    for match in _BARE.finditer(reading.text):
        start, end = reading.span(match.start(1), match.end(1))
        if all(end <= span.start or start >= span.end for span in found):
            found.append(Span(f"{Decimal(match[1]).normalize():f}", start, end))
    return sorted(found, key=lambda span: span.start)


def amount_value(raw: str) -> str | None:
    """Yuan as a plain decimal string: 1.5万 -> 15000, 三万五 -> 35000, 3000多块 -> 3000; None if unreadable."""
    text = read(raw).text.lower().replace(" ", "")
    tenths = re.search(r"(?<=[块元])([0-9一二三四五六七八九])(?:毛|角)?$", text)
    text = re.sub(rf"{_UNIT}.*$|^(?:[¥￥$]|人民币|rmb)", "", re.sub(r"^(?:[¥￥$]|人民币|rmb)", "", text))
    text = re.sub("[多来余几整]", "", text)
    figure = re.fullmatch(r"([0-9][0-9,]*(?:\.[0-9]+)?)([万萬wk千百]?)", text)
    if figure:
        value = Decimal(figure[1].replace(",", "")) * _SCALE.get(figure[2], 1)
    elif (number := numeral_value(text)) is not None and not text.isascii():
        value = Decimal(number)
    else:
        return None
    if tenths:
        value += Decimal(numeral_value(tenths[1]) or 0) / 10
    return f"{value.normalize():f}"


def parse_amount(text: str) -> Decimal | Refused:
    """The one amount in an answer, in yuan; a bare number counts. Refuses with AMOUNT_FORMAT or TWO_VALUES."""
    values = {span.value for span in find_amounts(text)}
    if len(values) > 1:
        return Refused(Problem.TWO_VALUES)
    value = values.pop() if values else amount_value(text.strip(" 。.!！"))
    return Refused(Problem.AMOUNT_FORMAT) if value is None else Decimal(value)

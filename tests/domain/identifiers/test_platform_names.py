import pytest

from domain.identifiers.platform_names import find_platform, find_platforms

ALIASES = {
    "rencai": ("人才工作一站式业务网上办理大厅", "人才大厅"),
    "xiaohe": ("小禾企服网", "小禾企服", "小禾"),
    "renrenbao": ("人人保",),
    "weigongbao": ("微工宝",),
    "zhiyonggong": ("智用工",),
}


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("我要注册微工宝", "weigongbao"),
        ("微公宝", "weigongbao"),
        ("weigongbao怎么用", "weigongbao"),
        ("小和企服", "xiaohe"),
        ("小禾企服網", "xiaohe"),
        ("小禾", "xiaohe"),
        ("人人宝", "renrenbao"),
        ("仁人保", "renrenbao"),
        ("智勇工", "zhiyonggong"),
        ("之用工", "zhiyonggong"),
        ("人才大厅", "rencai"),
        ("ＷＥＩＧＯＮＧＢＡＯ", "weigongbao"),
    ],
)
def test_a_platform_is_recognised_by_name_by_sound_and_in_letters(text: str, platform: str) -> None:
    assert find_platform(text, ALIASES) == platform


@pytest.mark.parametrize("text", ["人才", "小河边", "用工荒", "保险", "微信", "支付宝", "我要投诉"])
def test_other_words_are_no_platform(text: str) -> None:
    assert find_platforms(text, ALIASES) == []


def test_two_platforms_are_both_found_but_none_is_the_one() -> None:
    text = "微工宝和人人宝哪个好"
    assert [(span.value, text[span.start : span.end]) for span in find_platforms(text, ALIASES)] == [
        ("weigongbao", "微工宝"),
        ("renrenbao", "人人宝"),
    ]
    assert find_platform(text, ALIASES) is None

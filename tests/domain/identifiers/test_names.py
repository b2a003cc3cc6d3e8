import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers.names import comparison_key, display_name, looks_like_name, parse_person_name
from domain.identifiers.problems import Problem, Refused

NAMES = """
王芳 李娜 张伟 欧阳娜娜 司马懿 诸葛亮 王建国 张三 李四 阿卜杜拉·买买提 迪丽热巴•迪力木拉提 陳大文 張學友
黄晓明 周杰伦 高圆圆 马云 谢娜 许晴 于谦 任贤齐 石磊 夏雨 白百何 江一燕 常昊 康辉 施一公 安以轩 齐秦 关之琳
左小青 甘薇 单田芳 车晓 景甜 王一博 李可 刘诗诗 杨桂英 万茜 解晓东 我叫王芳 我是张伟 姓名：李雷
我的名字是韩梅梅 本人王芳 叫李梅 我叫钱多多 我叫王芳。
""".split()  # noqa: SIM905 - a word list reads better so
SENTENCES = """
我要投诉 为什么要 等一下 高兴 谢谢 谢谢你 马上 马上来 周五 周末 查一下 查询 申请 申诉 明白 明白了 好的 同意
不同意 可以 何必呢 时间 方便吗 费用 平台 余额 成功 严重 简单 全部 任何 白天 于是 关闭 路过 文件 金额 万一 应该
容易 强制 相关 王先生 李女士 张总 小王 王某 国家 公司 劳动 许可 农民工 我是农民工 我是法人 我是老板 我是会计
江苏 温州 计算 满意 权利 盖章 步骤 高薪 管理员 怀疑 索赔 利息 马上处理 谢谢您啊 张贴公告 你好 在吗 人工 取消
退出 继续 下一步 返回 不知道 没有 手机号 验证码 钱呢 方法 包吃住 管不管 安装 计划 房东 时候 游戏 明天 段落
毛病 顾客 水电 陈述 黄色 周期 林业 高级 高兴了 许诺 程序 任意 方案 方向 安徽 常常 申报 纪律 成年 路线 司机
应聘 商家 封号 花钱 解释 来人 都行 别催
""".split()  # noqa: SIM905 - a word list reads better so


@pytest.mark.parametrize("text", NAMES)
def test_a_name_is_recognised(text: str) -> None:
    assert looks_like_name(text)


@pytest.mark.parametrize("text", SENTENCES)
def test_a_wish_or_a_word_is_never_taken_for_a_name(text: str) -> None:
    assert not looks_like_name(text)


@pytest.mark.parametrize("dot", "•・．･·‧∙")
def test_every_dot_becomes_the_middle_dot(dot: str) -> None:
    assert parse_person_name(f"张三{dot}李四") == "张三·李四"


@pytest.mark.parametrize(
    "name", ["𠮷田", "张䶮", "㛃青", "\uf9d1六", "王〇", "阿卜杜拉·买买提", "John Smith", "Éric Dupont", "O'Brien"]
)
def test_rare_and_foreign_names_are_kept_as_typed(name: str) -> None:
    assert parse_person_name(name) == name


def test_compatibility_characters_are_folded_only_to_compare() -> None:
    assert parse_person_name("\uf9d1小明") == "\uf9d1小明"
    assert comparison_key("\uf9d1小明") == comparison_key("六小明")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("王", Problem.NAME_TOO_SHORT),
        ("王" * 26, Problem.NAME_TOO_LONG),
        ("王芳1", Problem.NAME_DIGITS),
        ("王芳１", Problem.NAME_DIGITS),
        ("王芳😀", Problem.NAME_EMOJI),
        ("http://x.cn", Problem.NAME_LINK),
        ("王芳www.x.com", Problem.NAME_LINK),
        ("系统管理员", Problem.NAME_OFFICIAL),
        ("中国某某官方", Problem.NAME_OFFICIAL),
        ("王先生", Problem.NAME_TITLE),
        ("王<b>芳", Problem.NAME_CHARACTERS),
        ("·王芳", Problem.NAME_CHARACTERS),
        ("我要投诉", Problem.NAME_SENTENCE),
        ("", Problem.NAME_MISSING),
        ("Robert'); DROP", Problem.NAME_CHARACTERS),
        ("王\x00芳", Problem.NAME_INVISIBLE),
        ("王\ud800", Problem.NAME_INVISIBLE),
    ],
)
def test_what_cannot_be_a_name_is_refused_with_its_own_reason(text: str, problem: Problem) -> None:
    outcome = parse_person_name(text)
    assert isinstance(outcome, Refused)
    assert outcome.code is problem


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\ufeff", "\u00ad", "\u3164", "\u034f", "\ufe0f", "\u2065", "\u180b", "\U000e0100", "\u202e"]
)
def test_a_character_that_shows_nothing_is_refused_inside_a_name(hidden: str) -> None:
    assert parse_person_name(f"王{hidden}芳") == Refused(Problem.NAME_INVISIBLE)


@given(st.text(max_size=100))
def test_an_accepted_name_is_accepted_again_unchanged(text: str) -> None:
    name = parse_person_name(text)
    if isinstance(name, str):
        assert comparison_key(name)
        assert 2 <= len(name) <= 60


@given(st.text(max_size=100))
def test_what_looks_like_a_name_is_a_valid_one(text: str) -> None:
    if looks_like_name(text):
        assert isinstance(parse_person_name(text), str)


def test_only_the_ends_of_a_name_are_shown() -> None:
    assert display_name("王芳") == "王*"
    assert display_name("张小明") == "张*明"

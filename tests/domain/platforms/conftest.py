"""A small platform of its own in a folder, whole until a test breaks it."""

from pathlib import Path

import pytest

AGREEMENT = """\
# 邻里帮用户协议

## 1、总则

1.1 您点击“同意”，本协议就成立。

1.2 账号归平台，您只有使用权。

## 2、费用

2.1 交过的钱不退。

2.2 平台可以做下面的事：

(1) 给您发广告；

(2) 把您的信息给合作方。
"""

CARDS = """\
# The words below were read aloud to a neighbour.

- id: no-refund
  tier: 1
  clauses: ["2/2.1"]   # the gravest
  category: FEE
  theme: 钱和争议
  line: 交过的钱不退
  what: 这一条讲退款。
  means: 您交过的钱，平台不退。
  consequence: 不想用了，钱也拿不回来。
  disputable: true

- id: account
  tier: 2
  clauses: ["1/1.2"]
  category: ACCT
  theme: 账号与责任
  line: '账号归平台'
  what: 这一条讲账号归谁。
  means: 账号归平台，您只有使用权。
  consequence: 账号不能当成自己的东西转让。
"""

PROFILE = """\
id: linlibang
name: 邻里帮
operator: 邻里帮有限公司
what_it_is: 邻里之间互相帮忙的平台。
aliases: [邻里帮平台, LinLiBang]
agreement_title: 邻里帮用户协议
subjects: [person]
capacity: {rule: statutory, explain: 协议没有写明，按法律的规定。}
consent: {label: 同意, formed: decision, clauses: ["1/1.1"], refused: 好的，您没有同意。}
channel: {authorised: false, clauses: []}
documents:
  - {id: privacy_policy, title: 《隐私政策》, kind: privacy, clauses: ["1/1.1"], file: privacy.md}
separate_consents:
  - item: marketing
    title: 接收广告
    body: 平台可能给您发广告，您可以不同意。
    if_refused: 记下了，不发广告。
    clauses: ["2/2.2/(1)"]
    document: privacy_policy
registration:
  login_with: [phone]
  person:
    - {field: phone, where: chat, why: 用来收验证码。}
account:
  recovery: {explain: 协议没有写明忘了密码怎么办，按平台的办法办。}
  security: {explain: 协议没有写明账号被盗了怎么办，告诉我们，我们转给平台。}
  cancellation:
    mode: statutory
    days: 15
    explain: 协议没有写明怎样注销，您照样可以提出来；按规定最迟15个工作日要处理完。
    ends: 协议没有写明会删什么。
    kept: 协议没有写明会留什么、留多久。
  changes: {explain: 协议没有写明资料怎么改。}
  transfer: {allowed: false, explain: 账号归平台，不能转给别人。, clauses: ["1/1.2"]}
withdraw: 说一声撤回同意就行。
leave: 说一声注销账号就行。
legal_review: [2.1 不退费，请复核。]
"""

INACTIVITY = """\
  inactivity:
    months: 6
    explain: 六个月没有登录，平台可以收回账号；您哪天登录过我们不知道，没法提醒您。
    clauses: ["1/1.2"]
"""
"""One more rule of `account`, to be put before `withdraw`."""

PRIVACY = "# 隐私政策\n\n1.1 我们只留您的手机号。\n"


def write_platform(folder: Path, platform_id: str = "linlibang") -> Path:
    """A whole platform in `folder`/`platform_id`."""
    home = folder / platform_id
    home.mkdir(parents=True)
    (home / "agreement.md").write_text(AGREEMENT, "utf-8")
    (home / "cards.yml").write_text(CARDS, "utf-8")
    (home / "profile.yml").write_text(PROFILE.replace("id: linlibang", f"id: {platform_id}", 1), "utf-8")
    (home / "privacy.md").write_text(PRIVACY, "utf-8")
    return home


@pytest.fixture
def sixth(tmp_path: Path) -> Path:
    return write_platform(tmp_path / "platforms")

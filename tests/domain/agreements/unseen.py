"""Numberings that none of the known agreements uses, with the outline each must give.

An outline line is a uid; `!` after it says that the parser must warn about something.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent


@dataclass(frozen=True)
class Sample:
    name: str
    text: str
    uids: str
    warns: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        return dedent(self.text).strip() + "\n"


def _outline(text: str) -> str:
    return " ".join(text.split())


SAMPLES = [
    Sample(
        "chinese numerals over digits over bracketed digits",
        """
        青禾书屋会员约定

        开卷之前，请看完下面的话。

        一、入会
        1. 年满十六岁的人可以入会。
        2. 入会要交：
        （1）姓名；
        （2）手机号码。
        二、借书
        1. 每次最多借五本。
        （1）新书七日内归还；
        （2）旧书三十日内归还。
        2. 逾期的，按日计费。
        三、其他
        未写明的，双方商量。
        """,
        "一 一/1 一/2 一/2/(1) 一/2/(2) 二 二/1 二/1/(1) 二/1/(2) 二/2 三",
    ),
    Sample(
        "articles counting on through the chapters",
        """
        云杉出行服务章程

        第一章 总则
        第一条 本章程约束平台与乘客。
        第二条 乘客叫车即适用本章程。
        第二章 车费
        第三条 车费按里程计算。
        第四条 乘客可以在三十日内要求开票。
        （一）电子发票发到邮箱；
        （二）纸质发票邮寄。
        第三章 附则
        第五条 本章程自公布之日起施行。
        """,
        "第一章 第一章/第一条 第一章/第二条 第二章 第二章/第三条 第二章/第四条 第二章/第四条/(一) 第二章/第四条/(二) "
        "第三章 第三章/第五条",
    ),
    Sample(
        "bare numbers without any sign behind them",
        """
        松果网盘使用条款
        1  总则
        1.1  本条款由松果公司拟定。
        1.2  用户上传文件即受约束。
        2  存储
        2.1  免费空间为十吉字节。
        2.1.1  超出的部分按月收费。
        2.1.2  收费标准见价目页。
        2.2  文件保留一年。
        3  终止
        3.1  任何一方可以提前十日通知终止。
        """,
        "1 1/1.1 1/1.2 2 2/2.1 2/2.1/2.1.1 2/2.1/2.1.2 2/2.2 3 3/3.1",
    ),
    Sample(
        "a document root above chapters of bare numbers",
        """
        蓝鲸论坛规则汇编

        一、用户协议
        1 注册
        1.1 用户填写真实邮箱。
        1.2 一个邮箱只注册一次。
        2 发帖
        2.1 发帖人对内容负责。
        二、隐私说明
        1 收集
        1.1 我们记录登录时间。
        2 删除
        2.1 用户可以申请删除记录。
        """,
        "一 一/1 一/1/1.1 一/1/1.2 一/2 一/2/2.1 二 二/1 二/1/1.1 二/2 二/2/2.1",
    ),
    Sample(
        "small letters and small roman numerals",
        """
        Lakeside Club 会员条款

        1. 费用
        (a) 入会费一次付清。
        (b) 年费分为：
        (i) 个人年费；
        (ii) 家庭年费；
        (iii) 团体年费。
        (c) 已付年费按月折算退还。
        2. 设施
        (a) 泳池每日开放。
        (b) 健身房需预约。
        """,
        "1 1/(a) 1/(b) 1/(b)/(i) 1/(b)/(ii) 1/(b)/(iii) 1/(c) 2 2/(a) 2/(b)",
    ),
    Sample(
        "letters that run through i without being roman",
        """
        九项服务清单

        1. 服务包括：
        a. 开户；
        b. 销户；
        c. 换证；
        d. 补证；
        e. 查询；
        f. 缴费；
        g. 预约；
        h. 投诉；
        i. 建议；
        j. 其他。
        2. 服务时间以公告为准。
        """,
        "1 1/a 1/b 1/c 1/d 1/e 1/f 1/g 1/h 1/i 1/j 2",
    ),
    Sample(
        "circled digits below bracketed chinese numerals",
        """
        竹报平安快递须知

        一、寄件
        （一）禁寄物品
        ①易燃物；
        ②活体动物；
        ③现金。
        （二）保价
        ①不保价的，按运费的三倍赔付；
        ②保价的，按声明价值赔付。
        二、收件
        （一）当面验收。
        """,
        "一 一/(一) 一/(一)/1 一/(一)/2 一/(一)/3 一/(二) 一/(二)/1 一/(二)/2 二 二/(一)",
    ),
    Sample(
        "a table of contents before the text",
        """
        海棠租房平台服务协议
        目录
        第一章 总则 ………… 1
        第二章 租金 ………… 3
        第三章 附则 ………… 9
        第一章 总则
        第一条 平台撮合房东与租客。
        第二章 租金
        第二条 租金按月支付。
        第三条 平台不代收押金。
        第三章 附则
        第四条 争议先行协商。
        """,
        "第一章 第一章/第一条 第二章 第二章/第二条 第二章/第三条 第三章 第三章/第四条",
    ),
    Sample(
        "references, amounts and dates where a line begins",
        """
        银杏外卖骑手协议

        第一条 结算
        1.1 平台每单支付
        2.5 元的补贴，另按里程加价。
        1.2 活动日包括元旦、
        3.15 消费者权益日和中秋节。
        第二条 责任
        2.1 骑手违反本协议第一条和
        第三条的约定，应当改正；
        2.2 拒不改正的，平台可以依照
        第二条第一款解除合作。
        2024 年以前签约的，仍适用旧约。
        第三条 附则
        3.1 本协议一式两份。
        """,
        "第一条 第一条/1.1 第一条/1.2 第二条 第二条/2.1 第二条/2.2 第三条 第三条/3.1",
    ),
    Sample(
        "a list that starts again by mistake",
        """
        石榴票务购票须知

        一、购票
        1. 先注册。
        2. 后选座。
        3. 再付款。
        1. 付款后出票。
        2. 票不可转让。
        二、退票
        1. 开演前一日可退。
        """,
        "一 一/1 一/2 一/3 一/1#2 一/2#2 二 二/1",
        ("starts again at 1",),
    ),
    Sample(
        "a number left out and one printed twice",
        """
        白杨健身会员合同

        第一条 课程
        第二条 费用
        第四条 请假
        第四条 转卡
        第五条 争议
        """,
        "第一条 第二条 第四条 第四条#2 第五条",
        ("missing", "stands twice"),
    ),
    Sample(
        "brackets of both widths and mixed signs in one list",
        """
        香樟打印店告示

        一、价目
        (一) 黑白每页一角。
        （二）彩色每页一元。
        (三）照片另议。
        二．规矩
        1、先付后印。
        2.印错免费重印。
        3、文件印完即删。
        """,
        "一 一/(一) 一/(二) 一/(三) 二 二/1 二/2 二/3",
    ),
    Sample(
        "capital roman parts over latin letters",
        """
        Harbour Data Terms

        I. Scope
        A. These terms bind the user and
        the operator alike.
        B. Annexes form part of them.
        II. Fees
        A. Fees are paid monthly.
        1. In advance;
        2. In full.
        B. Late payment bears interest.
        """,
        "I I/A I/B II II/A II/A/1 II/A/2 II/B",
    ),
    Sample(
        "an annex that counts anew",
        """
        木棉家政服务协议

        第一条 服务
        一、保洁；
        二、月嫂。
        第二条 费用
        费用见附件一。
        附件一 价目表
        一、保洁每小时四十元；
        二、月嫂每月九千元。
        附件二 投诉方式
        一、来电；
        二、来信。
        """,
        "第一条 第一条/一 第一条/二 第二条 附件一 附件一/一 附件一/二 附件二 附件二/一 附件二/二",
    ),
    Sample(
        "numbers alone on their lines in hard-wrapped text",
        """
        雨燕物流托运条款

        1、托运
        1.1
        托运人应当如实申报货物的名称、数量和价值，否则由此产生的一切
        后果由托运人自行承担，与承运人无关。
        1.2
        承运人可以查验货物。
        2、运费
        2.1
        运费按重量和体积中较高者计算，并在托运时一次付清，概不赊欠，
        2 日内未付清的，承运人可以留置货物。
        """,
        "1 1/1.1 1/1.2 2 2/2.1",
    ),
    Sample(
        "headings without numbers between numbered clauses",
        """
        # 山雀课堂用户协议

        ## 总则

        1. 学员应当守时。
        2. 教师应当备课。

        ## 退费

        3. 开课前可以全额退费。
        """,
        "1 2 3",
        ("退费",),
    ),
    Sample(
        "a sign never seen before",
        """
        奇数编号协议

        甲方和乙方约定如下。
        其一：甲方供货。
        其二：乙方付款。
        """,
        "",
        ("no numbered clauses",),
    ),
    Sample(
        "stems over chinese numerals",
        """
        芦苇农场认养约定

        甲、认养
        一、每株认养一年。
        二、果实归认养人。
        乙、管护
        一、农场负责浇水。
        """,
        "甲 甲/一 甲/二 乙 乙/一",
    ),
    Sample(
        "a list below a list of the same numbers, opened by a colon",
        """
        燕麦咖啡储值卡章程

        1. 办卡
        2. 下列情形可以退卡：
        1. 门店停业；
        2. 卡片损坏。
        3. 退款原路返还。
        4. 本章程长期有效。
        """,
        "1 2 2/1 2/2 3 4",
        ("inside a list of the same numbering",),
    ),
    Sample(
        "the same numbers one step further in",
        """
        # 白鹭快修服务条款

        1. 报修
           1. 电话报修
           2. 网上报修
        2. 上门
           1. 两小时内上门的，不另收费
           2. 超过两小时的，减收上门费
           3. 未能上门的，全额退款
        3. 付款
        """,
        "1 1/1 1/2 2 2/1 2/2 2/3 3",
    ),
    Sample(
        "items that end without any sign",
        """
        海桐社区团购规则

        一、下单
        1. 用户应当核对商品、数量和收货地址后再付款
        2. 付款以后需要修改地址的，联系团长
        3. 团长应当及时转告平台，不得拖延
        二、提货
        1. 到货以后平台发通知，用户凭码提货
        2. 超过三日未提的，平台可以退回
        """,
        "一 一/1 一/2 一/3 二 二/1 二/2",
    ),
    Sample(
        "decimals without chapters above them",
        """
        青石图片社供稿协议

        1.1 作者供稿。
        1.2 图片社选稿。
        2.1 稿酬按张结算。
        2.2 稿酬每月发放。
        """,
        "1.1 1.2 2.1 2.2",
    ),
    Sample(
        "numbers grown together with their headings",
        """
        赤松仓储合同

        1总则
        1.1本合同约束双方。
        1.2附件同样有效。
        2仓储
        2.1保管人应当防潮、防火。
        3附则
        3.1本合同自签字之日起生效。
        """,
        "1 1/1.1 1/1.2 2 2/2.1 3 3/3.1",
    ),
    Sample(
        "english articles with sections",
        """
        Riverside Hosting Terms of Service

        Article 1 Definitions
        1.1 "Service" means hosting.
        1.2 "Fee" means the price.
        Article 2 Fees
        2.1 Fees are due monthly.
        (a) in advance;
        (b) in full.
        """,
        "Article1 Article1/1.1 Article1/1.2 Article2 Article2/2.1 Article2/2.1/(a) Article2/2.1/(b)",
    ),
    Sample(
        "full-width digits and points",
        """
        黄鹂琴行租琴约定

        １．租期
        １．１　租期以月计。
        １．２　可以续租。
        ２．押金
        （１）钢琴三千元；
        （２）提琴五百元。
        """,
        "1 1/1.1 1/1.2 2 2/(1) 2/(2)",
    ),
    Sample(
        "articles with inserted ones",
        """
        翠鸟驾校学员守则

        第一条 学员按时到校。
        第二条 学员服从安排。
        第二条之一 夜间训练另行约定。
        第三条 学员爱护车辆。
        """,
        "第一条 第二条 第二条之一 第三条",
    ),
]

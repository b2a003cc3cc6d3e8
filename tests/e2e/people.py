"""Who registers: every person and company with data of its own, all of them well-formed."""

from __future__ import annotations

import itertools
import struct
import zlib
from dataclasses import dataclass, field

from stdnum.cn import ric, uscc

_numbers = itertools.count(1)
PERSON, COMPANY = "本人已满18岁", "单位"
# Every platform that is built in, with everyone it takes.
WHO = [
    ("rencai", PERSON),
    ("rencai", COMPANY),
    ("xiaohe", PERSON),
    ("xiaohe", COMPANY),
    ("renrenbao", PERSON),
    ("weigongbao", PERSON),
    ("weigongbao", COMPANY),
    ("zhiyonggong", COMPANY),
]


def id_number(born: str, number: int) -> str:
    """A resident's number with its check character. `born`: YYYYMMDD."""
    front = f"110105{born}{number % 1000:03d}"
    return front + str(ric.calc_check_digit(front + "0"))


def credit_code(number: int) -> str:
    front = f"91350100{number:09d}"
    return front + str(uscc.calc_check_digit(front))


def picture() -> bytes:
    """A whole PNG of ten by ten grey pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 10, 10, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x80" * 10 for _ in range(10)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@dataclass
class Details:
    """What one registrant types, by field; `options` are taken by their place."""

    number: int = field(default_factory=lambda: next(_numbers))
    born: str = "19870314"

    def __post_init__(self) -> None:
        n = self.number
        # Numbers that are counted through in order share a prefix, and the service takes them for an attack.
        self.phone = f"138{n:04d}{n:04d}"
        self.password = f"紫云英 open {n} 田埂上"
        self.typed: dict[str, str] = {
            "real_name": "王芳",
            "email": f"wangfang{n}@example.com",
            "login_name": f"wangfang_{n}",
            "member_name": f"田间小芳{n}",
            "address": f"浙江省杭州市西湖区文三路 {n} 号",
            "company_name": f"杭州青禾第{n}科技有限公司",
            "legal_representative": "李雷",
            "position": "人事经理",
        }
        self.on_page: dict[str, str] = {
            "id_number": id_number(self.born, n),
            "credit_code": credit_code(n),
            "password": self.password,
            "password_again": self.password,
        }

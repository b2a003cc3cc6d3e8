"""Each kind of file is read as a person sees it, or refused with the mend named."""

from __future__ import annotations

import io
import zipfile

import pytest
from pypdf import PdfWriter
from reportlab.pdfgen import canvas

from domain.agreements import ParsedAgreement, UnreadableAgreement, parse

from .renderings import Block, as_docx, as_pdf
from .word_files import definition, level, paragraph, run, used, word_file


def uids(parsed: ParsedAgreement) -> list[str]:
    return [clause.uid for clause in parsed.walk() if clause.uid != "preamble"]


def refusal(data: bytes, name: str) -> str:
    with pytest.raises(UnreadableAgreement) as caught:
        parse(data, name)
    assert len(str(caught.value)) > 10
    return caught.value.code


# --- refusals


@pytest.mark.parametrize("name", ["agreement.doc", "agreement.xlsx", "agreement", "agreement.exe", ".docx.zip"])
def test_an_unknown_kind_of_file_is_refused_by_its_suffix(name: str) -> None:
    assert refusal(b"x", name) == "unknown_type"


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.docx", "a.pdf"])
@pytest.mark.parametrize("data", [b"", b" \r\n\t", b"\xef\xbb\xbf\n"])
def test_an_empty_file_is_refused(name: str, data: bytes) -> None:
    assert refusal(data, name) == "empty"


def test_a_page_without_words_is_empty() -> None:
    assert refusal(b"<html><head><title>t</title></head><body><script>1. x</script></body></html>", "a.html") == "empty"


def test_a_file_of_fifty_megabytes_is_refused_before_it_is_read() -> None:
    assert refusal(b"1. x\n" * 10_000_000, "a.txt") == "too_large"


def test_a_text_of_a_million_and_more_characters_is_refused() -> None:
    assert refusal("字".encode() * 1_000_001, "a.txt") == "too_large"


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7 x", b"PK\x03\x04rest", b"\x89PNG\r\n\x1a\n", b"a\x00b\x00\x01", b"\x01\x02\x03\x04" * 9]
)
def test_binary_content_under_a_text_name_is_refused(data: bytes) -> None:
    assert refusal(data, "a.txt") == "binary"


def test_bytes_of_no_known_encoding_are_refused_instead_of_guessed() -> None:
    assert refusal("用户协议".encode()[:-1] + b"\xff\xff" * 20, "a.txt") == "undecodable"


def test_a_pdf_of_pictures_is_refused() -> None:
    out = io.BytesIO()
    page = canvas.Canvas(out)
    page.rect(10, 10, 200, 200, fill=1)
    page.showPage()
    page.save()
    assert refusal(out.getvalue(), "a.pdf") == "scanned_pdf"


def test_a_pdf_with_a_password_is_refused() -> None:
    writer = PdfWriter(clone_from=io.BytesIO(as_pdf([Block("一、总则")])))
    writer.encrypt("secret", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    assert refusal(out.getvalue(), "a.pdf") == "encrypted"


@pytest.mark.parametrize("cut", [10, 200, 900])
def test_a_torn_pdf_is_refused(cut: int) -> None:
    whole = as_pdf([Block("一、总则")])
    assert refusal(whole[:cut], "a.pdf") in {"broken_file", "scanned_pdf"}


@pytest.mark.parametrize("cut", [30, 2000, -40])
def test_a_torn_word_file_is_refused(cut: int) -> None:
    assert refusal(as_docx([Block("一、总则")])[:cut], "a.docx") == "broken_file"


def test_a_zip_without_a_document_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert refusal(out.getvalue(), "a.docx") == "broken_file"


def test_a_word_file_with_a_password_is_refused() -> None:
    assert refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.docx") == "encrypted"


def test_a_zip_bomb_is_refused_without_being_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (120 * 1024 * 1024))
    assert len(out.getvalue()) < 1024 * 1024
    assert refusal(out.getvalue(), "a.docx") == "zip_bomb"


def test_a_zip_of_thousands_of_parts_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(2_100):
            archive.writestr(f"word/p{number}.xml", b"")
    assert refusal(out.getvalue(), "a.docx") == "zip_bomb"


def test_xml_entities_are_not_expanded() -> None:
    body = paragraph("&secret;")
    evil = word_file(body)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(evil)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "word/document.xml":
                content = b'<!DOCTYPE d [<!ENTITY secret SYSTEM "file:///etc/hostname">]>' + content
            target.writestr(name, content)
    assert refusal(out.getvalue(), "a.docx") == "broken_file"


def test_a_page_nested_without_end_is_refused_or_read_but_never_crashes() -> None:
    page = b"<div>" * 50_000 + "一、总则".encode() + b"</div>" * 50_000
    with pytest.raises(UnreadableAgreement):
        parse(page, "a.html")


# --- encodings and marks


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_the_usual_encodings_give_the_same_text(encoding: str) -> None:
    text = "试写协议\n一、总则\n1. 用户应当守约。\n2. 平台应当守约。\n"
    assert uids(parse(text.encode(encoding), "a.txt")) == ["一", "一/1", "一/2"]


def test_a_page_in_gbk_says_so_itself() -> None:
    page = "<html><head><meta charset=gb2312></head><body><p>一、总则</p><p>二、附则</p></body></html>"
    assert [clause.heading for clause in parse(page.encode("gbk"), "a.htm").clauses] == ["总则", "附则"]


def test_bold_and_underline_become_marks_and_their_signs_do_not_become_text() -> None:
    text = "# 试写协议\n\n1. 用户**不得转让**账号，<u>否则</u>停用。\n\n2. **这一条的每个字，整条都是\n重要的。**\n"
    first, second = parse(text.encode(), "a.md").clauses
    assert first.text == "用户不得转让账号，否则停用。"
    assert [(first.text[mark.start : mark.end], mark.kind) for mark in first.marks] == [
        ("不得转让", "bold"),
        ("否则", "underline"),
    ]
    assert [(second.text[mark.start : mark.end], mark.kind) for mark in second.marks] == [
        ("这一条的每个字，整条都是重要的。", "bold")
    ]


def test_bold_that_is_never_closed_ends_with_its_paragraph() -> None:
    first, second = parse("1. **用户应当守约。\n\n2. 平台应当守约。\n".encode(), "a.txt").clauses
    assert first.marks
    assert not second.marks


def test_a_broken_line_is_joined_without_a_space_in_chinese_and_with_one_in_latin() -> None:
    clause = parse(
        "1. 平台在提供服务时，可能使用 Open\nSource 软件，用户同\n意。\n2. 其他。\n".encode(), "a.txt"
    ).clauses[0]
    assert clause.text == "平台在提供服务时，可能使用 Open Source 软件，用户同意。"


# --- HTML


def test_html_lists_print_the_numbers_a_browser_prints() -> None:
    inner = '<ol start="3" type="a"><li>c 项</li><li value="7">g 项</li></ol>'
    page = f'<h1>试写协议</h1><ol type="I"><li>甲款{inner}</li><li>乙款</li></ol>'
    assert [clause.number for clause in parse(page.encode(), "a.html").walk()] == ["I", "c", "g", "II"]


def test_a_list_within_a_list_nests_though_both_count_alike() -> None:
    page = "<h1>试写协议</h1><ol><li>甲<ol><li>子</li><li>丑</li></ol></li><li>乙<ol><li>寅</li></ol></li></ol>"
    assert uids(parse(page.encode(), "a.html")) == ["1", "1/1", "1/2", "2", "2/1"]
    lists = definition(1, level(0, "decimal", "%1."), level(1, "decimal", "%2.")) + used(1)
    body = "".join(
        paragraph(text, number=(1, depth)) for text, depth in zip("甲子丑乙寅", (0, 1, 1, 0, 1), strict=True)
    )
    assert uids(parse(word_file(body, lists=lists), "a.docx")) == ["1", "1/1", "1/2", "2", "2/1"]


def test_a_text_of_ten_thousands_of_numbers_is_refused_instead_of_read_for_minutes() -> None:
    assert refusal(b"1. x\n" * 20_000, "a.txt") == "too_large"


def test_html_chinese_lists_hidden_parts_and_inline_styles() -> None:
    page = """<title>页名</title><nav>1. 首页</nav><h1>试写协议</h1>
    <ol style="list-style-type: cjk-ideographic">
    <li><span style="font-weight:700">重要</span>事项，请细看。</li><li>其他</li></ol>
    <p style="display:none">三、看不见</p><del>三、删掉的</del>"""
    parsed = parse(page.encode(), "a.html")
    assert parsed.title == "试写协议"
    assert uids(parsed) == ["一", "二"]
    assert [(mark.start, mark.end) for mark in parsed.clauses[0].marks] == [(0, 2)]


def test_a_page_without_a_heading_takes_its_name_from_the_window_title() -> None:
    page = "<title>某某用户协议</title><p>一、总则</p><p>二、附则</p>"
    assert parse(page.encode(), "a.html").title == "某某用户协议"


# --- Word

LEGAL = definition(
    1,
    level(0, "chineseCountingThousand", "第%1条"),
    level(1, "decimal", "%1.%2", extra="<w:isLgl/>"),
    level(2, "lowerLetter", "(%3)"),
)


def test_word_numbers_are_counted_as_word_counts_them() -> None:
    body = "".join(
        [
            paragraph("总则", number=(1, 0)),
            paragraph("用户应当守约。", number=(1, 1)),
            paragraph("平台应当守约，包括：", number=(1, 1)),
            paragraph("按时；", number=(1, 2)),
            paragraph("保密。", number=(1, 2)),
            paragraph("费用", number=(1, 0)),
            paragraph("费用另定。", number=(1, 1)),
        ]
    )
    parsed = parse(word_file(body, lists=LEGAL + used(1)), "a.docx")
    assert uids(parsed) == [
        "第一条", "第一条/1.1", "第一条/1.2", "第一条/1.2/(a)", "第一条/1.2/(b)", "第二条", "第二条/2.1",
    ]  # fmt: skip
    assert parsed.warnings == ()


@pytest.mark.parametrize(
    ("kind", "template", "numbers"),
    [
        ("chineseCounting", "%1、", ["九", "十", "十一"]),
        ("japaneseCounting", "（%1）", ["（九）", "（十）", "（十一）"]),
        ("upperLetter", "%1.", ["I", "J", "K"]),
        ("lowerRoman", "%1)", ["ix)", "x)", "xi)"]),
        ("upperRoman", "%1.", ["IX", "X", "XI"]),
        ("decimalEnclosedCircle", "%1", ["⑨", "⑩", "⑪"]),
        ("decimalEnclosedCircleChinese", "%1", ["⑨", "⑩", "⑪"]),
        ("decimalFullWidth", "%1．", ["９", "１０", "１１"]),
        ("decimalZero", "%1.", ["09", "10", "11"]),
    ],
)
def test_every_usual_number_format_is_written_as_printed(kind: str, template: str, numbers: list[str]) -> None:
    body = "".join(paragraph(f"第{sign}项说明。", number=(1, 0)) for sign in "甲乙丙")
    lists = definition(1, level(0, kind, template, start=9)) + used(1)
    assert [clause.number for clause in parse(word_file(body, lists=lists), "a.docx").clauses] == numbers


def test_a_list_restarts_only_where_word_restarts_it() -> None:
    lists = definition(1, level(0, "decimal", "%1.")) + used(1) + used(2, 1)
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    lists += used(3, 1, override)
    body = paragraph("一、甲") + paragraph("事一。", number=(1, 0)) + paragraph("事二。", number=(2, 0))
    body += paragraph("二、乙") + paragraph("事三。", number=(3, 0)) + paragraph("事四。", number=(3, 0))
    assert uids(parse(word_file(body, lists=lists), "a.docx")) == ["一", "一/1", "一/2", "二", "二/1", "二/2"]


def test_a_level_that_never_restarts_counts_on() -> None:
    lists = definition(
        1,
        level(0, "chineseCounting", "第%1章"),
        level(1, "chineseCounting", "第%2条", extra='<w:lvlRestart w:val="0"/>'),
    ) + used(1)
    body = "".join(paragraph(f"事{depth}", number=(1, depth)) for depth in (0, 1, 1, 0, 1))
    assert uids(parse(word_file(body, lists=lists), "a.docx")) == [
        "第一章", "第一章/第一条", "第一章/第二条", "第二章", "第二章/第三条",
    ]  # fmt: skip


def test_numbers_and_bold_are_inherited_from_styles() -> None:
    styles = (
        '<w:style w:type="paragraph" w:styleId="Base"><w:name w:val="Clause"/><w:pPr><w:numPr><w:numId w:val="1"/>'
        "</w:numPr></w:pPr><w:rPr><w:b/></w:rPr></w:style>"
        '<w:style w:type="paragraph" w:styleId="Item"><w:name w:val="Item"/><w:basedOn w:val="Base"/></w:style>'
    )
    lists = definition(1, level(0, "decimal", "%1.")) + used(1)
    body = paragraph("甲事。", style="Item") + paragraph(
        "", style="Base", runs=run("乙") + run("事。", '<w:b w:val="0"/>')
    )
    first, second = parse(word_file(body, lists=lists, styles=styles), "a.docx").clauses
    assert (first.number, second.number) == ("1", "2")
    assert [(mark.start, mark.end) for mark in second.marks] == [(0, 1)]


def test_deleted_and_hidden_text_of_a_word_file_is_not_read() -> None:
    runs = (
        run("用户应当守约。") + "<w:del><w:r><w:delText>平台免责。</w:delText></w:r></w:del>" + run("密", "<w:vanish/>")
    )
    clause = parse(word_file(paragraph("", number=(1, 0), runs=runs), lists=LEGAL + used(1)), "a.docx").clauses[0]
    assert clause.text == "用户应当守约。"


def test_comments_of_a_word_file_are_annotations_and_not_terms() -> None:
    said = "<w:p><w:r><w:t>这里过重</w:t></w:r></w:p>"
    comments = f'<w:comments><w:comment w:id="7" w:author="审阅人甲">{said}</w:comment></w:comments>'
    runs = run("用户自负一切风险。") + '<w:r><w:commentReference w:id="7"/></w:r>'
    body = paragraph("", number=(1, 0), runs=runs) + paragraph("其他事。", number=(1, 0))
    parsed = parse(word_file(body, lists=LEGAL + used(1), parts={"word/comments.xml": comments}), "a.docx")
    assert [(note.author, note.text, note.near) for note in parsed.annotations] == [("审阅人甲", "这里过重", "第一条")]
    assert parsed.clauses[0].text == "用户自负一切风险。"


def test_an_unknown_word_number_format_is_written_in_digits_with_a_warning() -> None:
    lists = definition(1, level(0, "hebrew1", "%1.")) + used(1)
    body = paragraph("甲。", number=(1, 0)) + paragraph("乙。", number=(1, 0))
    parsed = parse(word_file(body, lists=lists), "a.docx")
    assert uids(parsed) == ["1", "2"]
    assert any("hebrew1" in warning for warning in parsed.warnings)


# --- PDF


def test_page_numbers_of_a_pdf_are_no_text() -> None:
    blocks = [Block("试写平台用户协议")]
    blocks += [Block(f"{number}. 用户应当遵守第{number}项约定，不得违反，违反的应当改正。") for number in range(1, 90)]
    parsed = parse(as_pdf(blocks), "a.pdf")
    assert len(parsed.clauses) == 89
    assert not any("- 2 -" in clause.text for clause in parsed.walk())
    assert parsed.warnings == ()

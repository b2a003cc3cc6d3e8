"""Word files as Word writes them: numbers that only word/numbering.xml knows, built part by part."""

from __future__ import annotations

import io
import zipfile

_NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def level(depth: int, kind: str, template: str, *, start: int = 1, extra: str = "") -> str:
    """One w:lvl."""
    return (
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="{start}"/><w:numFmt w:val="{kind}"/>{extra}'
        f'<w:lvlText w:val="{template}"/></w:lvl>'
    )


def paragraph(text: str, *, number: tuple[int, int] | None = None, style: str = "", runs: str = "") -> str:
    """One w:p; `number` is (numId, level), `runs` replaces the plain text run."""
    listed = f'<w:numPr><w:ilvl w:val="{number[1]}"/><w:numId w:val="{number[0]}"/></w:numPr>' if number else ""
    styled = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{styled}{listed}</w:pPr>{runs or run(text)}</w:p>"


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def word_file(body: str, *, lists: str = "", styles: str = "", parts: dict[str, str] | None = None) -> bytes:
    """A .docx with the parts the reader looks at. `lists` is the inside of w:numbering."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w:document {_NAMESPACE}><w:body>{body}</w:body></w:document>")
        archive.writestr("word/numbering.xml", f"<w:numbering {_NAMESPACE}>{lists}</w:numbering>")
        archive.writestr("word/styles.xml", f"<w:styles {_NAMESPACE}>{styles}</w:styles>")
        for name, content in (parts or {}).items():
            archive.writestr(name, content.replace("<w:comments>", f"<w:comments {_NAMESPACE}>"))
    return out.getvalue()


def definition(key: int, *levels: str) -> str:
    """A w:abstractNum with the same id as its w:num."""
    return f'<w:abstractNum w:abstractNumId="{key}">{"".join(levels)}</w:abstractNum>'


def used(key: int, definition_key: int | None = None, override: str = "") -> str:
    """A w:num."""
    return f'<w:num w:numId="{key}"><w:abstractNumId w:val="{definition_key or key}"/>{override}</w:num>'

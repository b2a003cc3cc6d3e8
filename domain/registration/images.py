"""Files of a registration, judged by their content and never by their name."""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 60_000_000
# The size of a JPEG stands near its beginning; a made-up file must not keep us looking.
_HEADER_BYTES = 256 * 1024


@dataclass(frozen=True)
class Upload:
    file_name: str
    data: bytes


@dataclass(frozen=True)
class UnfitImage:
    code: str
    hint: str = ""


def check_image(upload: Upload) -> str | UnfitImage:
    """The media type of a JPEG, PNG or PDF within the limits, otherwise why it is refused."""
    data = upload.data
    if len(data) > MAX_BYTES:
        return UnfitImage("upload_too_large", str(MAX_BYTES // 1024 // 1024))
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) > 24 and data[12:16] == b"IHDR":
        size = struct.unpack(">II", data[16:24])
        media_type = "image/png"
    elif data.startswith(b"\xff\xd8\xff"):
        found = _jpeg_size(data)
        if found is None:
            return UnfitImage("upload_broken")
        size, media_type = found, "image/jpeg"
    elif data.startswith(b"%PDF-") and b"%%EOF" in data[-2048:]:
        return "application/pdf"
    else:
        return UnfitImage("upload_type")
    if size[0] * size[1] > MAX_PIXELS or 0 in size:
        return UnfitImage("upload_pixels")
    return media_type


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) from the first start-of-frame segment."""
    data = data[:_HEADER_BYTES]
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker in {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        if marker == 0xFF:
            at += 1
            continue
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return None

"""Files are judged by their content; a name says nothing."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.registration.images import MAX_BYTES, UnfitImage, Upload, check_image
from tests.support.papers import PDF, jpeg, png


@pytest.mark.parametrize(
    ("data", "media_type"), [(png(), "image/png"), (jpeg(), "image/jpeg"), (PDF, "application/pdf")]
)
@pytest.mark.parametrize("name", ["photo.exe", "", "../../etc/passwd", "营业执照.jpg", "x" * 500])
def test_what_it_is_decides_not_what_it_is_called(data: bytes, media_type: str, name: str) -> None:
    assert check_image(Upload(name, data)) == media_type


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MZ\x90\0" + b"\0" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html><body>",
        b"GIF89a" + b"\0" * 50,
        b"PK\x03\x04" + b"\0" * 50,
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
        b"%PDF-1.4 without an end",
        b"  %PDF-1.4\n%%EOF",
        b"RIFF\0\0\0\0WEBP" + b"\0" * 50,
    ],
)
def test_anything_else_is_refused_whatever_it_is_called(data: bytes) -> None:
    for name in ("photo.jpg", "photo.png", "photo.pdf"):
        assert check_image(Upload(name, data)) == UnfitImage("upload_type")


@pytest.mark.parametrize("make", [png, jpeg])
def test_a_picture_of_too_many_pixels_is_refused_before_anyone_decodes_it(make: object) -> None:
    data = make(40_000, 40_000)  # type: ignore[operator]
    assert len(data) < 100_000
    assert check_image(Upload("bomb", data)) == UnfitImage("upload_pixels")


@pytest.mark.parametrize("make", [png, jpeg])
@pytest.mark.parametrize("size", [(0, 10), (10, 0)])
def test_a_picture_without_extent_is_refused(make: object, size: tuple[int, int]) -> None:
    assert check_image(Upload("flat", make(*size))) == UnfitImage("upload_pixels")  # type: ignore[operator]


def test_the_limit_of_size_is_exact_and_named() -> None:
    filled = PDF[:-6] + b" " * (MAX_BYTES - len(PDF)) + b"%%EOF\n"
    assert len(filled) == MAX_BYTES
    assert check_image(Upload("big", filled)) == "application/pdf"
    assert check_image(Upload("big", b" " + filled)) == UnfitImage("upload_too_large", "10")


@given(cut=st.integers(2, 29))
def test_a_jpeg_cut_off_before_its_frame_is_broken(cut: int) -> None:
    data = jpeg()[:cut]
    if len(data) >= 3:
        assert check_image(Upload("cut.jpg", data)) == UnfitImage("upload_broken")


@given(st.binary(max_size=400), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"%PDF-"]))
@example(b"\xff" * 300, b"\xff\xd8\xff")
@example(b"\xe0\0\0" * 100, b"\xff\xd8\xff")
def test_no_bytes_make_it_fall_or_spin(tail: bytes, head: bytes) -> None:
    assert isinstance(check_image(Upload("any", head + tail)), (str, UnfitImage))

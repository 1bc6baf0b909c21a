"""Pictures from bytes: what is taken, and what is refused before it costs memory."""

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from sdk.errors import InvalidInput
from sdk.face.pictures import MAX_SIDE, check_picture, decode_image, encode_jpeg

ACROSS, DOWN = np.meshgrid(np.arange(0, 240, 5), np.arange(0, 160, 5))
RAMP = np.stack([ACROSS, DOWN, np.full_like(DOWN, 77)], axis=-1).astype(np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def test_a_png_comes_back_to_the_bit_and_a_jpeg_nearly() -> None:
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(RAMP))), RAMP)
    jpeg = decode_image(encoded(Image.fromarray(RAMP), "JPEG", quality=95))
    assert np.abs(jpeg.astype(int) - RAMP).mean() < 4
    assert check_picture(jpeg) is jpeg


def test_a_picture_becomes_a_jpeg() -> None:
    there_and_back = decode_image(encode_jpeg(RAMP, quality=95))
    assert np.abs(there_and_back.astype(int) - RAMP).mean() < 4
    with pytest.raises(InvalidInput, match="uint8 in RGB"):
        encode_jpeg(RAMP.astype(np.float32))


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "CMYK", "I;16"])
def test_other_kinds_of_pixels_become_rgb(mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(RAMP[..., 0].astype(np.uint16) * 257)
        expected = np.repeat(RAMP[..., :1], 3, axis=2)
    else:
        image = Image.fromarray(RAMP).convert(mode)
        expected = np.asarray(image.convert("RGB"))
    picture = decode_image(encoded(image, "JPEG" if mode == "CMYK" else "PNG"))
    assert picture.shape == RAMP.shape and picture.dtype == np.uint8
    assert np.abs(picture.astype(int) - expected).mean() < (12 if mode == "CMYK" else 0.5)


def test_a_picture_of_a_turned_camera_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera turned: show it a quarter turn clockwise
    turned = decode_image(encoded(Image.fromarray(RAMP), "JPEG", exif=exif, quality=95))
    assert turned.shape == (48, 32, 3)
    assert np.abs(turned.astype(int) - np.rot90(RAMP, -1)).mean() < 4


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG whose header promises so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\0" * 4_000_001, "4,000,001 bytes; at most 4,000,000"),
        (png_that_claims(60_000, 60_000), "too many pixels; at most 4096"),
        (png_that_claims(MAX_SIDE + 1, 1), "4097 x 1 pixels"),
        (b"hello, I am no picture", "neither JPEG nor PNG"),
        (encoded(Image.fromarray(RAMP), "GIF"), "neither JPEG nor PNG"),
        (encoded(Image.fromarray(RAMP), "JPEG")[:400], "truncated or corrupt"),
        (encoded(Image.fromarray(RAMP))[:-40], "truncated or corrupt"),
        (png_that_claims(2000, 2000), "truncated or corrupt"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_taken_is_one_clear_line(data: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        decode_image(data)
    assert refused.value.field == "image" and "\n" not in str(refused.value) and len(str(refused.value)) < 160


def test_bytes_of_chance_never_raise_anything_else() -> None:
    random = np.random.default_rng(0)
    for good in (encoded(Image.fromarray(RAMP)), encoded(Image.fromarray(RAMP), "JPEG")):
        for _ in range(150):
            broken = bytearray(good)
            for place in random.integers(0, len(good), 3):
                broken[place] = random.integers(256)
            with contextlib.suppress(InvalidInput):
                assert decode_image(bytes(broken)).ndim == 3

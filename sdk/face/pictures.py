"""Pictures from bytes, with limits that are checked before anything is decoded, and back.

A picture is (H, W, 3) uint8, red, green, blue; row 0 is the top one.
"""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from sdk.errors import InvalidInput

FORMATS = ("JPEG", "PNG")
MAX_BYTES = 4_000_000
MAX_SIDE = 4096
"""As the wire promises (FaceImage): a few hundred bytes can stand for gigabytes of pixels."""

Picture = NDArray[np.uint8]


def decode_image(data: bytes, *, max_bytes: int = MAX_BYTES, max_side: int = MAX_SIDE) -> Picture:
    """A JPEG or PNG as RGB, turned upright as its EXIF says; grey, palette, alpha and 16 bits are brought to 8-bit RGB.

    Alpha is dropped. Raises InvalidInput for other formats, broken or truncated data, more than `max_bytes`, and sides
    over `max_side` pixels, the last before the pixels are decoded.
    """
    if not data:
        raise InvalidInput("image is empty; send a JPEG or PNG", field="image")
    if len(data) > max_bytes:
        raise InvalidInput(f"image has {len(data):,} bytes; at most {max_bytes:,} are taken", field="image")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if max(width, height) > max_side:
                sides = f"image is {width} x {height} pixels; at most {max_side} a side are taken"
                raise InvalidInput(f"{sides}, send it smaller", field="image")
            return _rgb(ImageOps.exif_transpose(image))
    except InvalidInput:
        raise
    except Image.DecompressionBombError:  # Pillow's own limit, far above ours
        raise InvalidInput(f"image has too many pixels; at most {max_side} a side are taken", field="image") from None
    except UnidentifiedImageError:
        raise InvalidInput("image is neither JPEG nor PNG", field="image") from None
    except Exception as error:  # a broken file makes Pillow raise OSError, SyntaxError, struct.error, ValueError, ...
        raise InvalidInput(f"image is truncated or corrupt ({_first_words(error)})", field="image") from None


def encode_jpeg(picture: Picture, *, quality: int = 90) -> bytes:
    """The picture as a JPEG. Raises InvalidInput for what is no picture."""
    encoded = io.BytesIO()
    Image.fromarray(check_picture(picture)).save(encoded, "JPEG", quality=quality)
    return encoded.getvalue()


def check_picture(image: Any) -> Picture:
    """The array, if it is a picture. Raises InvalidInput that says what it is instead."""
    if not isinstance(image, np.ndarray) or image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        found = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise InvalidInput(f"image must be (H, W, 3) uint8 in RGB, got {found}; decode_image makes one", field="image")
    return image


def _rgb(image: Image.Image) -> Picture:
    if image.mode.startswith("I"):  # 16 bits of grey; convert() would clip them instead of scaling
        grey = (np.asarray(image, np.int64).clip(0, 65535) >> 8).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    return np.asarray(image.convert("RGB"), np.uint8)


def _first_words(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 80 else f"{text[:77]}..."

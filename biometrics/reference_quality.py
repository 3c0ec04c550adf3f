"""What the chip's portrait is worth as a reference: size, eye distance, compression, age. Facts for the record.

Nothing here refuses: a weak reference explains a low score to the person who decides. Compression is read off the
bytes (ITU-T T.81, B.2.4.1: quantisation tables; ISO/IEC 15444-1: the size of the code stream against the picture).
"""

from collections.abc import Iterator, Mapping

from biometrics.evidence import Reference

_LUMINANCE = (
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61,
    60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113,
    121, 112, 100, 120, 92, 101, 103, 99,
)  # fmt: skip  # T.81 table K.1 in zigzag order
_JP2, _J2K = b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51"
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
MOST_SEGMENTS = 64
OLDEST = 150  # years; beyond, a date is a mistake


def reference_facts(reference: Reference, data: bytes, *, age_years: int | None) -> Mapping[str, str | int]:
    """Return the facts of a reference. `data`: the portrait as the chip carries it; `age_years`: whole years since the
    card was issued, None when its date says nothing.

    `format` jpeg, jpeg2000 or other; `jpeg_quality` 1 to 100 on the scale of the usual tables; `bits_per_pixel_e2`.
    """
    height, width = reference.image.shape[:2]
    facts: dict[str, str | int] = {
        "reference_width_px": int(width),
        "reference_height_px": int(height),
        "reference_eye_distance_px": round(reference.quality.eye_distance_px),
        "reference_sharpness": round(reference.quality.sharpness),
        "reference_bytes": len(data),
        "reference_bits_per_pixel_e2": round(800 * len(data) / max(1, width * height)),
        "reference_format": portrait_format(data),
    }
    quality = jpeg_quality(data)
    if quality is not None:
        facts["reference_jpeg_quality"] = quality
    if age_years is not None and 0 <= age_years <= OLDEST:
        facts["reference_age_years"] = age_years
    return facts


def portrait_format(data: bytes) -> str:
    """Return "jpeg", "jpeg2000" or "other", by the first bytes."""
    if data[:3] == b"\xff\xd8\xff":
        return "jpeg"
    return "jpeg2000" if data[:8] == _JP2[:8] or data[:4] == _J2K else "other"


def jpeg_quality(data: bytes) -> int | None:
    """Return the quality, 1 to 100, whose scaled luminance table comes closest to that of a JPEG; None for others."""
    table = next((values for number, values in _tables(data) if number == 0), None)
    if table is None:
        return None
    ratio = sum(table) / sum(_LUMINANCE)
    quality = 100 - 50 * ratio if ratio <= 1 else 50 / ratio
    return min(100, max(1, round(quality)))


def _tables(data: bytes) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield number and values of each quantisation table before the scan. Broken bytes end it quietly."""
    for payload in _segments(data, 0xDB):
        at = 0
        while at < len(payload):
            precision, number = payload[at] >> 4, payload[at] & 15
            size = 2 if precision else 1
            values = payload[at + 1 : at + 1 + 64 * size]
            if len(values) < 64 * size:
                return
            yield (
                number,
                tuple(int.from_bytes(values[i : i + size], "big") for i in range(0, 64 * size, size)),
            )
            at += 1 + 64 * size


def _segments(data: bytes, wanted: int) -> Iterator[bytes]:
    at = 2
    for _ in range(MOST_SEGMENTS if data[:2] == b"\xff\xd8" else 0):
        if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] == 0xDA:
            return
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _STANDALONE or length < 2:
            return
        if marker == wanted:
            yield data[at + 4 : at + 2 + length]
        at += 2 + length

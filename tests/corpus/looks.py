"""Compares a response with the expected look of a case; describes all differences."""

from io import BytesIO

from PIL import Image

from tests.corpus.case import Look


def differences(look: Look, body: bytes, content_type: str) -> list[str]:
    """Return a sentence for each way in which a served picture is not as expected; none if it is."""
    if content_type != look.content_type:
        return [f"it is {content_type}, not {look.content_type}"]
    with Image.open(BytesIO(body)) as image:
        found = []
        if image.size != look.size:
            found.append(f"it is {image.size} px, not {look.size}")
        frames = getattr(image, "n_frames", 1)
        if frames != look.frames:
            found.append(f"it has {frames} frames, not {look.frames}")
        image.load()
        durations = [int(image.info.get("duration", 0))]
        found += _wrong_colors(look, image.convert("RGBA"))
        for index in range(1, frames):
            image.seek(index)
            image.load()
            durations.append(int(image.info.get("duration", 0)))
            if look.every_frame:
                found += _wrong_colors(look, image.convert("RGBA"))
        if look.durations_ms and tuple(durations) != look.durations_ms:
            found.append(f"its frames last {durations} ms, not {look.durations_ms}")
        if image.info.get("exif") or image.info.get("icc_profile") or image.info.get("comment"):
            found.append(f"it carries metadata: {sorted(image.info)}")
    return found


def _wrong_colors(look: Look, image: Image.Image) -> list[str]:
    found = []
    for (across, down), expected in look.colors.items():
        point = (min(image.width - 1, int(across * image.width)), min(image.height - 1, int(down * image.height)))
        *color, alpha = image.getpixel(point)
        expected_alpha = expected[3] if len(expected) == 4 else 255
        seen = expected_alpha > 0  # the colour of a transparent pixel is invisible
        off = [abs(one - other) for one, other in zip(color, expected, strict=False)] if seen else []
        if max([*off, abs(alpha - expected_alpha)]) > look.within:
            found.append(f"at {point} it is {(*color, alpha)}, not {expected} within {look.within}")
    return found

"""Parameters of other image services that image-scaler does not support, and what to use instead.

A request with one of them is refused: ignoring it would return a different picture than the page expects. The names
are query parameters, or options of paths, of imgproxy, Thumbor, Cloudinary, imgix, Cloudflare Images, Fastly's Image
Optimizer, ImageKit, imaginary, weserv, sharp and AWS's Dynamic Image Transformation. Names that pages add for other
purposes (``utm_source``, ``v``, ``s``, ``t``, ``expires``) are not among them.

cdk/edge_functions.py writes this table into the edge function, whose size is limited.
"""

from typing import Final

LONGEST_NAME: Final = 13
"""Characters of the longest name. The edge function ignores longer names unread."""

ADVICE: Final = (
    ("use width and height.", "resize size rs scale zoom max-w max-h min-w min-h ar aspect_ratio aspectratio enlarge"),
    ("use format.", "type fm ext output toformat"),
    ("use format=auto.", "auto"),
    ("use dpr.", "dpi density"),
    ("use quality.", "compression lossless max_bytes autoquality"),
    ("use fit.", "mode resizing_type extend pad padding canvas trim"),
    ("use width, height and position.", "crop rect precrop extract smartcrop"),
    ("use position.", "gravity focus fp-x fp-y fp-z smart halign valign"),
    ("use background.", "bg bg-color bgcolor"),
    ("use download.", "dl filename attachment"),
    ("use preset.", "tr transform class style"),
    ("it cannot be chosen.", "interlace progressive strip stripmeta metadata colorspace cs optimize anim"),
    (
        "change the original before its upload.",
        (
            "rotate rot angle flip flop orient blur sharpen sharp usm brightness bri contrast con saturation sat "
            "hue gamma gam sepia monochrome mono grayscale greyscale tint filter filters effect effects edits "
            "watermark mark overlay text txt border mask radius round roundcrop pixelate duotone invert negate "
            "normalize opacity page frame"
        ),
    ),
)
"""What to do instead, and the names in lower case, separated by spaces. Each name occurs once."""

_ADVICE_OF: Final = {name: advice for advice, names in ADVICE for name in names.split()}


def advice_for(name: str) -> str | None:
    """Return what to use instead of a parameter, given in lower case; None if no other service has it."""
    return _ADVICE_OF.get(name)

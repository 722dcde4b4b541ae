"""Image URLs for pages: cacheable signed URLs, srcset, cookies. It makes no requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any, Final, TypedDict, Unpack
from urllib.parse import quote, urlencode, urlsplit

from image_scaler.signing import Policy, Signer, all_images_policy, expiry_on_grid, image_policy, image_url
from image_scaler.srcset import WIDTHS, steps

VALID_FOR: Final = timedelta(hours=1)
DENSITIES: Final = (1, 2, 3)
"""The pixels per CSS pixel of common screens."""


class Variant(TypedDict, total=False):
    """The parameters of a variant; openapi.yaml (getVariant) describes each. Sides are in px."""

    width: int
    height: int
    dpr: float
    fit: str
    format: str
    quality: int | str
    position: str
    background: str
    preset: str
    download: str


@dataclass(frozen=True)
class SignedCookies:
    """Cookies by name that give access to pictures below ``path`` on the edge's host until ``expires_at``."""

    values: Mapping[str, str]
    path: str
    expires_at: datetime
    secure: bool

    def headers(self, *, domain: str | None = None) -> list[str]:
        """Return the values of Set-Cookie headers.

        Pass ``domain`` (``example.com``) if pages and edge have different hosts below it; without it the cookies are
        for the host that sets them. Scripts cannot read them.
        """
        lines = []
        for name, value in self.values.items():
            cookie: SimpleCookie = SimpleCookie()
            cookie[name] = value
            left = max(0, round((self.expires_at - datetime.now(UTC)).total_seconds()))
            attributes: dict[str, Any] = {
                "path": self.path, "domain": domain or "", "max-age": left, "samesite": "Lax", "httponly": True,
                "secure": self.secure,
            }  # fmt: skip
            cookie[name].update(attributes)
            lines.append(cookie[name].OutputString())
        return lines


class Pictures:
    """Creates URLs of one edge (``https://images.example.com``). ``signer`` is None if pictures are public.

    One signature covers all sizes of an image and is valid for at least ``valid_for``. Times are rounded to a grid
    (``signing.expiry_on_grid``): pages rendered within one step of it show the same URLs.
    """

    def __init__(
        self,
        edge: str,
        signer: Signer | None,
        *,
        valid_for: timedelta = VALID_FOR,
        grid: timedelta | None = None,
    ) -> None:
        self._edge = edge
        self._signer = signer
        self._valid_for = valid_for
        self._grid = grid

    def url(self, image_id: str, **variant: Unpack[Variant]) -> str:
        """Return the URL of an image, or of one variant. Raises SigningError."""
        return self._signed(image_id, [variant])[0]

    def srcset(
        self,
        image_id: str,
        size: tuple[int, int],
        *,
        ratio: float | None = None,
        widths: Sequence[int] = WIDTHS,
        **variant: Unpack[Variant],
    ) -> str:
        """Return the value of a srcset attribute for a picture of ``size`` (``Image.size``), see ``srcset.steps``.

        Raises SigningError, and ValueError for impossible sizes and for ``dpr``: the browser multiplies the widths of
        ``sizes`` itself.
        """
        if "dpr" in variant:
            raise ValueError("a srcset of widths needs no dpr; densities() returns one by density")
        offered = steps(size, ratio=ratio, widths=widths)
        asked = [_with_sides(variant, step.width, step.height) for step in offered]
        urls = self._signed(image_id, asked)
        return ", ".join(f"{url} {step.served_width}w" for url, step in zip(urls, offered, strict=True))

    def densities(self, image_id: str, *, ratios: Sequence[float] = DENSITIES, **variant: Unpack[Variant]) -> str:
        """Return the value of a srcset attribute for a picture that pages show at a fixed size, by screen density.

        ``variant`` has the size in CSS px. Raises SigningError.
        """
        urls = self._signed(image_id, [{**variant, "dpr": ratio} for ratio in ratios])
        return ", ".join(f"{url} {ratio:g}x" for url, ratio in zip(urls, ratios, strict=True))

    def signature(self, image_id: str) -> str:
        """Return the query with a signature for all sizes of an image, for pages that build URLs themselves.

        It is empty if pictures are public. Raises SigningError.
        """
        return self._query(image_policy(self._edge, image_id, expires_at=self._expires_at()))

    def cookies(self, image_id: str | None = None) -> SignedCookies:
        """Return cookies for all sizes of one image, or of every image of the edge. Raises SigningError.

        There are none if pictures are public.
        """
        expires_at = self._expires_at()
        if image_id is None:
            path, policy = "/images/", all_images_policy(self._edge, expires_at=expires_at)
        else:
            path, policy = f"/images/{image_id}", image_policy(self._edge, image_id, expires_at=expires_at)
        values = self._signer.sign_cookies(policy) if self._signer else {}
        return SignedCookies(values, path, expires_at, secure=urlsplit(self._edge).scheme == "https")

    def _signed(self, image_id: str, variants: Sequence[Variant]) -> list[str]:
        address, signature = image_url(self._edge, image_id), self.signature(image_id)
        queries = ("&".join(filter(None, (_asked(variant), signature))) for variant in variants)
        return [f"{address}?{query}" if query else address for query in queries]

    def _query(self, policy: Policy) -> str:
        if self._signer is None:
            return ""
        return self._signer.sign_url(f"{self._edge.removesuffix('/')}/", policy).partition("?")[2]

    def _expires_at(self) -> datetime:
        return expiry_on_grid(self._valid_for, grid=self._grid)


def _with_sides(variant: Variant, width: int, height: int | None) -> Variant:
    sides: Variant = {"width": width} if height is None else {"width": width, "height": height}
    return {**variant, **sides}


def _asked(variant: Variant) -> str:
    return urlencode({name: str(value) for name, value in variant.items() if value is not None}, quote_via=quote)

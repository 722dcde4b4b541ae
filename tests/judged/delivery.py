"""Processes an upload with ingest and serve's rendering, without AWS: its moderation views and its variants."""

from dataclasses import dataclass
from random import Random

from PIL import Image

from functions.imaging.geometry import Placement
from functions.imaging.ingest import Ingested, ingest_here
from functions.imaging.limits import DEFAULT_LIMITS
from functions.imaging.proxies import SHORTEST_SIDE_PX
from functions.imaging.storing import store_picture
from functions.shared.contracts import Picture
from functions.shared.variant import BACKGROUNDS, FITS, FORMATS, Sizes, Variant, parse_query
from functions.variants.rendering import RenderedVariant, render, spec_of
from functions.variants.sources import source_for
from tests import pictures
from tests.fakes.memory_store import MemoryStore


@dataclass(frozen=True)
class Published:
    """The stored files of an upload with the verdict allow."""

    ingested: Ingested
    picture: Picture
    files: dict[str, bytes]

    @classmethod
    def of(cls, body: bytes, **options: object) -> "Published":
        """Ingest an upload."""
        store = MemoryStore()
        ingested = ingest_here(body, "", DEFAULT_LIMITS, **options)
        return cls(ingested, store_picture(ingested.picture, store=store, bucket="b", prefix=""), store)

    @property
    def views(self) -> list[Image.Image]:
        """The moderation views in the master's size."""
        master = (self.picture.master.width, self.picture.master.height)
        return [_unpadded(pictures.opened(each.file.body), master) for each in self.ingested.proxies]

    @property
    def master(self) -> bytes:
        return self.files[self.picture.master.key]

    def served(self, variant: Variant) -> RenderedVariant:
        """Return a variant as serve renders it."""
        return render(self.files[source_for(self.picture, variant).key], variant, self.picture)

    def placement(self, variant: Variant) -> Placement:
        """Return which part of the master a variant shows, and where."""
        return spec_of(variant, self.picture).placement((self.picture.master.width, self.picture.master.height))


def random_variant(dice: Random, picture: Picture) -> Variant:
    """Return a random variant that can be requested."""
    query = {"format": dice.choice(FORMATS), "quality": str(dice.choice([40, 60, 80, 95]))}
    if dice.random() < 0.7:
        query["width"] = str(dice.choice([96, 128, 200, 320, picture.master.width, 3840]))
        if dice.random() < 0.6:
            query["height"] = str(dice.choice([96, 128, 256, picture.master.height]))
            query |= {
                "fit": dice.choice(FITS),
                "background": dice.choice(BACKGROUNDS),
                "position": f"{dice.randrange(17)},{dice.randrange(17)}",
            }
    return parse_query(query.items(), accept="", sizes=Sizes.EXACT).variant


def _unpadded(view: Image.Image, size: tuple[int, int]) -> Image.Image:
    factor = max(view.size) / max(size)
    shown = [round(side * factor) if side * factor >= 1 else 1 for side in size]
    left, top = (
        (whole - part) // 2 if whole == SHORTEST_SIDE_PX else 0 for whole, part in zip(view.size, shown, strict=True)
    )
    return view.crop((left, top, left + shown[0], top + shown[1])).resize(size, Image.Resampling.LANCZOS)

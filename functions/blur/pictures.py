"""A picture to its blurred twin: master and renditions in the same sizes, nothing in them from the sharp pixels.

Placeholder and dominant colour are made from the blurred pixels as well: they leak otherwise. Running twice writes the
same files under the same keys.
"""

from functions.blur.settings import BlurSettings
from functions.imaging.blurring import SoftCopies
from functions.imaging.derived import DerivedPicture, derive
from functions.imaging.storing import store_picture
from functions.imaging.variants import open_rendition
from functions.shared.contracts import BlurRequest, Picture
from functions.shared.keys import revision_prefix
from functions.shared.object_store import S3ObjectStore


def blur_picture(request: BlurRequest, *, store: S3ObjectStore, settings: BlurSettings) -> Picture:
    """Blur the master in staging and write it and its renditions below ``blurred/`` of the same revision.

    Raises ObjectMissingError or TransientDependencyError.
    """
    master = store.get(settings.staging_bucket, request.picture.master.key)
    widths = tuple(rendition.width for rendition in request.picture.renditions)
    twin = blurred_twin(master.body, widths)
    prefix = f"{revision_prefix(request.image_id, request.revision)}blurred/"
    return store_picture(twin, store=store, bucket=settings.staging_bucket, prefix=prefix)


def blurred_twin(master: bytes, widths: tuple[int, ...]) -> DerivedPicture:
    """Return what is stored of a picture once it is blurred: its master and renditions at these widths in px."""
    sharp = open_rendition(master)
    copies = SoftCopies(sharp)
    return derive(copies.at(sharp.size[0]), copies, widths)

"""Blurs a picture: a still whose master and renditions have the same sizes, drawn from a few cells.

Placeholder and dominant colour are derived from the blurred pixels, so that they reveal nothing. The colours of the
cells are means, so the narrowest stored file is sufficient. A repetition writes the same files under the same keys.
"""

from dataclasses import replace

from functions.blur.settings import BlurSettings
from functions.imaging.blurring import BlurredCopies
from functions.imaging.derived import DerivedPicture, derive
from functions.imaging.renditions import encoded_master
from functions.imaging.storing import store_picture
from functions.imaging.variants import open_rendition
from functions.shared.contracts import BlurRequest, Picture
from functions.shared.keys import revision_prefix
from functions.shared.object_store import S3ObjectStore
from functions.shared.options import Blur


def blur_picture(request: BlurRequest, *, store: S3ObjectStore, settings: BlurSettings) -> Picture:
    """Blur the picture in staging and write its files below ``blurred/`` of the same revision.

    Raises ObjectMissingError or TransientDependencyError.
    """
    sharp = request.picture
    narrowest = min((sharp.master, *sharp.renditions), key=lambda file: file.width)
    source = store.get(settings.staging_bucket, narrowest.key).body
    widths = tuple(rendition.width for rendition in sharp.renditions)
    blurred = blurred_files(source, (sharp.master.width, sharp.master.height), widths, settings.blur)
    prefix = f"{revision_prefix(request.image_id, request.revision)}blurred/"
    stored = store_picture(blurred, store=store, bucket=settings.staging_bucket, prefix=prefix)
    return replace(stored, blur=str(settings.blur))


def blurred_files(source: bytes, size: tuple[int, int], widths: tuple[int, ...], blur: Blur) -> DerivedPicture:
    """Return the files of the blurred picture: a master of ``size`` px and renditions at these widths in px.

    ``source`` is any stored file of the sharp picture.
    """
    sharp = open_rendition(source)
    copies = BlurredCopies(sharp.frames, size, blur, sharp.rights)
    master, picture = encoded_master(copies.at(size[0]))
    return derive(picture, master, copies, tuple(width for width in widths if width < master.width))

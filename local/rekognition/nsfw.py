"""A judge from the score of an NSFW classifier: one label of Rekognition's taxonomy with the score as confidence.

The classifier returns the probability that a picture is pornographic, and not what it shows. The label is therefore
Explicit, the top of its branch: every label below it would claim more than the classifier says. It never finds
violence, weapons, symbols or drugs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from local.rekognition.pictures import SeenPicture

LABEL: Final = "Explicit"


@dataclass(frozen=True)
class NsfwJudge:
    """Judges by ``score``, which returns a probability from 0 to 1 for a JPEG or PNG.

    ``name`` and ``version`` are the classifier's.
    """

    score: Callable[[bytes], float]
    name: str
    version: str

    @property
    def model_version(self) -> str:
        """The ModerationModelVersion of the answers. It begins with the detector's name, which verdicts keep."""
        return f"{self.name} {self.version}"

    def labels_of(self, body: bytes, _seen: SeenPicture) -> list[dict[str, Any]]:
        """Return the label of every picture; the requested confidence selects. Raises UnreadablePictureError."""
        confidence = min(100.0, 100 * self.score(body))
        return [{"Name": LABEL, "ParentName": "", "TaxonomyLevel": 1, "Confidence": confidence}]

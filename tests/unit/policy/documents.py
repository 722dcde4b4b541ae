"""Random policies and answers for property tests."""

from hypothesis import strategies as st

from functions.policy.policy import Answer, Policy
from functions.policy.taxonomy import CONTENT_TYPES, PARENTS
from functions.shared.contracts import ContentType, Label
from functions.shared.errors import PolicyError

LABELS = sorted(PARENTS)
FAMILY = ["Non-Explicit Nudity of Intimate parts and Kissing", "Non-Explicit Nudity", "Bare Back", "Implied Nudity",
          "Kissing on the Lips", "Gambling"]  # fmt: skip
"""A few labels that are related, so that random rules and labels often concern one another."""
STRICT = ["blur", "review", "block"]


def level(name: str) -> int:
    return 1 + level(PARENTS[name]) if PARENTS.get(name) else 1


def label(name: str, confidence: float, *, frame: int = 0) -> Label:
    return Label(name, PARENTS.get(name, ""), confidence, taxonomy_level=level(name), frame=frame)


def lineage(name: str, confidence: float, *, frame: int = 0) -> list[Label]:
    """A label with its ancestors, as Rekognition reports it."""
    parents = lineage(PARENTS[name], confidence, frame=frame) if PARENTS.get(name) else []
    return [label(name, confidence, frame=frame), *parents]


def answer(*labels: Label, types: tuple[ContentType, ...] = (), asked: float = 30) -> Answer:
    return Answer(labels, types, minimum_confidence=asked)


def policy_of(document: dict) -> Policy:
    """Return a document as a policy, without the rules that have no effect."""
    try:
        return Policy.from_document(document)
    except PolicyError as error:
        without_effect = {place for place, _ in error.faults}
        kept = [rule for number, rule in enumerate(document["rules"]) if f"rules[{number}]" not in without_effect]
        assert len(kept) < len(document["rules"])
        return policy_of(document | {"rules": kept})


reasons = st.sampled_from(["NUDITY", "VIOLENCE", "SPAM"])
types = st.lists(st.sampled_from(CONTENT_TYPES), min_size=1, max_size=2, unique=True)


@st.composite
def rules(draw, minimum: float, names=FAMILY):
    rule = {"label": draw(st.sampled_from(names)), "action": draw(st.sampled_from(["allow", *STRICT]))}
    if rule["action"] != "allow":
        rule["confidence"] = draw(st.integers(minimum, 100))
        rule["reason"] = draw(reasons)
        rule |= draw(st.fixed_dictionaries({}, optional={
            "severity": st.integers(1, 5), "queue": st.sampled_from(["default", "urgent"])
        }))  # fmt: skip
    return rule | draw(st.fixed_dictionaries({}, optional={"content_types": types, "unless": types}))


@st.composite
def documents(draw, minimum=None, names=FAMILY):
    """Documents that are valid, except that a rule may have no effect."""
    minimum = draw(st.integers(30, 60)) if minimum is None else minimum
    return {
        "version": "random",
        "minimum_confidence": minimum,
        "default": {"confidence": draw(st.integers(minimum, 100)), "action": draw(st.sampled_from(STRICT)),
                    "reason": draw(reasons)},
        "rules": draw(st.lists(rules(minimum, names), max_size=6)),
        "review": {"after_seconds": 60, "fallback": draw(st.sampled_from(["blur", "hold", "block"]))},
        "content_type_confidence": draw(st.integers(50, 90)),
    }  # fmt: skip


labels = st.builds(label, st.sampled_from([*FAMILY, "Something New"]), st.integers(30, 100), frame=st.integers(0, 1))
content_types = st.builds(ContentType, st.sampled_from(CONTENT_TYPES), st.integers(40, 100), st.integers(0, 1))
answers = st.builds(
    lambda labels, types: Answer(tuple(labels), tuple(types), minimum_confidence=30),
    st.lists(labels, max_size=6),
    st.lists(content_types, max_size=3),
)

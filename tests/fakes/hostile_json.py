"""Random bodies that are JSON, nearly JSON or bytes, with what parsers and writers of JSON fail on."""

import json

from hypothesis import strategies as st

MEMBERS = (
    "version", "minimum_confidence", "default", "rules", "review", "examples", "labels", "label", "action",
    "confidence", "name", "decision", "reason", "note", "enabled", "focal_point", "x", "y", "status", "since", "tenant",
    "cursor", "filename", "content_type", "size", "method", "owner", "digest", "candidate", "against", "mode", "policy",
    "cap", "confirm", "manifest",
)  # fmt: skip
"""Names of members of all bodies of the API."""

texts = st.text(st.characters() | st.sampled_from("\0\u202e\ud800\udfff\U0001f600"), max_size=20)
"""Texts with all characters, also with lone surrogates."""

MAX_CHARACTERS = 300_000
"""More than a body may have."""

names = st.sampled_from(MEMBERS) | texts
scalars = st.one_of(
    st.sampled_from(
        ["null", "true", "NaN", "-Infinity", "1e999", "1" * 401, "-1" + "0" * 400, "1" * 5_000, "0.5", '"allow"', "80"]
    ),
    st.integers().map(str),
    texts.map(json.dumps),
    texts.map(lambda text: json.dumps(text, ensure_ascii=False)),
)


def listed(values):
    return f"[{','.join(values)}]"


def repeated(text, count):
    """Return a list of one value, of up to MAX_CHARACTERS: repetitions within repetitions would fill the memory."""
    return listed([text] * max(1, min(count, MAX_CHARACTERS // len(text))))


def an_object(members):
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in members) + "}"


values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(listed),
        st.lists(st.tuples(names, inner), max_size=6).map(an_object),
        st.tuples(inner, st.sampled_from([2, 30, 1_000])).map(lambda pair: "[" * pair[1] + pair[0] + "]" * pair[1]),
        st.tuples(inner, st.sampled_from([2, 300])).map(lambda pair: repeated(*pair)),
    ),
    max_leaves=12,
)
documents = st.lists(st.tuples(names, values), max_size=8).map(an_object)
large = st.sampled_from(
    [
        an_object((f"{number:x}", "1") for number in range(20_000)),
        an_object(("\U0001f600" * 100 + str(number), '"\\u0001"') for number in range(150)),
        an_object([("examples", listed(["{}"] * 20_000))]),
        an_object([("rules", listed(['{"label":"' + "\\u0001" * 100 + '"}'] * 100))]),
    ]
)
bodies = st.one_of(documents, values, large).map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary()

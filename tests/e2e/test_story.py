"""`make story`: the verdicts of a few pictures change as its steps say."""

import pytest

from local.console import Progress
from local.story import run_story


@pytest.fixture(scope="module")
def story(deployed):
    deployed.rekognition.reset()
    return run_story(deployed.outputs, Progress(quiet=True))


def test_each_picture_has_the_statuses_of_its_part(story):
    assert story.statuses == {
        "knife.jpg": ["BLURRED", "PUBLISHED", "PUBLISHED", "REMOVED"],
        "flipbook.gif": ["BLURRED", "BLOCKED", "REMOVED"],
        "mountains.jpg": ["PUBLISHED", "REMOVED"],
        "bather.webp": ["IN_REVIEW", "BLURRED", "REMOVED"],
    }


def test_the_diff_counts_what_the_rejudgement_changes(story):
    assert story.changed == 1


def test_the_webhook_delivers_each_change_of_a_status(story):
    assert set(story.events) == {"image.published", "image.blurred", "image.blocked", "image.in_review"}


def test_the_history_says_who_decided_and_why(story):
    override = next(line for line in story.history if line.type == "VERDICT")

    assert [line.type for line in story.history] == ["BLURRED", "VERDICT", "PUBLISHED"]
    assert override.document["decision"] == "allow"
    assert (override.document["actor"], override.reason) == ("service", "KITCHEN_KNIFE")


def test_each_step_is_printed(story):
    for step in ("uploaded", "overridden", "refused", "diff", "re-judged", "review", "fallback", "webhooks", "history",
                 "owner removed"):  # fmt: skip
        assert any(step in line.lower() for line in story.lines), step

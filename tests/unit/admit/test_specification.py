"""What the specification of `admit` grants."""

from cdk.functions import SPECIFICATIONS
from tests.fakes.stage import granted


def test_admit_reads_records():
    assert granted("admit") == {"dynamodb:GetItem Records.Arn"}


def test_admit_starts_and_describes_ingest_and_nothing_else():
    assert SPECIFICATIONS["admit"].starts == SPECIFICATIONS["admit"].describes == ("ingest",)

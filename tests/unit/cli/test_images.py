"""``image-scaler upload``, ``wait``, ``get``, ``list``, ``history``, ``delete`` as people and programs use them."""

import json
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from functions.shared.clock import now
from image_scaler import cli
from image_scaler.cli.app import ExitCode, exit_code_of
from image_scaler.client import errors
from image_scaler.client.calls import Calls
from tests.documents import CHECKOUT, rows
from tests.fakes.aws import ORIGINALS
from tests.fakes.machines import Machine
from tests.unit.manage.conftest import image_id, put_failed, put_image, put_labels_and_history

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "cat.webp"
    path.write_bytes(b"picture")
    return path


def documents(done) -> list[dict]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_an_upload_prints_the_id_alone_so_that_a_script_can_take_it(run, aws, file):
    done = run("upload", file)

    identity = done.stdout.strip()
    assert (done.exit_code, done.stderr) == (0, "")
    assert aws.keys(ORIGINALS) == [f"uploads/{identity}/original"]


def test_several_files_are_uploaded_and_a_refused_one_is_told_beside_them(run, aws, file, tmp_path):
    drawing = tmp_path / "drawing.svg"
    drawing.write_text("<svg/>")

    done = run("upload", drawing, file)

    assert done.exit_code == ExitCode.FAILED
    assert f"{drawing}: drawing.svg: the extension .svg is not a supported image type" in done.stderr
    assert aws.keys(ORIGINALS) == [f"uploads/{done.stdout.strip()}/original"]


def test_labels_reach_the_record(run, file):
    identity = run("upload", file, "--owner", "alice", "--tenant", "acme", "--content-type", "image/png").stdout.strip()

    (record,) = documents(run("get", identity, "--json"))
    assert (record["owner"], record["tenant"], record["content_type"]) == ("alice", "acme", "image/png")


def test_a_focal_point_is_set_and_printed(run, aws):
    identity = put_image(aws)

    assert run("focus", identity, "0.25", "0.5").stdout == f"{identity}  0.25 0.5\n"
    assert run("focus", identity, "1.5", "0").exit_code == ExitCode.USAGE


def test_a_verdict_is_overridden_and_printed(run, aws):
    Machine("retire")
    identity = put_image(aws)

    assert run("verdict", identity, "block", "--reason", "SEEN").stdout == f"{identity}  BLOCKED  block applied\n"
    assert run("verdict", identity, "block").exit_code == ExitCode.USAGE
    assert run("verdict", identity, "hide", "--reason", "SEEN").exit_code == ExitCode.FAILED


def test_an_explanation_is_printed_line_by_line(run, monkeypatch):
    why = {"key": "Canonical.", "format": "Named.", "quality": "Predicted.", "source": "Smallest."}
    source = {"name": "w320.jpg", "width": 320, "height": 240, "bytes": 9000, "content_type": "image/jpeg"}
    found = {
        "key": "fit=cover,width=320", "is_stored": False, "rounded": {"width": {"given": "300", "used": "320"}},
        "width": 320, "height": 240, "format": "webp", "encoder": "libwebp", "quality": 78,
        "source": source, "why": why,
    }  # fmt: skip
    monkeypatch.setattr(Calls, "api", lambda *_args, **_options: found)

    lines = run("explain", f"https://h.example/images/{image_id(1)}?w=300").stdout.splitlines()

    assert lines[0] == "key      fit=cover,width=320"
    assert "Canonical. It is not stored yet." in lines[1]
    assert "width 300 is rounded to 320." in lines[2]
    assert "format   webp by libwebp. Named." in lines
    assert "quality  78. Predicted." in lines
    assert "source   w320.jpg, 320 x 240 px, 9000 bytes." in lines


def test_waiting_for_an_image_that_does_not_come_ends_with_its_own_code(run, file):
    done = run("upload", file, "--wait", "--timeout", "1s")

    assert done.exit_code == ExitCode.TIMEOUT
    assert "is still AWAITING_UPLOAD after 1 s" in done.stderr


@pytest.mark.parametrize(
    ("status", "code"),
    [("PUBLISHED", 0), ("BLURRED", 0), ("REJECTED", 1), ("BLOCKED", 1), ("HELD", 1), ("FAILED", 1), ("IN_REVIEW", 1)],
)
def test_waiting_fails_unless_the_image_is_served(run, aws, status, code):
    identity = put_image(aws, status=status)

    done = run("wait", identity)

    assert (done.exit_code, done.stdout.split()) == (code, [identity, status])


def test_a_record_is_told_to_people(run, aws):
    identity = put_image(aws, owner="alice")
    put_labels_and_history(aws, identity)

    told = run("get", identity).stdout

    for part in (f"{identity}  PUBLISHED", "cat.jpg", "alice", "640 x 400 px", "Weapons 92 %", "CORRUPT"):
        assert part in told


def test_a_listing_is_one_line_per_image_newest_first(run, aws):
    for number in range(4):
        put_image(aws, number, status="HELD" if number == 1 else "PUBLISHED")

    lines = run("list", "-n", "3").stdout.splitlines()
    held = documents(run("list", "--status", "HELD", "--all", "--json"))

    assert [line.split()[:2] for line in lines] == [[image_id(number), "PUBLISHED"] for number in (3, 2)] + [
        [image_id(1), "HELD"]
    ]
    assert [each["id"] for each in held] == [image_id(1)]


def test_history_is_one_line_per_event(run, aws):
    identity = put_image(aws)
    put_labels_and_history(aws, identity)

    assert run("history", identity).stdout.split() == ["2026-11-24T09:00:00.000+00:00", "REJECTED", "CORRUPT",
                                                       "The", "picture", "of", "my", "cat", "is", "broken"]  # fmt: skip


def test_a_removal_is_told_and_may_be_repeated(run, aws):
    Machine("remove")
    identity = put_image(aws)

    done = [run("delete", identity), run("delete", identity, "--wait", "--timeout", "1s")]

    assert [each.exit_code for each in done] == [0, ExitCode.TIMEOUT]
    assert done[0].stdout.split() == [identity, "REMOVED"]
    assert run("get", identity).stdout.startswith(f"{identity}  REMOVED")


# --- how commands end


def test_all_images_of_an_owner_are_deleted_and_held_ones_are_named(run, aws):
    Machine("remove")
    gone, kept = put_image(aws, 1, owner="alice"), put_image(aws, 2, owner="alice", legal_hold=True)

    done = run("delete", "--owner", "alice", "--json")

    assert done.exit_code == ExitCode.FAILED
    assert documents(done) == [{"id": gone, "status": "REMOVED"}]
    assert f"{kept}: under a legal hold, not removed" in done.stderr
    assert "1 images of alice removed, 1 under a legal hold" in done.stderr


@pytest.mark.parametrize("line", ["delete", "delete X --owner alice", "delete X --tenant acme", "hold X"])
def test_options_that_do_not_go_together_are_a_usage_error(run, line):
    assert run(*line.split()).exit_code == ExitCode.USAGE


def test_an_image_is_held_and_released_with_a_reason_in_its_history(run, aws):
    identity = put_image(aws)

    held = run("hold", identity, "--reason", "case 17")
    released = run("hold", identity, "--reason", "closed", "--release")

    assert (held.stdout, released.stdout) == (
        f"{identity}  under legal hold\n",
        f"{identity}  not under legal hold\n",
    )
    assert "LEGAL_HOLD  service  case 17" in run("history", identity).stdout


def test_a_list_takes_a_selector_and_a_time_range(run, aws):
    put_image(aws, 1)
    mine = put_image(aws, 2, owner="alice")

    assert [each["id"] for each in documents(run("list", "--owner", "alice", "--json"))] == [mine]
    assert documents(run("list", "--owner", "alice", "--since", "2100-01-01T00:00:00Z", "--json")) == []
    assert run("list", "--owner", "alice", "--status", "HELD").exit_code == ExitCode.FAILED


@pytest.mark.parametrize("command", ["get", "wait", "history", "delete"])
def test_an_image_that_does_not_exist_has_its_own_code(run, command):
    done = run(command, UNKNOWN)

    assert done.exit_code == ExitCode.NOT_FOUND
    assert done.stderr == "image-scaler: 404 Not Found: No image has this id.\n"


def test_a_key_that_is_not_trusted_has_its_own_code(run, service, profile):
    profile(service.url, key_pair_id="KOTHER")

    done = run("list")

    assert (done.exit_code, done.stderr) == (ExitCode.DENIED, "image-scaler: 403 InvalidKey\n")


def test_a_stage_that_does_not_answer_has_its_own_code(profile, monkeypatch):
    profile("http://127.0.0.1:9")
    monkeypatch.setattr("time.sleep", lambda _: None)

    done = CliRunner().invoke(cli.app, ["list"])

    assert done.exit_code == ExitCode.UNREACHABLE
    assert done.stderr.startswith("image-scaler: http://127.0.0.1:9 cannot be reached: ")


@pytest.mark.parametrize(
    "line", ["upload", "upload /no/such/file", "get", "list --limit 0", "nonsense", "list --profile prod"]
)
def test_a_wrong_use_has_its_own_code(run, line):
    done = run(*line.split())

    assert done.exit_code == ExitCode.USAGE
    assert "Traceback" not in done.stderr


def test_a_refused_call_is_told_to_programs_with_its_problem(run):
    done = run("list", "--status", "LOST", "--json")

    told = json.loads(done.stderr)
    assert (done.exit_code, told["exit_code"], told["error"]) == (1, 1, "InvalidRequestError")
    assert (told["problem"]["status"], told["problem"]["parameter"]) == (400, "status")


def test_every_error_of_the_client_has_an_exit_code_of_the_documented_table():
    first_cells = [cells[0].content for cells in rows(CHECKOUT / "docs" / "cli.md")]
    documented = {int(cell) for cell in first_cells if cell.isdecimal()}

    assert documented == {code.value for code in ExitCode} | {130}
    for error in vars(errors).values():
        if isinstance(error, type) and issubclass(error, errors.ClientError):
            assert exit_code_of(error.__new__(error)) in documented


# --- the command itself


def test_the_version_is_that_of_the_package():
    assert CliRunner().invoke(cli.app, ["--version"]).stdout == f"image-scaler {version('image-scaler')}\n"


def test_status_tells_what_answers_and_counts_the_newest_images(run, aws):
    for number, status in enumerate(["PUBLISHED", "HELD", "PUBLISHED"]):
        put_image(aws, number, status=status)

    done = run("status", "--json")

    (told,) = documents(done)
    assert done.exit_code == 0
    assert told["checks"] == {"api": "ok", "pictures": "ok"}
    assert told["images"] == {"PUBLISHED": 2, "HELD": 1}
    assert "no [aws] part" in done.stderr


def test_status_of_a_stage_that_refuses_the_key_fails(run, service, profile):
    profile(service.url, key_pair_id="KOTHER")

    done = run("status")

    assert done.exit_code == ExitCode.DENIED
    assert "denied" in done.stdout


@pytest.mark.parametrize("command", ["resume", "logs"])
def test_what_needs_aws_says_so_where_the_profile_has_no_such_part(run, command):
    done = run(command, UNKNOWN)

    assert done.exit_code == ExitCode.USAGE
    assert "has no [aws] part" in done.stderr


def test_all_images_of_a_status_are_resumed_without_aws_credentials_and_counted(run, aws, uploads):
    put_failed(aws, 1)
    put_failed(aws, 2)
    put_failed(aws, 3, status="HELD")

    done = run("resume", "--status", "FAILED")

    assert done.exit_code == 0
    assert done.stdout.splitlines() == [image_id(2), image_id(1)]
    assert done.stderr == "resume: 2 images resumed, 0 skipped\n"
    assert len(uploads.take()) == 2
    assert documents(run("resume", "--status", "HELD", "--json")) == [{"id": image_id(3)}]


@pytest.mark.parametrize("since", ["2h", "2026-11-25T00:00:00Z"])
def test_since_is_a_time_or_a_duration_before_now(run, aws, uploads, since):
    put_failed(aws, 1, updated_at="2026-11-24T10:00:00.000Z")
    put_failed(aws, 2, updated_at=now())

    assert run("resume", "--status", "FAILED", "--since", since).stdout == f"{image_id(2)}\n"


def test_an_image_that_cannot_be_resumed_is_told_and_fails_the_command(run, aws, uploads):
    put_failed(aws, 1, claimed_size=None)
    put_failed(aws, 2, tenant="acme", claimed_size=None)

    done = run("resume", "--status", "FAILED", "--tenant", "acme")

    assert (done.exit_code, done.stdout) == (ExitCode.FAILED, "")
    assert f"try image-scaler resume {image_id(2)}" in done.stderr
    assert "0 images resumed, 1 skipped" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give either ids or --status"),
        ([UNKNOWN, "--status", "FAILED"], "give either ids or --status"),
        ([UNKNOWN, "--since", "2h"], "--since and --tenant need --status"),
        ([UNKNOWN, "--tenant", "acme"], "--since and --tenant need --status"),
        (["--status", "PUBLISHED"], "--status must be FAILED or HELD"),
        (["--status", "FAILED", "--since", "tomorrow"], "must be a time like"),
        (["--status", "FAILED", "--since", "9999999d"], "is before the year 1"),
    ],
)
def test_what_to_resume_must_be_clear(run, arguments, message):
    done = run("resume", *arguments)

    assert done.exit_code == ExitCode.USAGE
    assert message in done.stderr

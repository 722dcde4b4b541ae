"""Folders that a build caches are complete or absent, even with concurrent builds."""

import pytest

from cdk.cached_folder import cached_folder


def test_a_folder_is_filled_once(tmp_path):
    calls = []

    def fill(folder):
        calls.append(folder)
        (folder / "file").write_text("content")

    first = cached_folder(tmp_path / "cache" / "name", fill)
    second = cached_folder(tmp_path / "cache" / "name", fill)

    assert first == second == tmp_path / "cache" / "name"
    assert (first / "file").read_text() == "content"
    assert len(calls) == 1
    assert list((tmp_path / "cache").iterdir()) == [first]


def test_a_failed_folder_is_not_kept(tmp_path):
    def fill(folder):
        (folder / "half").write_text("")
        raise RuntimeError("out of wheels")

    with pytest.raises(RuntimeError, match="out of wheels"):
        cached_folder(tmp_path / "name", fill)

    assert list(tmp_path.iterdir()) == []


def test_of_two_builds_at_once_the_first_to_finish_is_kept(tmp_path):
    def fill_while_another_build_finishes(folder):
        (folder / "file").write_text("second")
        cached_folder(tmp_path / "name", lambda other: (other / "file").write_text("first"))

    folder = cached_folder(tmp_path / "name", fill_while_another_build_finishes)

    assert (folder / "file").read_text() == "first"
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_that_cannot_be_moved_into_place_is_an_error(tmp_path):
    (tmp_path / "name").write_text("a file in its place")

    with pytest.raises(OSError, match="name"):
        cached_folder(tmp_path / "name", lambda folder: (folder / "file").write_text(""))

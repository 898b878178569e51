"""What is said of the files that a spec names: where it is, nothing of where it is not, and what was not looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployer.authoring import validate_paths, validate_project

SPEC = "name: blue\nendpoint_name: e-p\ninstance_type: Standard_DS3_v2\n"
SECRET = "dependencies: [python, {pip: ['--extra-index-url https://me:s3cret@h/simple']}]\n"


def test_a_place_in_another_file_has_no_note_about_the_line_of_the_spec(tmp_path: Path) -> None:
    (tmp_path / "conda.yml").write_text(SECRET)
    unknown_lines = "# {% set t %}abc{% endset %}{{ t | length }}\n"  # marks in its text would change its length
    (tmp_path / "d.yml").write_text(f"{SPEC}environment: {{image: a, conda_file: conda.yml}}\n{unknown_lines}")
    found = validate_paths([tmp_path / "d.yml"], project=tmp_path, env=None).diagnostics
    (said,) = [item for item in found if item.code == "literal-secret"]
    assert (said.location.file, said.location.line) == ("conda.yml", 1)
    assert "rendered text" not in said.detail


@pytest.mark.parametrize("name", ["conda.yml", "docker/Dockerfile"])
def test_a_file_that_is_too_large_is_said_not_to_be_looked_through(name: str, tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / name).write_text("#" * 1_000_001)
    how = "{build: {path: docker}}" if name.startswith("docker") else "{image: a, conda_file: conda.yml}"
    (tmp_path / "d.yml").write_text(f"{SPEC}environment: {how}\n")
    found = validate_paths([tmp_path / "d.yml"], project=tmp_path, env=None).diagnostics
    (said,) = [item for item in found if item.code == "file-size"]
    assert f"{name} has 1,000,001 bytes" in said.summary


def test_a_warning_about_the_env_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUP_TOKEN", "hush-hush-hush")
    (tmp_path / "specs/env").mkdir(parents=True)
    workspace = "{subscription_id: s, resource_group: \"{{ env_var('GROUP_TOKEN') }}\", name: w}"
    (tmp_path / "specs/env/dev.yml").write_text(f"project: p\nworkspace: {workspace}\n")
    (tmp_path / "specs/endpoint.yml").write_text("name: abc\nauth_mode: key\n")
    for found in (
        validate_project(tmp_path, "dev").diagnostics,
        validate_paths([Path("specs/endpoint.yml")], project=tmp_path, env="dev").diagnostics,
    ):
        assert [(item.code, item.location.file, item.severity.stops) for item in found] == [
            ("secret-misplaced", "specs/env/dev.yml", False)
        ]
        assert "hush" not in str(found)

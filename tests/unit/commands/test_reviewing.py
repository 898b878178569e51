"""The comment of a plan: where it was made, what takes its place when there is none, and links to the specs."""

from __future__ import annotations

import subprocess

import pytest

from tests.unit.commands.conftest import Shop


def committed(shop: Shop) -> str:
    """The commit of the project, which is a repository."""
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(shop.folder), *words], check=True)
    said = subprocess.run(
        ["git", "-C", str(shop.folder), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    )
    return said.stdout.strip()


@pytest.mark.parametrize("shape", ["markdown", "html"])
def test_a_comment_says_where_and_for_which_commit(shop: Shop, shape: str) -> None:
    commit = committed(shop)
    said = shop.run("plan", "--env", "dev", "--format", shape)
    assert "Can be applied." in said.out
    assert f"dev → workspace workspace / group / 00000000…, commit {commit[:7]}" in said.out
    assert "<!-- deployer plan . dev -->" in said.out


@pytest.mark.parametrize(
    ("pipeline", "link"),
    [
        (
            {"GITHUB_SERVER_URL": "https://git.example", "GITHUB_REPOSITORY": "team/shop"},
            "https://git.example/team/shop/blob/COMMIT/specs/digits/endpoint.yml#L1",
        ),
        (
            {"BUILD_REPOSITORY_URI": "https://org@dev.example/org/p/_git/shop"},
            "https://dev.example/org/p/_git/shop?path=/specs/digits/endpoint.yml&version=GCCOMMIT&line=1",
        ),
    ],
)
def test_findings_link_to_the_line_at_that_commit(
    deployed: Shop, pipeline: dict[str, str], link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "BUILD_REPOSITORY_URI"):
        monkeypatch.delenv(name, raising=False)
    deployed.declare("digits", blue=0)
    commit = committed(deployed)
    plain = deployed.run("plan", "--env", "dev", "--format", "markdown")
    assert (plain.code, "](<" in plain.out) == (3, False)
    for name, value in pipeline.items():
        monkeypatch.setenv(name, value)
    said = deployed.run("plan", "--env", "dev", "--format", "markdown")
    assert f"](<{link.replace('COMMIT', commit)}>)" in said.out


@pytest.mark.parametrize("shape", ["markdown", "html"])
@pytest.mark.parametrize("broken", ["specs/digits/endpoint.yml", "specs/env/dev.yml"])
def test_where_no_plan_can_be_made_the_comment_says_why(shop: Shop, shape: str, broken: str) -> None:
    good = shop.run("plan", "--env", "dev", "--format", "markdown").out.split("\n")[0]
    (shop.folder / broken).write_text("nane: digits\n")
    said = shop.run("plan", "--env", "dev", "--format", shape)
    assert said.code == 1
    assert good in said.out
    assert "No plan: it could not be made." in said.out
    assert "nane" in said.out
    assert "nane" in said.err
    assert shop.run("plan", "--env", "dev").out == ""


def test_a_failure_of_the_workspace_is_a_comment_without_secrets(
    deployed: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "hunter2-and-more")
    variables = {"environment_variables": {"TOKEN": "{{ secret('SHOP_TOKEN') }}"}}
    deployed.write("specs/digits/deployment-blue.yml", {**deployed.deployment("digits", "blue"), **variables})

    def fail(_: object) -> None:
        raise RuntimeError("no hunter2-and-more")

    monkeypatch.setattr(deployed.workspace, "observe", fail)
    said = deployed.run("plan", "--env", "dev", "--format", "markdown")
    assert "No plan: it could not be made." in said.out
    assert "hunter2" not in said.out + said.err


def test_prices_of_the_project_give_the_difference_that_a_plan_makes(shop: Shop) -> None:
    (shop.folder / "prices.yml").write_text("currency: EUR\nper_hour: {standard_ds3_v2: 0.5}\n")
    assert "\\+730 EUR a month" in shop.run("plan", "--env", "dev", "--format", "markdown").out
    (shop.folder / "prices.yml").write_text("currency: EUR\nper_hour: {}\n")
    assert "no price is given for Standard\\_DS3\\_v2" in shop.run("plan", "--env", "dev", "--format", "markdown").out
    for bad in ("per_hour: {}\n", "currency: EUR\nper_hour: {a: b}\n", "- 1\n", "{"):
        (shop.folder / "prices.yml").write_text(bad)
        said = shop.run("plan", "--env", "dev", "--format", "markdown")
        assert (said.code in (1, 64), "prices.yml" in said.err) == (True, True), said
    assert shop.run("plan", "--env", "dev").code == 0

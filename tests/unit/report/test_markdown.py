"""The pull-request comment: found again by its marker, and never longer than GitHub takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from deployer.core.plan import Action, Finding, Plan, Step
from deployer.core.resources import deployment_ref
from deployer.report.markdown import LIMIT, failed_comment, marker, plan_comment
from deployer.report.markdown_text import code
from deployer.report.plan_view import plan_view
from tests.unit.report.samples import sample_plan, sample_review, sample_view


def test_the_marker_is_the_first_line_and_of_one_env_and_project() -> None:
    assert plan_comment(sample_view(), sample_review()).split("\n")[0] == marker("dev", "serving")
    assert plan_comment(sample_view()).split("\n")[0] == marker("dev", "")
    assert len({marker("dev", "digits"), marker("prod", "digits"), marker("dev", "other")}) == 3


@pytest.mark.parametrize("name", ["-->", "a\nb", "<script>"])
def test_a_marker_stays_one_comment(name: str) -> None:
    text = marker(name, name)
    assert "\n" not in text
    assert text.count("-->") == text.count("<") == 1


@pytest.mark.parametrize("times", [1, 20, 60, 500])
def test_a_long_plan_is_cut_between_steps_and_says_so(times: int) -> None:
    plan = replace(sample_plan(), steps=sample_plan().steps * times)
    text = plan_comment(plan_view(plan))
    assert len(text) <= LIMIT
    assert ("do not fit into a comment: `deployer plan --env dev` shows them all." in text) is (times > 20)
    assert text.count("<details>") == text.count("</details>")
    assert sum(token.type == "fence" for token in MarkdownIt().parse(text)) == text.count("<details>")
    assert text.endswith("digest `0123456789abcdef`</sub>\n")


def test_the_cut_uses_the_room_there_is() -> None:
    plan = replace(sample_plan(), steps=sample_plan().steps * 500)
    assert len(plan_comment(plan_view(plan))) > LIMIT - 2_000


def test_a_finding_longer_than_a_comment_is_left_out_and_counted() -> None:
    finding = Finding(code="c", summary="x" * 70_000, blocking=True)
    text = plan_comment(plan_view(replace(sample_plan(), findings=(finding,), steps=())))
    assert len(text) < 1_000
    assert "parts of this plan do not fit" in text


@pytest.mark.parametrize("text", ["plain", "a`b", "``", "` ", "a\nb", "`"])
def test_a_code_span_holds_what_it_was_given(text: str) -> None:
    paragraph = MarkdownIt().parse(f"x {code(text)} y")[1]
    spans = [token.content for token in paragraph.children or () if token.type == "code_inline"]
    assert [span.strip() for span in spans] == [text.replace("\n", " ").strip()]


def test_nobody_is_notified() -> None:
    ref = deployment_ref("digits", "@somebody")
    finding = Finding(code="c", summary="ask @somebody", detail="or @nobody")
    plan = Plan(env="dev", project="p", steps=(Step(action=Action.DELETE, ref=ref),), findings=(finding,))
    text = plan_comment(plan_view(plan))
    assert text.count("@<!-- -->") == 3
    said = [line for line in text.splitlines() if not line.startswith(("@@ ", "- deployment"))]
    assert "@somebody" not in "\n".join(said)


@pytest.mark.parametrize("times", [1, 60, 500])
def test_the_verdict_and_the_place_are_never_cut(times: int) -> None:
    plan = replace(sample_plan(), steps=sample_plan().steps * times)
    text = plan_comment(plan_view(plan), sample_review())
    assert len(text) <= LIMIT
    assert "**Refused: 1 finding must be resolved first.** Plan: " in text
    assert "\ndev → workspace ml / group / 11111111…, commit abc1234\n" in text


def test_a_reviewer_reads_everything_before_the_folds() -> None:
    decided = plan_comment(sample_view(), sample_review()).partition("<details>")[0]
    for fact in (
        "commit abc1234",  # which commit
        "| `deployment digits/blue` | update: ",  # what changes
        "blue answers 10 % instead of 0 %",  # for clients
        "`██████████` 100 %",  # the traffic
        "| Standard\\_DS3\\_v2 | ",  # machines at the peak
        "EUR a month",
        " minutes, ",  # how long
        "**How to take it back**",
        "https://git.example/team/serving/blob/abc1234/serving/specs/deployment-blue.yml#L3",
    ):
        assert fact in decided, fact


def test_a_failure_takes_the_place_of_a_plan_and_notifies_nobody() -> None:
    text = failed_comment("dev", sample_review().place, "error: no\n</details> @all `x` " + "y" * 70_000)
    assert text.split("\n")[0] == marker("dev", "serving")
    assert len(text) <= LIMIT
    tokens = MarkdownIt().parse(text)
    assert [token.type for token in tokens if token.type == "code_block"] == ["code_block"]
    assert "@all" not in "".join(token.content for token in tokens if token.type == "inline")

"""Plans, outcomes and diagnostics that the tests of reports share, and every rendering that has a golden file.

`python -m tests.unit.report.samples` writes the golden files anew: read the difference before committing it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from deployer.applying.payload import From, Source
from deployer.authoring import EnvFile
from deployer.authoring.desired import Desired
from deployer.commands.progress import Progress
from deployer.core.bookkeeping import Bookkeeping, Revision
from deployer.core.coordinates import Coordinates
from deployer.core.diagnostics import Diagnostic, Examined, Location, PassedOver, Severity
from deployer.core.diff import diff
from deployer.core.errors import WorkspaceError, WrongAnswer
from deployer.core.health import Condition, Health
from deployer.core.intent import Checks, Intent, Origins, Rollout, SmokeTest, Watch
from deployer.core.judgement import Judged, Unit, Verdict
from deployer.core.metrics import Served, Span
from deployer.core.outcome import Outcome, Result, StepResult
from deployer.core.plan import Action, Bake, Finding, Plan, Step, Watching
from deployer.core.prices import Prices
from deployer.core.redaction import mask_of
from deployer.core.resources import Observed, Resource, State, Value, deployment_ref, endpoint_ref
from deployer.core.statistics import Sample, summary
from deployer.core.workspace import Answer
from deployer.pipeline import make_plan
from deployer.planning.commits import CodeChange
from deployer.planning.differences import differences
from deployer.planning.verdicts import Standing
from deployer.report import (
    answers,
    diagnostics_text,
    drift_view,
    env_diff_view,
    event_lines,
    github_annotations,
    health_table,
    history_table,
    json_output,
    live_json,
    live_table,
    log_lines,
    markdown,
    review_html,
    sarif,
    snippets,
    terminal,
)
from deployer.report.outcome_view import outcome_view
from deployer.report.plan_view import PlanView, plan_view
from deployer.report.review_view import Place, ReviewView, review_view
from deployer.report.snippets import Call
from tests.build import changed, deployment, endpoint, live, model, traffic, wish

GOLDEN = Path(__file__).parent / "golden"

SECRET = "hunter2-and-more"
FILES = {"scoring/": {"score.py": 9_500, "engines.py": 2_600}}
BLUE, GREEN = deployment_ref("digits", "blue"), deployment_ref("digits", "green")
SMOKE = SmokeTest(image="data/seven.png", json=7, max_ms=500)


def digits(*, instances: int, timeout: int, variables: Mapping[str, str], code: str, numpy: str) -> Resource:
    """A deployment with something of everything that can change."""
    made = deployment(
        code_configuration={"code": f"sha256:{code * 32}", "scoring_script": "score.py"},
        environment_variables=dict(variables),
        instance_count=instances,
        request_settings={"request_timeout_ms": timeout},
        tags={"team": "vision"},
    )
    conda: Value = {"dependencies": ["python=3.11", {"pip": [f"numpy=={numpy}", "pillow==11.3.0"]}]}
    return replace(changed(made, conda_file=conda), sources={("code_configuration", "code"): "scoring/"})


OLD = digits(instances=2, timeout=90000, variables={"TOKEN": "old", "WORKERS": "1"}, code="ab", numpy="2.2.0")
NEW = digits(instances=3, timeout=5000, variables={"TOKEN": SECRET, "WORKERS": "2"}, code="cd", numpy="2.3.1")
MODEL = replace(model("2", path=f"sha256:{'ef' * 32}"), sources={("path",): "data/model"})
TRAFFIC, SHIFTED = traffic(green=100), traffic(blue=10, green=90)


def place(file: str, line: int = 1, column: int = 1) -> Location:
    """A place in a spec."""
    return Location(file=f"specs/{file}", line=line, column=column)


FINDINGS = (
    Finding(
        code="in-place-update",
        summary="deployment digits/blue carries 10 % of the traffic while it is updated in place",
        detail="A second deployment beside it could be tested before it gets traffic; this one cannot.",
        ref=BLUE,
        origin=place("deployment-blue.yml", 3),
    ),
    Finding(
        code="outage", summary="endpoint digits would have no traffic", detail="Pass --allow-outage.", blocking=True
    ),
)


def sample_plan() -> Plan:
    """A plan with every action, a rollout step, findings of both kinds and an orphan."""
    checks = Checks(max_error_rate=0.01, max_p95_ms=500, min_requests=50)
    steps = (
        Step(action=Action.CREATE, ref=MODEL.ref, after=MODEL, changes=diff(None, MODEL), origin=place("model.yml")),
        Step(
            action=Action.UPDATE,
            ref=BLUE,
            before=OLD,
            after=NEW,
            changes=diff(OLD, NEW),
            reason="the spec differs from the workspace",
            origin=place("deployment-blue.yml", 3),
            ignore=(("tags", "owner"),),
        ),
        Step(
            action=Action.REPLACE, ref=GREEN, before=OLD, after=NEW, reason="its creation failed, nothing can update it"
        ),
        Step(action=Action.TEST, ref=BLUE, after=NEW, test=SMOKE),
        Step(
            action=Action.UPDATE,
            ref=TRAFFIC.ref,
            before=TRAFFIC,
            after=SHIFTED,
            changes=diff(TRAFFIC, SHIFTED),
            reason="10 % of the way",
            bake=Bake(seconds=300, checks=checks, probes=((BLUE, SMOKE),)),
        ),
        Step(action=Action.DELETE, ref=deployment_ref("digits", "old"), before=OLD),
    )
    return Plan(
        env="dev",
        project="digits",
        steps=steps,
        unchanged=(endpoint_ref("digits"),),
        orphans=(deployment_ref("digits", "forgotten"),),
        findings=FINDINGS,
        digest="0123456789abcdef",
    )


def empty_plan() -> Plan:
    """A plan with nothing to do."""
    return Plan(env="local", project="digits", unchanged=(BLUE, endpoint_ref("digits")), digest="0123456789abcdef")


def sample_outcome() -> Outcome:
    """An apply that failed on the way."""
    create, update, replacement, test, shift, delete = sample_plan().steps
    error = WorkspaceError(
        "The container of deployment digits/blue crashed while it started.",
        hint="`init` of scoring/score.py raised; the log below says what. Correct it and apply again.",
        code="ResourceNotReady",
        correlation_id="1b2c",
        log_tail=f"\x1b[31mTraceback\x1b[0m (most recent call last):\r\n  KeyError: '{SECRET}'\n",
    )
    return Outcome(
        results=(
            StepResult(step=create, result=Result.APPLIED, seconds=1.24),
            StepResult(step=test, result=Result.APPLIED, seconds=0.2, note="answered in 12 ms"),
            StepResult(step=update, result=Result.FAILED, seconds=71.6, error=error),
            StepResult(step=shift, result=Result.UNDONE, seconds=2, note="the previous split was restored"),
            StepResult(step=replacement, result=Result.SKIPPED),
            StepResult(step=delete, result=Result.SKIPPED),
        )
    )


def watched_step() -> Step:
    """A stage of a rollout that watches customers."""
    shift = sample_plan().steps[4]
    watch = Watch(min_requests=500, max_error_rate=0.02, error_rate=0.005, slower={95: 1.2}, max_ms={50: 80.0})
    watching = Watching(watch=watch, rising={"green": "1.a.b"}, beside="blue", beside_serves=True, risk=0.0083)
    return replace(shift, bake=Bake(seconds=60, checks=Checks(), probes=(), watching=watching))


def judged_outcome() -> Outcome:
    """A stage that was put back by what customers got."""
    span = Span(start=1_700_000_040.0, end=1_700_000_340.0, grain=60.0)
    rate = Judged(
        deployment="green",
        gate="error_rate",
        unit=Unit.SHARE,
        verdict=Verdict.FAILED,
        measured=0.0313,
        limit=0.0072,
        requests=512,
        span=span,
        beside="blue",
        against=0.0022,
        against_requests=4602,
        chance=1.2e-8,
    )
    rows = (
        rate,
        replace(rate, gate="max_error_rate", limit=0.02, beside="", against=None, against_requests=0, chance=None),
        replace(
            rate,
            gate="p95",
            unit=Unit.MILLISECONDS,
            verdict=Verdict.PASSED,
            measured=118.4,
            limit=132.0,
            against=110.0,
            chance=0.4,
        ),
        replace(rate, gate="p99", unit=Unit.MILLISECONDS, verdict=Verdict.INCONCLUSIVE, against=None, chance=None),
        replace(
            rate,
            gate="min_requests",
            unit=Unit.REQUESTS,
            verdict=Verdict.PASSED,
            measured=512,
            limit=500,
            beside="",
            against=None,
        ),
    )
    error = WrongAnswer("the gates of the rollout did not pass", deployment="green", code="RolloutGateFailed")
    step = watched_step()
    return Outcome(results=(StepResult(step=step, result=Result.FAILED, seconds=620, error=error, judged=rows),))


def applied_outcome() -> Outcome:
    """An apply that went well."""
    steps = sample_plan().steps[:2]
    return Outcome(results=tuple(StepResult(step=step, result=Result.APPLIED, seconds=4.5) for step in steps))


def sample_diagnostics() -> tuple[Diagnostic, ...]:
    """Two files, an error and a warning on one place, out of order."""
    return (
        Diagnostic(
            severity=Severity.WARNING,
            code="vm-size",
            summary="Standard_DS3_v9 is no known VM size",
            location=place("endpoint.yml", 2, 10),
            detail="Did you mean Standard_DS3_v2?",
        ),
        Diagnostic(
            severity=Severity.ERROR,
            code="traffic-sum",
            summary="traffic adds up to 90, not 0 or 100",
            location=place("endpoint.yml", 2, 10),
            detail="Write shares that add up to 100,\nor leave the key out to keep live traffic.",
            path="traffic",
        ),
        Diagnostic(
            severity=Severity.ERROR, code="yaml", summary="expected ':'", location=place("deployment-blue.yml", 7)
        ),
    )


SOURCES = {"specs/endpoint.yml": "name: digits\ntraffic: {blue: 90}\n"}
MODEL_REFUSED = Answer(
    status=424,
    body=b'{"error": {"code": "BadImage", "message": "`data` is not base64"}}',
    milliseconds=8.4,
    deployment="blue",
    headers={"ms-azureml-model-error-statuscode": "400", "X-Request-ID": "5f0c"},
)
SEVEN = Answer(status=200, body=b"7", milliseconds=12.3, deployment="blue")
MEASURED = summary(
    [
        *(Sample(milliseconds=4 + number % 7 + number / 50, deployment="blue") for number in range(95)),
        *(Sample(milliseconds=1.0, error="429 too many requests") for _ in range(4)),
        Sample(milliseconds=2.0, error="424 the model refused the request with 400"),
    ],
    2.5,
)


def _plan(render: Callable[..., str], **options: bool) -> str:
    return render(plan_view(sample_plan(), secrets=frozenset({SECRET}), files=FILES), **options)


def _outcome(render: Callable[..., str], **options: bool) -> str:
    view = outcome_view(
        sample_outcome(),
        secrets=frozenset({SECRET}),
        uris={"digits": "https://digits.eastus.inference.ml.azure.com/score"},
        next_command="deployer apply --env dev",
    )
    return render(view, **options)


def progress_lines() -> str:
    """What an apply says without a terminal, each step two seconds long."""
    stream, ticks = StringIO(), iter(range(0, 1000, 2))
    with Progress(stream, terminal=False, secrets=frozenset({SECRET}), clock=lambda: float(next(ticks))) as progress:
        for result in sample_outcome().results:
            progress.step_started(result.step)
            progress.waiting(result.step, f"verifying {SECRET}")
            progress.probing(result.step, 3, 50)
            progress.step_ended(result)
    return stream.getvalue()


def sample_drift() -> drift_view.DriftView:
    """The differences of the sample plan, a deployment whose test failed, and a rollout that was undone."""
    view = plan_view(differences(sample_plan()), secrets=frozenset({SECRET}), files=FILES)
    notes = ("The last rollout of endpoint digits failed and was undone; `deployer apply` tries it again.",)
    return drift_view.drift_view(view, {GREEN: Standing.FAILED}, workspace="workspace ml in group", notes=notes)


def sample_examined() -> Examined:
    """The sample diagnostics, in files of which one was passed over."""
    found = tuple(sample_diagnostics())
    passed = (PassedOver(file="specs/train.yml", what="a command job", code="kind-other"),)
    return Examined(diagnostics=found, checked=tuple(sorted({item.location.file for item in found})), passed=passed)


NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
NAMES = frozenset({"digits", "prices"})


def live_state() -> State:
    """An endpoint of the project in the middle of a rollout, with a revision; one of others; `prices` is not there."""
    made = Observed(created="2026-01-31T09:30:00+00:00", created_by="Pat", owner="shop")
    old, new = replace(deployment(), observed=made), deployment("green-1a2b3c4d")
    noted = Bookkeeping(revision=Revision(logical="green", content="1a2b3c4d" * 8))
    fresh = Observed(created="2026-01-31T11:59:30+00:00", bookkeeping=noted, provisioning_state="Failed")
    split = replace(
        traffic(blue=90, **{"green-1a2b3c4d": 10}), observed=Observed(bookkeeping=Bookkeeping(rollout="abc:10"))
    )
    mine = replace(endpoint(), observed=replace(made, scoring_uri="https://digits.example/score"))
    return live(mine, split, old, replace(new, observed=fresh), replace(endpoint("others"), observed=Observed()))


PLACE = Place(
    where="dev → workspace ml / group / 11111111…, commit abc1234",
    folder="serving",
    version="0.1.0",
    link="https://git.example/team/serving/blob/abc1234/serving/{file}#L{line}",
)
PRICES = Prices(currency="EUR", per_hour={"standard_ds3_v2": 0.3})

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CHANGED = {
    CodeChange(ref=BLUE, folder="scoring/", beside=BLUE, commit=f"{COMMIT}-dirty"): (
        "score.py +3 -1",
        f"{SECRET}.txt +1 -0",
        *(f"digit-{number}.png (binary)" for number in range(19)),
    ),
    CodeChange(ref=GREEN, folder="scoring/", beside=BLUE, commit=""): None,
}


def sample_view() -> PlanView:
    return plan_view(sample_plan(), secrets=frozenset({SECRET}), files=FILES)


def sample_review() -> ReviewView:
    """What to decide from in `sample_plan`, on top of what its steps find."""
    before = [step.before for step in sample_plan().steps if step.before]
    return review_view(
        sample_plan(),
        live(*{item.ref: item for item in before}.values()),
        place=PLACE,
        tested=frozenset(),
        is_local=False,
        files=CHANGED,
        prices=PRICES,
        secrets=frozenset({SECRET}),
    )


def release_comment() -> str:
    """The comment of a pull request that changes the model version, the VM size and the traffic, as it is planned."""
    before = live(
        endpoint(),
        model("1"),
        deployment("blue", model="azureml:digits:1", instance_count=3),
        deployment("green", model="azureml:digits:1", instance_count=1),
        traffic(blue=100),
    )
    green = deployment("green", model="azureml:digits:2", instance_count=3, instance_type="standard_f4s_v2")
    news = changed(model("2"), description="trained in May", tags={"f1": "0.98"})
    blue = before.resources[BLUE]
    desired = Desired(
        env=EnvFile(
            name="prod",
            project="shop",
            workspace=Coordinates(subscription_id="1" * 36, resource_group="group", name="ml"),
        ),
        state=wish(endpoint(), model("1"), news, blue, green, traffic(blue=0, green=100)),
        intent=Intent(
            smoke_tests={GREEN: SMOKE},
            rollouts={"digits": Rollout(steps=(10, 50, 100), bake_seconds=300, checks=Checks(max_error_rate=0.01))},
        ),
        origins=Origins(places={GREEN: {(): place("deployment-green.yml", 2)}}),
    )
    made = make_plan(desired, before)
    prod = replace(PLACE, where=PLACE.where.replace("dev", "prod"))
    review = review_view(
        made, before, place=prod, tested=frozenset({BLUE}), is_local=False, prices=replace(PRICES, per_hour=RATES)
    )
    return markdown.plan_comment(plan_view(made), review)


RATES = {"standard_ds3_v2": 0.3, "standard_f4s_v2": 0.2}


def at_width(comment: str, columns: int) -> str:
    """A comment in a terminal of so many columns, as tools that show pull requests there have it."""
    console = Console(file=StringIO(), width=columns, force_terminal=False, color_system=None)
    console.print(Markdown(comment))
    text = console.file.getvalue() if isinstance(console.file, StringIO) else ""
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def sample_env_diff() -> env_diff_view.EnvDiffView:
    """What `sample_plan` would write, as the differences between dev and prod."""
    return env_diff_view.env_diff_view(plan_view(sample_plan(), secrets=frozenset({SECRET})), against="prod")


CONDITIONS = [
    Condition(about="Python", health=Health.WELL, found="3.11.7", cure="never shown"),
    Condition(about="sign-in", health=Health.FAILED, found=f"{SECRET} is wrong", cure="Run `az login`."),
    Condition(about="permissions", health=Health.WARNING, found="an apply lacks codes", cure="Ask for them."),
    Condition(about="quota", health=Health.UNKNOWN, found="this account may not look at it"),
]
_TEN_MINUTES = Span(start=0.0, end=600.0, grain=60.0)
SERVED = {
    BLUE: Served(span=_TEN_MINUTES, requests=1_234, errors=2, latencies={50: 12.345, 95: 41.0}),
    deployment_ref("digits", "green-1a2b3c4d"): Served(span=_TEN_MINUTES, requests=0, errors=0),
}
LOG = ("2026-01-31 11:59:58,123 I [73] azmlinfsrv - POST /score 200 5.1ms 7", "Traceback (most recent call last):")
STANDINGS = {BLUE: Standing.PASSED}
CALL = Call(
    uri="https://digits.example/score",
    source=Source(kind=From.TEXT, name='{"it\'s": 1}'),
    token_command="deployer keys --print token --env dev",
)
LOCAL_CALL = replace(
    CALL, source=Source(kind=From.IMAGE, name="data/a seven.png"), deployment="blue", ca_file=".deployer/ca.pem"
)

RENDERINGS: Mapping[str, Callable[[], str]] = {
    "plan.txt": lambda: _plan(terminal.plan_text),
    "plan.ansi": lambda: _plan(terminal.plan_text, color=True),
    "plan-verbose.txt": lambda: terminal.plan_text(
        plan_view(sample_plan(), secrets=frozenset({SECRET}), files=FILES, verbose=True)
    ),
    "plan-empty.txt": lambda: terminal.plan_text(plan_view(empty_plan())),
    "release.md": release_comment,
    "release.html": lambda: review_html.page(release_comment(), title="Plan for prod"),
    "release.80.txt": lambda: at_width(release_comment(), 80),
    "release.140.txt": lambda: at_width(release_comment(), 140),
    "plan.md": lambda: markdown.plan_comment(sample_view(), sample_review()),
    "plan.html": lambda: review_html.page(markdown.plan_comment(sample_view(), sample_review()), title="Plan for dev"),
    "plan-failed.md": lambda: markdown.failed_comment("dev", PLACE, "specs/a.yml:1:1: error: no\n    `Mend` it @all."),
    "plan-empty.md": lambda: markdown.plan_comment(plan_view(empty_plan())),
    "plan.json": lambda: _plan(json_output.plan_json),
    "drift.txt": lambda: drift_view.drift_text(sample_drift()),
    "drift.md": lambda: drift_view.drift_markdown(sample_drift()),
    "drift.json": lambda: drift_view.drift_json(sample_drift()),
    "outcome.txt": lambda: _outcome(terminal.outcome_text),
    "outcome.ansi": lambda: _outcome(terminal.outcome_text, color=True),
    "outcome-applied.txt": lambda: terminal.outcome_text(
        outcome_view(applied_outcome(), next_command="deployer score --image data/seven.png")
    ),
    "outcome-judged.txt": lambda: terminal.outcome_text(outcome_view(judged_outcome())),
    "outcome-judged.json": lambda: json_output.outcome_json(outcome_view(judged_outcome())),
    "plan-watched.txt": lambda: terminal.plan_text(plan_view(replace(sample_plan(), steps=(watched_step(),)))),
    "outcome.json": lambda: _outcome(json_output.outcome_json),
    "progress.txt": progress_lines,
    "diagnostics.txt": lambda: diagnostics_text.diagnostics_text(sample_diagnostics(), sources=SOURCES),
    "examined.txt": lambda: diagnostics_text.looked_at(sample_examined()),
    "examined-valid.txt": lambda: diagnostics_text.looked_at(replace(sample_examined(), diagnostics=(), passed=())),
    "diagnostics.json": lambda: json_output.diagnostics_json(sample_examined()),
    "diagnostics.sarif": lambda: sarif.sarif(sample_diagnostics(), root="deploy"),
    "diagnostics.github.txt": lambda: github_annotations.workflow_commands(sample_diagnostics(), root="deploy/"),
    "score.txt": lambda: answers.score_text(answers.scored(SEVEN)),
    "score.json": lambda: answers.score_json(answers.scored(SEVEN)),
    "score-refused.txt": lambda: answers.score_text(answers.scored(MODEL_REFUSED)),
    "score-refused.json": lambda: answers.score_json(answers.scored(MODEL_REFUSED)),
    "status.txt": lambda: live_table.status_text(live_state(), NAMES, STANDINGS, project="shop", now=NOW),
    "status.json": lambda: live_json.status_json(live_state(), NAMES, STANDINGS),
    "status-metrics.txt": lambda: live_table.status_text(live_state(), NAMES, served=SERVED),
    "status-metrics.json": lambda: live_json.status_json(live_state(), NAMES, {}, served=SERVED),
    "event.json": lambda: event_lines.ended_line(judged_outcome().results[0], NOW, mask_of(frozenset())),
    "log-line.json": lambda: next(log_lines.log_json("blue", LOG)),
    "history.txt": lambda: history_table.history_text(live_state(), NAMES, STANDINGS),
    "history.json": lambda: history_table.history_json(live_state(), NAMES, STANDINGS),
    "doctor.txt": lambda: health_table.health_text(CONDITIONS, secrets=frozenset({SECRET})),
    "doctor.json": lambda: health_table.health_json(CONDITIONS, secrets=frozenset({SECRET})),
    "diff.txt": lambda: env_diff_view.env_diff_text(sample_env_diff()),
    "diff.json": lambda: env_diff_view.env_diff_json(sample_env_diff()),
    "keys.json": lambda: answers.keys_json(SECRET, SECRET, show_secrets=False),
    "call.sh": lambda: snippets.curl(CALL),
    "call-local.sh": lambda: snippets.curl(LOCAL_CALL),
    "call.py.txt": lambda: snippets.python(CALL),
    "call-local.py.txt": lambda: snippets.python(LOCAL_CALL),
    "measurement.txt": lambda: answers.measurement_text(MEASURED, concurrency=8),
    "measurement.json": lambda: answers.measurement_json(MEASURED, concurrency=8),
}


if __name__ == "__main__":
    for name, render in RENDERINGS.items():
        (GOLDEN / name).write_text(render(), encoding="utf-8")

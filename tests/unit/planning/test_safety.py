"""Every finding: a plan that has it, and the nearest plan that has not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest

from deployer.core.bookkeeping import Bookkeeping, Revision
from deployer.core.intent import Intent, Rollout, SmokeTest, Watch
from deployer.core.plan_options import Allow
from deployer.core.resources import Kind, Ref, Resource, State, Value, deployment_ref, endpoint_ref
from deployer.kinds.endpoint import MAX_DEPLOYMENTS
from deployer.planning.deletions import DELETES_WORTH_ASKING
from deployer.planning.reconcile import reconcile
from deployer.planning.review import Case, Purpose
from deployer.planning.revisions import find_revisions, with_revisions
from deployer.planning.rollout import with_tests_and_stages
from deployer.planning.safety import findings
from deployer.planning.verdicts import content_hash, verdict_hash
from tests import build
from tests.build import PROJECT, deployment, endpoint, environment, model, scaling, seen, traffic

BLUE, GREEN = deployment_ref("digits", "blue"), deployment_ref("digits", "green")


def case(
    desired: Sequence[Resource],
    live: Sequence[Resource],
    *,
    deletes: Sequence[Ref] = (),
    intent: Intent = Intent(),  # noqa: B008 -- frozen
    allow: frozenset[Allow] = frozenset(),
    purpose: Purpose = Purpose.APPLY,
) -> Case:
    asked, there = build.wish(*desired), build.live(*live)
    writes = reconcile(asked, there, ignored=intent.ignored, deletes=frozenset(deletes))
    steps = with_tests_and_stages(writes, there, intent)
    return Case(project=PROJECT, desired=asked, live=there, steps=steps, intent=intent, allow=allow, purpose=purpose)


def revised(desired: Sequence[Resource], live: Sequence[Resource]) -> Case:
    """A case in which every deployment that is asked for has revisions."""
    asked, there = build.wish(*desired), build.live(*live)
    intent = Intent(revisions={item.ref: 1 for item in asked.of_kind(Kind.DEPLOYMENT)})
    found = find_revisions(asked, there, intent, frozenset())
    named = with_revisions(asked, found, there)
    steps = with_tests_and_stages(reconcile(named, there, deletes=found.surplus), there, intent)
    return Case(project=PROJECT, desired=named, live=there, steps=steps, intent=intent, revisions=found)


def revision(item: Resource, of: str, content: str = "") -> Resource:
    """A live revision of a deployment; by default that of its own content."""
    return seen(item, bookkeeping=Bookkeeping(revision=Revision(logical=of, content=content or content_hash(item))))


SERVING = (endpoint(), deployment("blue"), traffic(blue=100))
TWO = (endpoint(), deployment("blue"), deployment("green"), traffic(blue=100))
MANY = tuple(deployment(f"d{number}") for number in range(MAX_DEPLOYMENTS + 1))
SPARE = tuple(deployment(f"d{number}") for number in range(DELETES_WORTH_ASKING))
SPARE_REFS = tuple(item.ref for item in SPARE)
TESTED = Intent(smoke_tests={BLUE: SmokeTest(request="r.json"), GREEN: SmokeTest(request="r.json")})
EDITED = Intent(smoke_tests={ref: replace(test, status=400) for ref, test in TESTED.smoke_tests.items()})
USES_1, USES_2 = deployment(model="azureml:digits:1"), deployment(model="azureml:digits:2")
FULL: Mapping[str, Value] = {f"t{number}": "x" for number in range(50)}
IN_REGISTRY = deployment(model="azureml://registries/shared/models/digits/versions/1")
USES_ENVIRONMENT = deployment(environment="azureml:sklearn:3")
ROUTES: Value = {"scoring_route": {"path": "/", "port": 80}, "liveness_route": None, "readiness_route": None}
UNREADABLE = seen(environment(image="mine:1"), unknown=(("conda_file",),))
NEW_BLUE, NEW_GREEN = (deployment(name, description="n", app_insights_enabled=True) for name in ("blue", "green"))
HELD = Bookkeeping(held={"blue": content_hash(NEW_BLUE)})
REVISED = deployment(f"blue-{content_hash(deployment())[:8]}")
BOTH = traffic(blue=80, green=20)
KUBERNETES: Mapping[str, Value] = {"type": "kubernetes"}
WATCHED = Intent(rollouts={"digits": Rollout(steps=(10, 25, 50, 75, 100), watch=Watch())})
SECONDS = Intent(rollouts={"digits": Rollout(watch=Watch(grain=1.0))})


def marked(tested: str = "", failed: str = "") -> list[Resource]:
    """What serves, with the verdict on one of its deployments."""
    hashes = {item.ref.name: verdict_hash(item, TESTED) for item in TWO if item.ref.kind is Kind.DEPLOYMENT}
    noted = Bookkeeping(
        tested={tested: hashes[tested]} if tested else {}, failed={failed: hashes[failed]} if failed else {}
    )
    return [*SERVING[:2], seen(SERVING[2], bookkeeping=noted)]


BLOCKING: Mapping[str, tuple[Case, Case]] = {
    "immutable-field": (
        case([endpoint(identity={"type": "none"})], [endpoint()]),
        case([endpoint(description="new")], [endpoint()]),
    ),
    "immutable-field on kubernetes": (
        case([deployment("blue", instance_type="other", **KUBERNETES)], [deployment("blue", **KUBERNETES)]),
        case([deployment("blue", instance_type="other")], [deployment("blue")]),
    ),
    "asset-content-changed": (
        case([model(path="sha256:bb")], [model()]),
        case([model(description="new")], [model()]),
    ),
    "asset-missing": (
        case([endpoint(), deployment("blue", model="azureml:digits:1")], []),
        case([endpoint(), model(), deployment("blue", model="azureml:digits:1")], []),
    ),
    "asset-missing in the specs alone": (
        case([endpoint(), deployment("blue", model="azureml:digits:2")], [model()]),
        case([endpoint(), deployment("blue", model="azureml:digits:1")], [model()]),
    ),
    "watch-grain": (
        case(SERVING, SERVING, intent=SECONDS),
        replace(case(SERVING, SERVING, intent=SECONDS), is_local=True),
    ),
    "revision-name-taken": (
        revised([endpoint(), deployment()], [endpoint(), REVISED, traffic()]),
        revised([endpoint(), deployment()], [endpoint(), revision(REVISED, "blue"), traffic()]),
    ),
    "revisions-together": (
        revised([endpoint(), NEW_BLUE, NEW_GREEN, BOTH], [endpoint(), deployment("blue"), deployment("green"), BOTH]),
        revised([endpoint(), NEW_BLUE, deployment("green"), BOTH], [endpoint(), *TWO[1:3], BOTH]),
    ),
    "local-registry": (
        replace(case([IN_REGISTRY], []), is_local=True),
        case([IN_REGISTRY], []),
    ),
    "local-container": (
        replace(case([environment(image="mine:1"), USES_ENVIRONMENT], []), is_local=True),
        case([environment(image="mine:1"), USES_ENVIRONMENT], []),
    ),
    "local-container, with a server of its own": (
        replace(case([environment(inference_config=ROUTES), USES_ENVIRONMENT], []), is_local=True),
        replace(case([environment(inference_config=None), USES_ENVIRONMENT], []), is_local=True),
    ),
    "local-container, of a conda file that cannot be read": (
        replace(case([USES_ENVIRONMENT], [environment(image="mine:1", build={"path": ""})]), is_local=True),
        replace(case([USES_ENVIRONMENT], [UNREADABLE]), is_local=True),
    ),
    "traffic-to-missing": (
        case([endpoint(), deployment("blue"), traffic(green=100)], []),
        case([endpoint(), deployment("blue"), traffic(blue=100)], []),
    ),
    "traffic-to-missing in a mirror": (
        case([endpoint(), deployment("blue"), traffic(mirror={"green": 10}, blue=100)], []),
        case([endpoint(), deployment("blue"), deployment("green"), traffic(mirror={"green": 10}, blue=100)], []),
    ),
    "mirror-and-live": (
        case([*TWO[:3], traffic(mirror={"blue": 10}, blue=100)], TWO),
        case([*TWO[:3], traffic(mirror={"green": 10}, blue=100)], TWO),
    ),
    "outage": (
        case([*SERVING[:2], traffic()], SERVING),
        case([*SERVING[:2], traffic()], SERVING, allow=frozenset({Allow.OUTAGE})),
    ),
    "not-ours": (
        case([endpoint(description="new")], [seen(endpoint(), owner="other")], allow=frozenset({Allow.ADOPT})),
        case([endpoint(description="new")], [endpoint()]),
    ),
    "not-ours, untagged": (
        case([endpoint(description="new")], [seen(endpoint(), owner="")]),
        case([endpoint(description="new")], [seen(endpoint(), owner="")], allow=frozenset({Allow.ADOPT})),
    ),
    "not-ours, a deployment": (
        case([deployment("blue", description="new")], [seen(endpoint(), owner="other"), deployment("blue")]),
        case([model(description="new")], [seen(endpoint(), owner="other"), model()]),
    ),
    "too-many-deployments": (case([endpoint(), *MANY], []), case([endpoint(), *MANY[1:]], [])),
    "delete-while-serving": (case([endpoint()], SERVING, deletes=[BLUE]), case([endpoint()], TWO, deletes=[GREEN])),
    "delete-while-serving, an endpoint": (
        case([], SERVING, deletes=[endpoint_ref("digits")]),
        case([], SERVING, deletes=[endpoint_ref("digits")], purpose=Purpose.DESTROY),
    ),
    "protected": (
        case([], [endpoint(**{"x-protect": True})], deletes=[endpoint_ref("digits")]),
        case([], [endpoint()], deletes=[endpoint_ref("digits")]),
    ),
    "protected, a deployment": (
        case([endpoint()], TWO, deletes=[GREEN], intent=Intent(protected=frozenset({"digits"}))),
        case([endpoint()], TWO, deletes=[GREEN]),
    ),
    "protected, unless it was never created": (
        case([], [endpoint(**{"x-protect": True})], deletes=[endpoint_ref("digits")]),
        case([endpoint()], [seen(endpoint(), "Failed")], intent=Intent(protected=frozenset({"digits"}))),
    ),
    "immutable-field, a property": (
        case([endpoint(properties={"a": "2"})], [endpoint(properties={"a": "1"})]),
        case([endpoint(properties={"a": "1", "b": "2"})], [endpoint(properties={"a": "1"})]),
    ),
    "reference-unresolved": (
        case([*TWO[:1], deployment(model="azureml:m@prod")], TWO[:1]),
        case([*TWO[:1], model("1", "m"), deployment(model="azureml:m:1")], TWO[:1]),
    ),
    "delete-while-serving, unless the outage is allowed": (
        case([], SERVING, deletes=[endpoint_ref("digits")]),
        case([], SERVING, deletes=[endpoint_ref("digits")], allow=frozenset({Allow.OUTAGE})),
    ),
    "delete-while-serving, a deployment, whatever is allowed": (
        case([endpoint()], SERVING, deletes=[BLUE], allow=frozenset({Allow.OUTAGE})),
        case([*SERVING[:1], traffic()], SERVING, deletes=[BLUE], allow=frozenset({Allow.OUTAGE})),
    ),
    "protected, unless never created and destroyed": (
        case([], [endpoint(**{"x-protect": True})], deletes=[endpoint_ref("digits")], purpose=Purpose.DESTROY),
        case(
            [],
            [seen(endpoint(**{"x-protect": True}), "Failed")],
            deletes=[endpoint_ref("digits")],
            purpose=Purpose.DESTROY,
        ),
    ),
    "deletes-others": (
        case([], [endpoint(), seen(deployment("green"), owner="")], deletes=[endpoint_ref("digits")]),
        case([], [endpoint(), deployment("green")], deletes=[endpoint_ref("digits")]),
    ),
    "deletes-others, unless it may be taken over": (
        case(
            [],
            [endpoint(), seen(deployment("green"), owner="other")],
            deletes=[endpoint_ref("digits")],
            allow=frozenset({Allow.ADOPT}),
        ),
        case(
            [],
            [endpoint(), seen(deployment("green"), owner="")],
            deletes=[endpoint_ref("digits")],
            allow=frozenset({Allow.ADOPT}),
        ),
    ),
    "deletes-others, when it is destroyed": (
        case(
            [],
            [endpoint(), seen(deployment("green"), owner="other")],
            deletes=[endpoint_ref("digits")],
            purpose=Purpose.DESTROY,
        ),
        case([], [endpoint(), deployment("green")], deletes=[endpoint_ref("digits")], purpose=Purpose.DESTROY),
    ),
    "deletes-others, by replacing it": (
        case([endpoint(), deployment("blue")], [endpoint(), seen(deployment("blue"), "Failed", owner="")]),
        case([endpoint(), deployment("blue")], [endpoint(), seen(deployment("blue"), "Failed")]),
    ),
    "too-many-tags": (
        case([endpoint(tags=FULL), deployment("blue"), traffic(blue=100)], []),
        case([endpoint(tags={}), deployment("blue"), traffic(blue=100)], []),
    ),
    "too-many-tags, with the notes of an update": (
        case([*SERVING[:1], deployment("blue", tags=FULL, instance_count=2)], SERVING),
        case([*SERVING[:1], deployment("blue", tags=FULL)], [SERVING[0], deployment("blue", tags=FULL)]),
    ),
    "many-deletes": (
        case([endpoint()], [endpoint(), *SPARE], deletes=SPARE_REFS),
        case([endpoint()], [endpoint(), *SPARE], deletes=SPARE_REFS, allow=frozenset({Allow.DELETES})),
    ),
    "many-deletes, fewer than are worth asking": (
        case([endpoint()], [endpoint(), *SPARE], deletes=SPARE_REFS),
        case([endpoint()], [endpoint(), *SPARE], deletes=SPARE_REFS[1:]),
    ),
    "autoscale-unread": (
        replace(case(SERVING, SERVING), live=replace(build.live(*SERVING), unread="you may not")),
        case(SERVING, SERVING),
    ),
    "not-ours, a setting": (
        case([*SERVING, scaling(max=5)], [*SERVING, seen(scaling(max=3), owner="")]),
        case([*SERVING, scaling(max=5)], [*SERVING, scaling(max=3)]),
    ),
    "test-failed": (
        case(SERVING, marked(failed="blue"), intent=TESTED),
        case(SERVING, marked(failed="blue"), intent=TESTED, allow=frozenset({Allow.AGAIN})),
    ),
    "test-failed, an idle one": (
        case(TWO, [*marked(failed="green"), deployment("green")], intent=TESTED),
        case(TWO, [*marked(failed="green"), deployment("green")], intent=EDITED),
    ),
}
ADVICE: Mapping[str, tuple[Case, Case]] = {
    "outside-allowed": (replace(case(SERVING, SERVING), outside=("../models",)), case(SERVING, SERVING)),
    "autoscale-ends": (
        case(SERVING, [*SERVING, scaling()], deletes=[scaling().ref]),
        case([*SERVING, scaling()], [*SERVING, scaling()]),
    ),
    "autoscale-left": (
        case(SERVING, [*TWO, seen(scaling("green"), owner="")], deletes=[deployment_ref("digits", "green")]),
        case(SERVING, [*TWO, scaling("green")], deletes=[deployment_ref("digits", "green"), scaling("green").ref]),
    ),
    "revision-held": (
        revised([endpoint(), NEW_BLUE], [endpoint(), deployment(), seen(traffic(blue=100), bookkeeping=HELD)]),
        revised([endpoint(), NEW_BLUE], [endpoint(), deployment(), traffic(blue=100)]),
    ),
    "long-rollout": (
        case([endpoint(), traffic(green=100)], TWO, intent=WATCHED),
        case([endpoint(), traffic(blue=100)], TWO, intent=WATCHED),
    ),
    "under-way": (case(SERVING, [endpoint(), seen(deployment("blue"), "Updating"), traffic()]), case(SERVING, SERVING)),
    "in-place-update": (
        case([endpoint(), deployment("blue", model="azureml:digits:1"), model()], [*SERVING, model()]),
        case([endpoint(), deployment("green", model="azureml:digits:1"), model()], [*TWO, model()]),
    ),
    "in-place-update, of what it answers": (
        case([endpoint(), deployment("blue", model="azureml:digits:1"), model()], [*SERVING, model()]),
        case([endpoint(), deployment("blue", tags={"owner": "me"})], SERVING),
    ),
    "access-changes": (
        case([endpoint(auth_mode="aad_token")], [endpoint(auth_mode="key")]),
        case([endpoint(auth_mode="aad_token")], []),
    ),
    "instance-type-in-place": (
        case([endpoint(), deployment("blue", instance_type="other")], SERVING),
        case([endpoint(), deployment("new", instance_type="other")], SERVING),
    ),
    "no-smoke-test": (case(SERVING, []), case(SERVING, [], intent=TESTED)),
    "no-smoke-test, whose share rises": (
        case([*TWO[:3], traffic(green=100)], TWO),
        case([*TWO[:3], traffic(green=100)], TWO, intent=TESTED),
    ),
    "no-smoke-test, for the first percent": (
        case([*TWO[:3], traffic(blue=99, green=1)], TWO),
        case([*TWO[:3], traffic(blue=100)], TWO),
    ),
    "in-place-update, of the last percent": (
        case([deployment("blue", model="azureml:digits:1")], [*TWO[:3], traffic(blue=1, green=99)]),
        case([deployment("blue", model="azureml:digits:1")], [*TWO[:3], traffic(green=100)]),
    ),
    "properties-stay, beside declared ones": (
        case([deployment("blue", properties={"a": "1"})], [deployment("blue", properties={"a": "1", "b": "1"})]),
        case([deployment("blue", properties={"a": "1"})], [deployment("blue", properties={"a": "2"})]),
    ),
    "under-way, an endpoint": (
        case([endpoint()], [seen(endpoint(), "Scaling")]),
        case([endpoint("prices")], [endpoint("prices"), seen(endpoint(), "Scaling")]),
    ),
    "no-traffic": (case([endpoint(), deployment("blue")], []), case(SERVING, [])),
    "content-unknown": (
        case([model()], [seen(model(path=None), unknown=(("path",),))]),
        case([model()], [model()]),
    ),
    "failed-but-serving": (
        case(SERVING, [endpoint(), seen(deployment("blue"), "Failed"), traffic(blue=100)]),
        case(TWO, [endpoint(), deployment("blue"), seen(deployment("green"), "Failed"), traffic(blue=100)]),
    ),
    "assets-stay": (
        case([], [*SERVING, model()], deletes=[endpoint_ref("digits")], purpose=Purpose.DESTROY),
        case([], SERVING, deletes=[endpoint_ref("digits")], purpose=Purpose.DESTROY),
    ),
    "no-smoke-test, when it is rolled back": (
        case([*TWO[:3], traffic(green=100)], TWO),
        case([*TWO[:3], traffic(green=100)], TWO, purpose=Purpose.ROLLBACK),
    ),
    "properties-stay": (
        case([endpoint()], [endpoint(properties={"theirs": "1"})]),
        case([endpoint(properties={"theirs": "1"})], [endpoint(properties={"theirs": "1"})]),
    ),
    "never-tested": (case(SERVING, SERVING, intent=TESTED), case(SERVING, marked(tested="blue"), intent=TESTED)),
    "never-tested, nor asked to": (case(SERVING, SERVING, intent=TESTED), case(SERVING, SERVING)),
    "no-way-back": (
        case([USES_2], [endpoint(), USES_1, model("2"), traffic(blue=100)], intent=TESTED),
        case([USES_2], [endpoint(), USES_1, model("1"), model("2"), traffic(blue=100)], intent=TESTED),
    ),
    "no-way-back, where nothing could take over": (
        case([USES_2], [endpoint(), USES_1, model("2"), traffic(blue=100)], intent=TESTED),
        case(
            [USES_2], [endpoint(), USES_1, model("2"), deployment("green"), traffic(blue=90, green=10)], intent=TESTED
        ),
    ),
    "no-way-back, of a failed one": (
        case(
            [USES_2],
            [endpoint(), USES_1, model("2"), seen(deployment("green"), "Failed"), traffic(blue=90, green=10)],
            intent=TESTED,
        ),
        case([USES_2], [endpoint(), USES_1, model("2"), traffic(green=100)], intent=TESTED),
    ),
}
Table = Mapping[str, tuple[Case, Case]]


def of_code(found: Case, name: str) -> list[bool]:
    """Whether each finding of this code blocks."""
    return [finding.blocking for finding in findings(found) if finding.code == name.partition(" ")[0].strip(",")]


@pytest.mark.parametrize("name", BLOCKING)
def test_a_plan_that_must_not_run_is_refused(name: str) -> None:
    has, has_not = BLOCKING[name]
    assert set(of_code(has, name)) == {True}
    assert of_code(has_not, name) == []


@pytest.mark.parametrize("name", ADVICE)
def test_what_a_reviewer_should_know_is_said_and_refuses_nothing(name: str) -> None:
    has, has_not = ADVICE[name]
    assert set(of_code(has, name)) == {False}
    assert of_code(has_not, name) == []


def test_every_finding_says_the_way_out_and_refusals_come_first() -> None:
    for has, _ in [*BLOCKING.values(), *ADVICE.values()]:
        found = findings(has)
        assert all(finding.summary and finding.detail.endswith((".", "`.")) for finding in found)
        assert [finding.blocking for finding in found] == sorted((item.blocking for item in found), reverse=True)


@pytest.mark.parametrize(("named", "flag"), [("outage", Allow.OUTAGE), ("many-deletes", Allow.DELETES)])
def test_the_named_flag_lifts_a_refusal_and_no_other(named: str, flag: Allow) -> None:
    has = BLOCKING[named][0]
    assert of_code(replace(has, allow=frozenset(Allow) - {flag}), named) == [True]
    assert of_code(replace(has, allow=frozenset({flag})), named) == []


def test_findings_are_sorted_by_code_and_resource() -> None:
    missing = [deployment(name, model="azureml:digits:2") for name in ("red", "green")]
    found = findings(case([endpoint(), *missing, *MANY], SERVING, deletes=[BLUE]))
    assert [(finding.code, str(finding.ref)) for finding in found if finding.blocking] == [
        ("asset-missing", "deployment digits/green"),
        ("asset-missing", "deployment digits/red"),
        ("delete-while-serving", "deployment digits/blue"),
        ("too-many-deployments", "endpoint digits"),
        ("traffic-to-missing", "traffic digits"),
    ]


@pytest.mark.parametrize(
    ("owner", "whose", "way_out"),
    [
        ("other", "belongs to the project other", "Change it from that project, or use another name."),
        ("", "was not created by this tool", "Pass --adopt to take it over."),
    ],
)
def test_whose_an_endpoint_is_decides_the_way_out(owner: str, whose: str, way_out: str) -> None:
    found = findings(case([endpoint(description="new")], [seen(endpoint(), owner=owner)]))
    assert [(item.summary, item.detail) for item in found if item.blocking] == [(f"endpoint digits {whose}", way_out)]


def test_what_is_safe_at_the_end_may_be_deleted_on_the_way() -> None:
    moved = case([endpoint(), deployment("green"), traffic(green=100)], TWO, deletes=[BLUE])
    assert of_code(moved, "delete-while-serving") == []
    assert of_code(replace(moved, steps=moved.steps[::-1]), "delete-while-serving") == [True]


def test_a_rollback_does_not_ask_for_settings() -> None:
    unread = replace(build.live(*SERVING), unread="you may not")
    asked = [replace(case(SERVING, SERVING, purpose=purpose), live=unread) for purpose in Purpose]
    codes = {made.purpose: {finding.code for finding in findings(made) if finding.blocking} for made in asked}
    assert codes == {
        Purpose.APPLY: {"autoscale-unread"},
        Purpose.DESTROY: {"autoscale-unread"},
        Purpose.ROLLBACK: set(),
    }


def test_every_check_is_in_a_table() -> None:
    from deployer.planning.advice import ADVICE as ADVISES
    from deployer.planning.safety import CHECKS

    def codes(table: Table) -> set[str]:
        return {name.partition(" ")[0].strip(",") for name in table}

    checks: Sequence[Callable[..., object]] = CHECKS
    assert len(codes(BLOCKING)) == len(checks) - 1
    assert len(codes(ADVICE)) == len(ADVISES)


def test_a_plan_for_nothing_finds_nothing() -> None:
    assert findings(Case(project="shop", desired=State(), live=State(), steps=())) == ()

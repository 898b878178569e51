"""Revisions: changed content becomes a deployment beside the earlier one, and traffic moves to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from deployer.applying.apply import apply
from deployer.authoring.desired import Desired
from deployer.authoring.env_file import EnvFile
from deployer.authoring.rules.deployment_rules import LONGEST_LOGICAL_NAME
from deployer.core.bookkeeping import Revision
from deployer.core.intent import Checks, Intent, Origins, Rollout, SmokeTest
from deployer.core.outcome import Outcome
from deployer.core.plan import Action, Plan
from deployer.core.plan_options import Allow, Options
from deployer.core.resources import Kind, Resource, State, deployment_ref, state_of, traffic_ref
from deployer.pipeline import in_revisions, make_plan
from deployer.planning.pins import orphans
from deployer.planning.review import Purpose
from deployer.planning.revisions import (
    LONGEST_NAME,
    NO_REVISIONS,
    find_revisions,
    live_standings,
    named_revision,
    with_revisions,
)
from deployer.planning.rollback import earlier_traffic, traffic_to
from deployer.planning.verdicts import Standing, content_hash
from tests import build
from tests.build import deployment, endpoint, traffic
from tests.unit.memory import MemoryWorkspace, answer, tools

BLUE = deployment_ref("digits", "blue")
TEST = SmokeTest(request="request.json", json=7)


def content(version: int, name: str = "blue", **fields: Any) -> Resource:
    return deployment(name, model=f"azureml:digits:{version}", **fields)


def name_of(version: int, name: str = "blue") -> str:
    return f"{name}-{content_hash(content(version, name))[:8]}"


@dataclass
class Shop:
    """One endpoint with a logical deployment, changed and applied again and again."""

    keep: int = 1
    workspace: MemoryWorkspace = field(default_factory=MemoryWorkspace)
    rollout: Rollout | None = None
    protected: bool = False
    bad: frozenset[str] = frozenset()
    clock: int = 0

    def __post_init__(self) -> None:
        self.workspace.respond = lambda name, now: answer(b"9" if name in self.bad else b"7")

    def desired(self, *items: Resource, shares: Mapping[str, int] | None) -> Desired:
        moves = [] if shares is None else [traffic(**shares)]
        logical = [item.ref for item in items]
        intent = Intent(
            smoke_tests=dict.fromkeys(logical, TEST),
            rollouts={"digits": self.rollout} if self.rollout else {},
            protected=frozenset({"digits"} if self.protected else ()),
            revisions=dict.fromkeys(logical, self.keep),
        )
        env = EnvFile(name="prod", project=build.PROJECT)
        models = [build.model(str(number)) for number in range(1, 10)]
        state = build.wish(endpoint(), *items, *moves, *models)
        return Desired(env=env, state=state, intent=intent, origins=Origins())

    def plan(
        self, *items: Resource, shares: Mapping[str, int] | None = {"blue": 100}, allow: frozenset[Allow] = frozenset()
    ) -> Plan:
        live = self.workspace.state
        named, found = in_revisions(self.desired(*items, shares=shares), live, allow)
        left = orphans(named.state, live, build.PROJECT, "", found.kept | found.surplus)
        return make_plan(named, live, left=left, options=Options(allow=allow), revisions=found)

    def carry_out(self, plan: Plan) -> Outcome:
        assert plan.blockers == (), plan.blockers
        outcome = apply(plan, tools(self.workspace))
        self.clock += 1
        self._own_and_date()
        return outcome

    def _own_and_date(self) -> None:
        """What a service adds: who owns what was written, and when it was created."""
        resources = {}
        for ref, item in self.workspace.state.resources.items():
            seen = replace(item.seen, owner=build.PROJECT, created=item.seen.created or f"2026-01-{self.clock:02}")
            resources[ref] = replace(item, observed=seen)
        self.workspace.state = State(resources=resources)

    def apply(self, *items: Resource, **options: Any) -> Outcome:
        outcome = self.carry_out(self.plan(*items, **options))
        assert outcome.exit_code == 0, [item.error for item in outcome.results if item.error]
        assert self.plan(*items, **options).steps == ()
        return outcome

    def there(self) -> dict[str, int]:
        """The live deployments with their shares."""
        split = self.workspace.state.split("digits")
        return {item.ref.name: split.get(item.ref.name, 0) for item in self.workspace.state.deployments("digits")}


def verbs(plan: Plan) -> list[str]:
    return [f"{step.action} {step.ref.name or step.ref.kind}" for step in plan.steps]


def test_the_first_one_is_a_revision_with_all_the_traffic() -> None:
    shop = Shop()
    shop.apply(content(1))
    assert shop.there() == {name_of(1): 100}
    item = shop.workspace.state.resources[deployment_ref("digits", name_of(1))]
    assert item.seen.bookkeeping.revision == Revision(logical="blue", content=content_hash(content(1)))


def test_changed_content_is_created_tested_and_given_the_traffic_and_the_earlier_one_is_kept() -> None:
    shop = Shop()
    shop.apply(content(1))
    plan = shop.plan(content(2))
    assert verbs(plan) == [f"+ {name_of(2)}", f"? {name_of(2)}", "~ traffic"]
    shop.apply(content(2))
    assert shop.there() == {name_of(1): 0, name_of(2): 100}


def test_what_is_beyond_keep_goes_after_the_traffic_has_moved() -> None:
    shop = Shop(keep=1)
    for version in (1, 2):
        shop.apply(content(version))
    assert verbs(shop.plan(content(3)))[-2:] == ["~ traffic", f"- {name_of(1)}"]
    shop.apply(content(3))
    assert shop.there() == {name_of(2): 0, name_of(3): 100}


@pytest.mark.parametrize(("keep", "left"), [(0, [4]), (1, [3, 4]), (2, [2, 3, 4]), (3, [1, 2, 3, 4])])
def test_so_many_are_kept(keep: int, left: list[int]) -> None:
    shop = Shop(keep=keep)
    for version in (1, 2, 3, 4):
        shop.apply(content(version))
    assert set(shop.there()) == {name_of(version) for version in left}


def test_going_back_to_an_earlier_commit_creates_nothing() -> None:
    shop = Shop()
    shop.apply(content(1))
    shop.apply(content(2))
    plan = shop.plan(content(1))
    assert [step.action for step in plan.steps] == [Action.TEST, Action.UPDATE]
    shop.apply(content(1))
    assert shop.there() == {name_of(1): 100, name_of(2): 0}


@pytest.mark.parametrize("fields", [{"instance_count": 3}, {"tags": {"team": "a"}}, {"description": "new"}])
def test_scale_tags_and_description_are_written_to_the_current_revision(fields: dict[str, Any]) -> None:
    shop = Shop()
    shop.apply(content(1))
    assert verbs(shop.plan(content(1, **fields))) == [f"~ {name_of(1)}"]
    shop.apply(content(1, **fields))
    item = shop.workspace.state.resources[deployment_ref("digits", name_of(1))]
    assert item.seen.bookkeeping.revision == Revision(logical="blue", content=content_hash(content(1)))


def test_a_revision_that_fails_its_test_gets_nothing_and_is_kept_for_its_logs() -> None:
    shop = Shop(bad=frozenset({name_of(2)}))
    shop.apply(content(1))
    assert shop.carry_out(shop.plan(content(2))).exit_code == 1
    assert shop.there() == {name_of(1): 100, name_of(2): 0}
    assert [finding.code for finding in shop.plan(content(2)).blockers] == ["test-failed"]
    shop.apply(content(3))
    assert shop.there() == {name_of(1): 0, name_of(2): 0, name_of(3): 100}


def test_of_those_that_failed_only_the_newest_is_kept() -> None:
    shop = Shop(bad=frozenset({name_of(2), name_of(3)}))
    shop.apply(content(1))
    for version in (2, 3):
        assert shop.carry_out(shop.plan(content(version))).exit_code == 1
    shop.apply(content(4))
    assert shop.there() == {name_of(1): 0, name_of(3): 0, name_of(4): 100}


def test_one_that_serves_is_the_earlier_one_even_if_it_failed() -> None:
    shop = Shop(bad=frozenset({name_of(2)}))
    shop.apply(content(1))
    assert shop.carry_out(shop.plan(content(2))).exit_code == 1
    moves = shop.workspace.state.resources[traffic_ref("digits")]
    noted = moves.seen.bookkeeping
    both = replace(noted, failed={**noted.failed, name_of(1): "1.a.b"})
    marked = replace(moves, observed=replace(moves.seen, bookkeeping=both))
    shop.workspace.state = State(resources={**shop.workspace.state.resources, moves.ref: marked})
    assert shop.carry_out(shop.plan(content(3))).exit_code == 0
    assert shop.there() == {name_of(1): 0, name_of(2): 0, name_of(3): 100}


def test_stages_move_the_share_of_the_deployment_alone() -> None:
    shop = Shop(rollout=Rollout(steps=(25, 100), checks=Checks(min_requests=1)))
    green = content(5, "green")
    both = {"blue": 80, "green": 20}
    shop.apply(content(1), green, shares=both)
    stages = [step.after for step in shop.plan(content(2), green, shares=both).steps if step.ref.kind is Kind.TRAFFIC]
    fixed = name_of(5, "green")
    assert [dict(item.fields["traffic"]) for item in stages if item] == [  # type: ignore[arg-type]
        {name_of(1): 60, name_of(2): 20, fixed: 20},
        {name_of(2): 80, fixed: 20},
    ]


def test_two_deployments_of_an_endpoint_move_one_after_the_other() -> None:
    shop = Shop()
    both = {"blue": 80, "green": 20}
    shop.apply(content(1), content(5, "green"), shares=both)
    codes = [finding.code for finding in shop.plan(content(2), content(6, "green"), shares=both).blockers]
    assert codes == ["revisions-together"]
    shop.apply(content(2), content(5, "green"), shares=both)
    shop.apply(content(2), content(6, "green"), shares=both)


def test_a_spec_without_traffic_leaves_the_shares_as_they_are() -> None:
    shop = Shop()
    shop.apply(content(1), shares={"blue": 100})
    shop.apply(content(2), shares=None)
    assert shop.there() == {name_of(1): 0, name_of(2): 100}


def adopted(**fields: Any) -> Shop:
    """A shop whose blue is live from before revisions were turned on."""
    shop = Shop()
    models = [build.model(str(number)) for number in range(1, 10)]
    shop.workspace.state = build.live(
        endpoint(), build.seen(content(1, **fields), created="2025-12-01"), traffic(blue=100), *models
    )
    return shop


def test_a_live_deployment_of_exactly_that_name_is_the_first_revision() -> None:
    shop = adopted()
    assert [step.action for step in shop.plan(content(1)).steps] == [Action.TEST]
    shop.apply(content(2))
    assert shop.there() == {"blue": 0, name_of(2): 100}
    shop.apply(content(1))
    assert shop.there() == {"blue": 100, name_of(2): 0}


def test_revisions_can_be_turned_off() -> None:
    shop = Shop()
    shop.apply(content(1))
    wish = shop.desired(content(1), shares={"blue": 100})
    plain = replace(wish, intent=replace(wish.intent, revisions={}))
    left = orphans(plain.state, shop.workspace.state, build.PROJECT, "")
    plan = make_plan(plain, shop.workspace.state, left=left)
    assert verbs(plan) == ["+ blue", "? blue", "~ traffic"]
    assert plan.orphans == (deployment_ref("digits", name_of(1)),)


def test_what_goes_with_a_rollout_is_neither_protected_nor_many() -> None:
    shop = Shop(keep=0, protected=True)
    shop.apply(content(1))
    shop.apply(content(2))
    assert shop.there() == {name_of(2): 100}


def test_kept_revisions_are_not_orphans() -> None:
    shop = Shop()
    shop.apply(content(1))
    shop.apply(content(2))
    assert shop.plan(content(2)).orphans == ()


def test_the_name_of_another_deployment_is_not_taken() -> None:
    shop = Shop()
    taken = deployment(name_of(1), model="azureml:digits:9")
    shop.workspace.state = build.live(endpoint(), taken, traffic())
    assert "revision-name-taken" in [finding.code for finding in shop.plan(content(1)).blockers]


def rolled_back(shop: Shop, *, to: str = "") -> None:
    live = shop.workspace.state
    earlier = traffic_to(to, ["digits"], live) if to else earlier_traffic(["digits"], live)
    wish = Desired(env=EnvFile(name="prod", project=build.PROJECT), state=earlier, intent=Intent(), origins=Origins())
    plan = make_plan(wish, live, purpose=Purpose.ROLLBACK)
    assert verbs(plan) == ["~ traffic"]
    assert shop.carry_out(plan).exit_code == 0


def test_a_rollback_is_one_write_and_is_held_until_the_content_changes() -> None:
    shop = Shop()
    shop.apply(content(1))
    shop.apply(content(2))
    rolled_back(shop)
    assert shop.there() == {name_of(1): 100, name_of(2): 0}
    plan = shop.plan(content(2))
    assert (plan.steps, plan.held, plan.is_settled) == ((), (BLUE,), False)
    assert [finding.code for finding in plan.findings] == ["revision-held"]
    shop.apply(content(3))
    assert shop.there() == {name_of(1): 0, name_of(3): 100}
    shop.apply(content(2))


def test_again_rolls_held_content_out() -> None:
    shop = Shop()
    shop.apply(content(1))
    shop.apply(content(2))
    rolled_back(shop)
    assert shop.carry_out(shop.plan(content(2), allow=frozenset({Allow.AGAIN}))).exit_code == 0
    assert shop.there() == {name_of(1): 0, name_of(2): 100}
    assert shop.plan(content(2)).is_settled


def test_held_content_holds_up_nothing_else() -> None:
    shop = Shop()
    both = {"blue": 80, "green": 20}
    shop.apply(content(1), content(5, "green"), shares=both)
    shop.apply(content(2), content(5, "green"), shares=both)
    rolled_back(shop)
    assert shop.carry_out(shop.plan(content(2), content(6, "green"), shares=both)).exit_code == 0
    assert shop.there()[name_of(6, "green")] == 20
    assert shop.plan(content(2), content(6, "green"), shares=both).held == (BLUE,)


def test_a_rollback_can_name_the_revision() -> None:
    shop = Shop(keep=2)
    for version in (1, 2, 3):
        shop.apply(content(version))
    rolled_back(shop, to=name_of(1))
    assert shop.there() == {name_of(1): 100, name_of(2): 0, name_of(3): 0}
    assert shop.plan(content(3)).held == (BLUE,)


def test_a_logical_name_means_the_revision_that_serves_else_the_newest() -> None:
    shop = Shop()
    shop.apply(content(1))
    shop.apply(content(2))
    assert named_revision("Blue", "digits", shop.workspace.state).name == name_of(2)
    rolled_back(shop)
    assert named_revision("blue", "digits", shop.workspace.state).name == name_of(1)
    assert named_revision(name_of(2), "digits", shop.workspace.state).name == name_of(2)
    idle = [item for item in shop.workspace.state.resources.values() if item.ref.kind is not Kind.TRAFFIC]
    assert named_revision("blue", "digits", state_of(idle)).name == name_of(2)
    assert named_revision("red", "digits", shop.workspace.state) == deployment_ref("digits", "red")


def test_status_asks_of_every_revision_whether_it_passed() -> None:
    shop = Shop(bad=frozenset({name_of(3)}))
    for version in (1, 2):
        shop.apply(content(version))
    assert shop.carry_out(shop.plan(content(3))).exit_code == 1
    live, asked = shop.workspace.state, shop.desired(content(2), shares=None).intent
    found = {ref.name: how for ref, how in live_standings(live, asked).items()}
    assert found == {name_of(1): Standing.PASSED, name_of(2): Standing.PASSED, name_of(3): Standing.FAILED}
    edited = replace(asked, smoke_tests={BLUE: replace(TEST, json=8)})
    later = {ref.name: how for ref, how in live_standings(live, edited).items()}
    assert later == {name_of(1): Standing.PASSED, name_of(2): Standing.OWED, name_of(3): Standing.UNDECLARED}


def test_names_of_revisions_fit() -> None:
    assert len(f"{'b' * LONGEST_NAME}-{content_hash(content(1))[:8]}") == 32
    assert LONGEST_LOGICAL_NAME == LONGEST_NAME


def test_without_revisions_nothing_changes() -> None:
    state = build.wish(endpoint(), content(1), traffic(blue=100))
    found = find_revisions(state, build.live(), Intent(), frozenset())
    assert found == NO_REVISIONS
    assert with_revisions(state, found, build.live()) == state

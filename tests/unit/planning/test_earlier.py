"""What an update in place replaces: noted, read, and put together again."""

from __future__ import annotations

from dataclasses import replace

from deployer.core.bookkeeping import Bookkeeping, Earlier
from deployer.core.intent import Intent, SmokeTest
from deployer.core.plan import Action, Step
from deployer.core.references import AssetReference, AssetType
from deployer.core.resources import Kind, Resource, State, asset_ref, deployment_ref
from deployer.core.workspace import Wanted
from deployer.planning.earlier import earlier_assets, earlier_content, gone, with_also, with_earlier_noted
from deployer.planning.reconcile import reconcile
from deployer.planning.verdicts import verdict_hash
from tests import build
from tests.build import CODE, endpoint, environment, live, model, seen, traffic, wish

BLUE = deployment_ref("digits", "blue")
INTENT = Intent(smoke_tests={BLUE: SmokeTest(request="request.json", json=7)})
ASSET = AssetReference(type=AssetType.CODE, name="c0de", version="1")
OTHER_CODE = f"sha256:{'ef' * 32}"


def blue(number: str, code: str = CODE, **fields: object) -> Resource:
    return build.deployment(
        model=f"azureml:digits:{number}",
        environment="azureml:sklearn:3",
        code_configuration={"code": code, "scoring_script": "score.py"},
        **fields,  # type: ignore[arg-type]
    )


def there(item: Resource, *, tested: Resource | None = None, earlier: Earlier | None = None, share: int = 100) -> State:
    marks = {"blue": verdict_hash(tested, INTENT)} if tested else {}
    return live(
        endpoint(),
        seen(item, code=ASSET, bookkeeping=Bookkeeping(earlier=earlier)),
        seen(traffic(blue=share), bookkeeping=Bookkeeping(tested=marks)),
    )


def update(desired: Resource, now: State) -> Step:
    (step,) = with_earlier_noted(reconcile(wish(endpoint(), desired), now), now)
    return step


def noted(desired: Resource, now: State) -> Earlier | None:
    step = update(desired, now)
    return step.bookkeeping.earlier if step.bookkeeping else None


def test_an_update_of_what_serves_notes_what_it_replaces() -> None:
    assert noted(blue("2"), there(blue("1"))) == Earlier(model="azureml:digits:1")
    assert noted(blue("1", OTHER_CODE), there(blue("1"))) == Earlier(code=f"{CODE} c0de:1")
    more = blue("2", environment_variables={"WORKERS": "2"})
    assert noted(more, there(blue("1"))) == Earlier(model="azureml:digits:1", others=("environment_variables.WORKERS",))


def test_other_updates_note_nothing() -> None:
    assert noted(blue("1", instance_count=3), there(blue("1"))) is None
    assert noted(blue("2"), there(blue("1"), share=0)) is None
    created = with_earlier_noted(reconcile(wish(endpoint(), blue("1")), State()), State())
    assert [step.bookkeeping for step in created] == [None, None]


def test_a_scale_change_keeps_the_note_of_an_update_that_was_never_tested() -> None:
    before = Earlier(model="azureml:digits:1")
    assert noted(blue("2", instance_count=3), there(blue("2"), earlier=before)) == before


def test_the_note_goes_back_to_what_was_last_proven() -> None:
    before = Earlier(model="azureml:digits:1")
    untested = there(blue("2"), tested=blue("1"), earlier=before)
    assert noted(blue("3"), untested) == before
    assert noted(blue("3", OTHER_CODE), untested) == Earlier(model="azureml:digits:1", code=f"{CODE} c0de:1")
    proven = there(blue("2"), tested=blue("2"), earlier=before)
    assert noted(blue("3"), proven) == Earlier(model="azureml:digits:2")


def test_what_this_run_replaced_is_put_together_from_what_it_saw() -> None:
    now = there(blue("1", environment_variables={"WORKERS": "1"}))
    step = update(blue("2", OTHER_CODE, environment_variables={"WORKERS": "2"}), now)
    found = earlier_content(step, now.resources[BLUE], ())
    assert found == build.changed(now.resources[BLUE])
    assert found is not None
    assert found.sources == {("code_configuration", "code"): "azureml:c0de:1"}


def test_ignored_fields_are_not_put_back() -> None:
    ignored = (("instance_count",),)
    now = there(blue("1", instance_count=2))
    (step,) = with_earlier_noted(reconcile(wish(endpoint(), blue("2")), now, ignored={BLUE: ignored}), now)
    scaled = build.changed(now.resources[BLUE], instance_count=9)
    found = earlier_content(step, scaled, ignored)
    assert found is not None
    assert (found.fields["instance_count"], found.fields["model"]) == (9, "azureml:digits:1")


def test_what_an_earlier_run_replaced_is_put_together_from_our_tags() -> None:
    before = Earlier(model="azureml:digits:1", environment="azureml:sklearn:2", code=f"{CODE} c0de:1")
    current = there(blue("2", OTHER_CODE), earlier=before).resources[BLUE]
    found = earlier_content(None, current, ())
    assert found == build.changed(blue("1"), environment="azureml:sklearn:2")
    assert found is not None
    assert found.sources == {("code_configuration", "code"): "azureml:c0de:1"}


def test_what_the_tags_do_not_know_is_not_guessed() -> None:
    assert earlier_content(None, there(blue("2")).resources[BLUE], ()) is None
    more = Earlier(model="azureml:digits:1", others=("environment_variables.WORKERS",))
    assert earlier_content(None, there(blue("2"), earlier=more).resources[BLUE], ()) is None


def test_unchanged_code_stays_the_asset_it_is() -> None:
    current = there(blue("2"), earlier=Earlier(model="azureml:digits:1")).resources[BLUE]
    found = earlier_content(None, current, ())
    assert found is not None
    assert found.sources == {("code_configuration", "code"): "azureml:c0de:1"}


def test_an_update_after_an_untested_one_is_put_back_to_what_the_tags_know() -> None:
    now = there(blue("2"), tested=blue("1"), earlier=Earlier(model="azureml:digits:1"))
    step = update(blue("3"), now)
    found = earlier_content(step, replace(now.resources[BLUE], fields=blue("3").fields), ())
    assert found == blue("1")


def test_what_must_be_read_is_what_updates_replace() -> None:
    now = there(blue("1"))
    assert earlier_assets(wish(endpoint(), blue("1")), now) is None
    assert earlier_assets(wish(endpoint(), blue("2")), now) == Wanted(
        assets=frozenset({asset_ref(Kind.MODEL, "digits", "1"), asset_ref(Kind.ENVIRONMENT, "sklearn", "3")}),
        codes=frozenset({ASSET}),
    )


def test_what_is_no_longer_registered_is_named() -> None:
    now = there(blue("1"))
    step = Step(action=Action.UPDATE, ref=BLUE, before=now.resources[BLUE], after=blue("2"))
    assert gone(step, now) == ("model digits:1", "environment sklearn:3")
    whole = with_also(now, live(model(), environment()))
    assert gone(step, whole) == ()
    assert gone(step, with_also(whole, State(contents={ASSET: ""}))) == ("its code (azureml:c0de:1)",)
    assert gone(step, with_also(whole, State(contents={ASSET: CODE}))) == ()


def test_where_the_tags_do_not_suffice_what_this_run_replaced_is_put_back() -> None:
    """Somebody else changed a field since the last test, and an older note stands: what served is still known."""
    theirs = blue("1", request_settings={"request_timeout_ms": 90_000})
    now = there(theirs, tested=blue("1"), earlier=Earlier(model="azureml:digits:0"))
    wanted = blue("1", environment_variables={"ANSWER": "9"})
    step = update(wanted, now)
    found = earlier_content(step, seen(wanted), ())
    assert found is not None
    assert found.fields["request_settings"] == theirs.fields["request_settings"]
    assert found.fields["environment_variables"] == theirs.fields["environment_variables"]
    assert earlier_content(None, seen(wanted, bookkeeping=step.bookkeeping), ()) is None

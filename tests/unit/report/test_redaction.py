"""No secret gets through, in whatever spelling, wherever it stands, whatever renders it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from html import escape
from io import StringIO
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deployer.commands.progress import Progress
from deployer.core.diagnostics import Diagnostic, Examined, Location, PassedOver, Severity
from deployer.core.diff import FieldChange, diff
from deployer.core.errors import WorkspaceError
from deployer.core.fields import Effect
from deployer.core.fingerprint import digest_of
from deployer.core.outcome import Outcome, Result, StepResult
from deployer.core.plan import Action, Finding, Plan, Step
from deployer.core.redaction import MASK, mask_of, visible
from deployer.core.resources import Resource, Value, deployment_ref
from deployer.core.workspace import Answer
from deployer.report import answers, diagnostics_text, github_annotations, json_output, markdown, sarif, terminal
from deployer.report.outcome_view import outcome_view
from deployer.report.plan_view import plan_view

ESCAPED = re.compile(r"[\\xu0-9a-fA-F]*")
"""What escapes and hashes are made of: a secret of these alone would also be found where it does not come from."""

SECRETS = st.one_of(
    st.text(min_size=4, max_size=40).filter(lambda text: len(text.strip()) >= 4 and not ESCAPED.fullmatch(text)),
    st.text("0123456789abcdef", min_size=24, max_size=64),
)
WORDS = st.text(max_size=60)


def values(secret: str) -> st.SearchStrategy[Value]:
    """Plain data of any depth with the secret somewhere in it."""
    holding = st.tuples(WORDS, WORDS).map(lambda around: around[0] + secret + around[1])
    return st.recursive(
        holding,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3),
            st.dictionaries(st.one_of(WORDS, holding), inner, min_size=1, max_size=3),
        ),
        max_leaves=4,
    )


def plan_with(before: Value, after: Value, text: str) -> Plan:
    """A plan that has something of somebody's in every place that holds text."""
    ref = deployment_ref("digits", "blue")
    old = Resource(ref=ref, fields={"environment_variables": {"A": before}, "tags": {"same": text}})
    new = Resource(ref=ref, fields={"environment_variables": {"A": after}, "tags": {text: text}})
    origin = Location(file=text)
    change = FieldChange(path=(text,), before=before, after=after, effect=Effect.ROLLING)
    steps = (
        Step(action=Action.UPDATE, ref=ref, before=old, after=new, changes=(*diff(old, new), change), reason=text),
        Step(action=Action.CREATE, ref=deployment_ref(text, text), after=new, changes=diff(None, new), origin=origin),
    )
    finding = Finding(code=text, summary=text, detail=text, origin=origin)
    return Plan(env=text, project=text, steps=steps, findings=(finding,), orphans=(deployment_ref("e", text),))


def renderings(before: Value, after: Value, text: str, secrets: frozenset[str]) -> Mapping[str, str]:
    """Everything that every renderer makes of it."""
    plan = plan_with(before, after, text)
    view = plan_view(plan, secrets=secrets)
    full = plan_view(plan, secrets=secrets, verbose=True)
    error = WorkspaceError(text, hint=text, code=text, correlation_id=text, log_tail=text)
    failed = StepResult(step=plan.steps[1], result=Result.FAILED, error=error, note=text)
    told = outcome_view(Outcome(results=(failed,)), secrets=secrets, uris={text: text}, next_command=text)
    found = [Diagnostic(severity=Severity.ERROR, code=text, summary=text, detail=text, location=Location(file=text))]
    stream = StringIO()
    with Progress(stream, terminal=False, secrets=secrets) as progress:
        progress.step_started(failed.step)
        progress.waiting(failed.step, text)
        progress.step_ended(failed)
    answer = Answer(status=424, body=json.dumps(after).encode(), milliseconds=1, deployment=text, headers={})
    scored = answers.scored(answer, secrets=secrets)
    return {
        "terminal": terminal.plan_text(view) + terminal.plan_text(full),
        "markdown": markdown.plan_comment(view) + markdown.plan_comment(full),
        "json": json_output.plan_json(view) + json_output.plan_json(full),
        "outcome": terminal.outcome_text(told) + json_output.outcome_json(told),
        "diagnostics": diagnostics_text.diagnostics_text(found, sources={text: text}, secrets=secrets)
        + json_output.diagnostics_json(
            Examined(diagnostics=tuple(found), checked=(text,), passed=(PassedOver(file=text, what=text, code="c"),)),
            secrets=secrets,
        ),
        "sarif": sarif.sarif(found, secrets=secrets) + github_annotations.workflow_commands(found, secrets=secrets),
        "progress": stream.getvalue(),
        "score": answers.score_text(scored) + answers.score_json(scored),
    }


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.data(), SECRETS)
def test_no_renderer_shows_a_secret(data: st.DataObject, secret: str) -> None:
    before, after = data.draw(values(secret)), data.draw(values(secret))
    around = data.draw(WORDS)
    without = renderings("x", "y", "z", frozenset())
    for name, text in renderings(before, after, around + secret + around, frozenset({secret})).items():
        if secret not in without[name] and secret not in around + MASK:
            assert secret not in text, name


SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "itself": lambda secret: secret,
    "json": lambda secret: json.dumps(secret)[1:-1],
    "json-unicode": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "url": lambda secret: quote(secret, safe=""),
    "form": quote_plus,
    "html": escape,
    "repr": lambda secret: repr(secret)[1:-1],
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64-url": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@example(secret="000\U000fe100")
@given(secret=st.text(st.characters(codec="utf-8"), min_size=4, max_size=40).filter(lambda text: text.strip() == text))
def test_every_spelling_is_masked(spelling: str, secret: str) -> None:
    written = SPELLINGS[spelling](secret)
    assert mask_of(frozenset({secret})).hide(f"<{written}>").replace("=", "") == f"<{MASK}>"


@given(st.binary(max_size=7), st.text(st.characters(codec="ascii"), min_size=8, max_size=40), st.binary(max_size=7))
def test_base64_of_something_around_a_secret_gives_nothing_back(before: bytes, secret: str, after: bytes) -> None:
    """`user:password` in a header: whatever its alignment, less than a fragment of it can be decoded."""
    if secret.strip() != secret:
        return
    whole = base64.b64encode(before + secret.encode() + after).decode()
    hidden = mask_of(frozenset({secret})).hide(whole)
    assert MASK in hidden
    left = sum(len(part) for part in hidden.split(MASK))
    assert left * 6 / 8 <= len(before) + len(after) + 6


ENCODERS = [base64.b64encode, base64.urlsafe_b64encode]


@pytest.mark.parametrize("encode", ENCODERS)
@pytest.mark.parametrize("before", [b"", b"\xff", b"\xff\xff", b"\xff\xff\xff"])
@pytest.mark.parametrize("secret", ["12345", ">>>>????~~~~", "hunter2-and-more"])
def test_in_longer_base64_exactly_the_characters_of_the_secret_are_masked(
    encode: Callable[[bytes], bytes], before: bytes, secret: str
) -> None:
    """Whole characters: those at its ends also carry bits of what stands beside it."""
    whole = encode(before + secret.encode() + b"\xff\xff").decode()
    first = -(-len(before) * 8 // 6)
    last = (len(before) + len(secret)) * 8 // 6
    assert mask_of(frozenset({secret})).hide(whole) == f"{whole[:first]}{MASK}{whole[last:]}"


def test_a_fragment_of_base64_that_is_too_short_would_match_everywhere() -> None:
    whole = base64.b64encode(b"1234\xff\xff\xff").decode()
    assert mask_of(frozenset({"1234"})).hide(whole) == whole


@pytest.mark.parametrize(
    ("secret", "written"),
    [
        ("path/to a?b", "path%2Fto%20a%3Fb"),
        ("path/to a?b", "path/to%20a%3Fb"),
        ("path/to a?b", "path%2Fto+a%3Fb"),
        ('caf\u00e9 "7"', 'caf\\u00e9 \\"7\\"'),
        ('caf\u00e9 "7"', 'caf\u00e9 \\"7\\"'),
        ("it's\x01so\nit", "it's\\x01so\\nit"),
        ("it's\\so", "it\\'s\\\\so"),
        ("a<b'c\"d", "a&lt;b&#x27;c&quot;d"),
        ("a<b'c\"d", "a&lt;b'c\"d"),
        ("one\x00two\nthree", "one\\x00two\nthree"),
        ("  in blanks  ", "in blanks"),
        ("first line\n12345678", "12345678"),
    ],
)
def test_every_way_to_write_a_secret_is_masked(secret: str, written: str) -> None:
    assert mask_of(frozenset({secret})).hide(f"<{written}>") == f"<{MASK}>"


def test_a_line_that_is_too_short_to_be_secret_alone_stays() -> None:
    assert mask_of(frozenset({"first line\n1234567"})).hide("<1234567>") == "<1234567>"


def test_four_characters_are_enough_to_be_masked_inside_a_text() -> None:
    mask = mask_of(frozenset({"1234", "abc"}))
    assert mask.hide("<1234>, <abc>") == f"<{MASK}>, <abc>"
    assert mask.hide("abc") == MASK


def test_a_secret_that_repeats_itself_is_masked_to_its_last_character() -> None:
    assert mask_of(frozenset({"aaaa"})).hide("<aaaaaaa>") == f"<{MASK}>"


def test_adjacent_secrets_are_masked_as_one_and_distant_ones_apart() -> None:
    mask = mask_of(frozenset({"first-one", "second-one", "one-third"}))
    assert mask.hide("first-onesecond-one") == MASK
    assert mask.hide("first-one, second-one-third.") == f"{MASK}, {MASK}."
    assert mask.hide("first-one, second-one, first-one-third.") == f"{MASK}, {MASK}, {MASK}."


def test_a_secret_within_another_does_not_cut_it_short() -> None:
    assert mask_of(frozenset({"abcdefgh", "bcde"})).hide("<abcdefgh>") == f"<{MASK}>"


def test_the_mask_itself_is_never_masked() -> None:
    assert mask_of(frozenset({"sensitive"})).hide(f"{MASK}, sensitive") == f"{MASK}, {MASK}"


def test_a_mask_makes_control_characters_visible_and_a_line_of_it_has_no_ends() -> None:
    mask = mask_of(frozenset({"s3cret"}))
    text = "\x1b[31mred\x1b[0m s3cret\n\ta\rb\x85\xad\u200b\u202e?"
    assert mask(text) == f"red {MASK}\n\ta\\x0db\\x85\\xad\\u200b\\u202e?"
    assert mask.line(text) == f"red {MASK}\\n\\ta\\x0db\\x85\\xad\\u200b\\u202e?"
    assert visible("plain \u00e9\u4e16") == "plain \u00e9\u4e16"


def test_what_is_plain_data_stays_plain_data() -> None:
    mask = mask_of(frozenset({"s3cret", "1234"}))
    before: Value = {"s3cret": ["a s3cret", {"k": None, "yes": True}, 1.5, 91234]}
    assert mask.value(before) == {MASK: [f"a {MASK}", {"k": None, "yes": True}, 1.5, MASK]}


def test_overlapping_secrets_are_masked_as_one() -> None:
    mask = mask_of(frozenset({"abcdef", "defghi"}))
    assert mask.hide("-abcdefghi-") == f"-{MASK}-"


def test_two_secrets_side_by_side_and_apart() -> None:
    mask = mask_of(frozenset({"first-one", "second-one"}))
    assert mask.hide("first-one second-one") == f"{MASK} {MASK}"
    assert mask.hide("nothing here") == "nothing here"


def test_a_line_of_a_secret_of_many_lines_is_masked() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nAAECAwQF\n-----END KEY-----\n"
    assert mask_of(frozenset({key})).hide("log: MIIEvQIBADANBgkqhkiG") == f"log: {MASK}"


def test_a_short_secret_is_masked_alone_but_eats_no_words() -> None:
    mask = mask_of(frozenset({"no", "7"}))
    assert mask.hide("no") == MASK
    assert mask.hide("nothing to note") == "nothing to note"
    assert mask.value({"a": ["no", 7, "note"]}) == {"a": [MASK, MASK, "note"]}


def test_a_number_that_holds_a_secret_is_masked() -> None:
    assert mask_of(frozenset({"123456"})).value([91234567, 123, 123456.5]) == [MASK, 123, MASK]


@given(SECRETS, WORDS)
def test_masking_twice_is_masking_once(secret: str, around: str) -> None:
    mask = mask_of(frozenset({secret}))
    once = mask.hide(around + secret + around)
    assert mask.hide(once) == once


@pytest.mark.parametrize("text", ["", "  ", "      ", "a      b"])
def test_blank_secrets_mask_nothing(text: str) -> None:
    assert mask_of(frozenset({"", "  ", "      "})).hide(text) == text


def test_what_a_secret_replaces_is_not_shown_either() -> None:
    ref = deployment_ref("digits", "blue")
    old = Resource(ref=ref, fields={"environment_variables": {"TOKEN": "the-secret-of-yesterday"}})
    new = Resource(ref=ref, fields={"environment_variables": {"TOKEN": "the-secret-of-today"}})
    step = Step(action=Action.UPDATE, ref=ref, before=old, after=new, changes=diff(old, new))
    view = plan_view(Plan(env="dev", project="p", steps=(step,)), secrets=frozenset({"the-secret-of-today"}))
    assert "yesterday" not in terminal.plan_text(view) + json_output.plan_json(view) + markdown.plan_comment(view)


def test_the_value_of_a_sensitive_field_is_masked_elsewhere_too() -> None:
    ref = deployment_ref("digits", "blue")
    change = FieldChange(
        path=("key",), before="old-value", after={"k": ["new-value"]}, effect=Effect.ROLLING, sensitive=True
    )
    step = Step(action=Action.UPDATE, ref=ref, changes=(change,), reason="key becomes new-value, was old-value")
    text = terminal.plan_text(plan_view(Plan(env="dev", project="p", steps=(step,))))
    assert "new-value" not in text
    assert "old-value" not in text


def test_a_long_value_is_masked_before_it_is_cut() -> None:
    ref = deployment_ref("digits", "blue")
    value = "x" * 55 + "TOP-SECRET-TOKEN" + "y" * 200
    new = Resource(ref=ref, fields={"description": value})
    step = Step(action=Action.CREATE, ref=ref, after=new, changes=diff(None, new))
    view = plan_view(Plan(env="dev", project="p", steps=(step,)), secrets=frozenset({"TOP-SECRET-TOKEN"}))
    shown = view.steps[0].changes[0].after
    assert "TOP" not in shown
    assert len(shown) < 160
    assert digest_of(value) not in shown


@pytest.mark.parametrize("secret", ["A" * 61, "".join(map(chr, range(33, 126))), "xY3-" * 40])
@pytest.mark.parametrize("kept", [12, 13, 59, 60])
def test_the_beginning_of_a_secret_that_was_cut_is_masked(secret: str, kept: int) -> None:
    cut = f"is `{secret[:kept]}…`, which is too long"
    assert mask_of(frozenset({secret})).hide(cut) == f"is `{MASK}…`, which is too long"

"""What a review shows beside the plan, and what it shows where no plan could be made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from deployer.authoring import EnvFile, load_env, load_prices
from deployer.checkout import changed_files
from deployer.commands.console import Console
from deployer.commands.hints import in_context
from deployer.commands.whereabouts import place_of
from deployer.core.errors import DeployerError, SpecError, as_deployer_error
from deployer.core.redaction import mask_of
from deployer.pipeline import Planned
from deployer.planning.commits import CodeChange, code_changes
from deployer.planning.revisions import live_standings
from deployer.planning.verdicts import Standing
from deployer.report.diagnostics_text import diagnostics_text
from deployer.report.live_secrets import live_secrets
from deployer.report.markdown import failed_comment
from deployer.report.review_html import page
from deployer.report.review_view import ReviewView, review_view
from deployer.workspaces import Request


def review_of(planned: Planned, console: Console) -> ReviewView:
    """What a reviewer of a plan decides from."""
    standings = live_standings(planned.live, planned.desired.intent)
    return review_view(
        planned.plan,
        planned.live,
        place=place_of(planned.desired.env, planned.project),
        tested=frozenset(ref for ref, standing in standings.items() if standing is Standing.PASSED),
        is_local=planned.is_local,
        files=_changed_files(planned),
        prices=load_prices(planned.project),
        secrets=console.secrets | live_secrets(planned.plan),
    )


def _changed_files(planned: Planned) -> dict[CodeChange, tuple[str, ...] | None]:
    """The files that differ by each change of code in a plan, as git knows them."""
    changes = code_changes(planned.plan.steps, planned.live)
    return {change: changed_files(planned.project, change.commit, change.folder) for change in changes}


@contextmanager
def failures_shown(request: Request, shape: str, console: Console) -> Iterator[None]:
    """Print why there is no plan as the comment too, which takes the place of that of an earlier commit."""
    try:
        yield
    except Exception as error:
        if shape in ("markdown", "html"):
            place = place_of(_env(request), request.project)
            text = failed_comment(request.env, place, _told(as_deployer_error(error), console))
            console.out(text if shape == "markdown" else page(text, title=f"No plan for {request.env}"))
        raise


def _env(request: Request) -> EnvFile | None:
    try:
        return load_env(request.project, request.env)
    except DeployerError:
        return None


def _told(error: DeployerError, console: Console) -> str:
    if isinstance(error, SpecError):
        return diagnostics_text(error.diagnostics, secrets=console.secrets)
    told = "\n".join(filter(None, [f"error: {error.message}", error.hint]))
    return in_context(mask_of(console.secrets)(told), console.context)

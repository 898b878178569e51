"""Files that specs name lie in the project: a plan of an untrusted pull request shows nothing that is not in it."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.authoring.containment import links_below
from deployer.authoring.documents.document import Document, Fault, FieldPath
from deployer.authoring.project_index import World, project_path, resolved
from deployer.authoring.rules.named_paths import named_paths

WAY_OUT = "Move it into the project, or pass --allow-outside {}."


def path_outside(document: Document, world: World) -> Iterator[Fault]:
    """Every file and folder that a spec names, and every link in them, stays in the repository."""
    for path, name in named_paths(document) if world.files else ():
        place = resolved(document, name)
        if not world.reaches(place):
            yield _fault(path, f"`{name}` lies outside the project", str(place.resolve()))
        elif link := next((link for link in links_below(place) if link.exists() and not world.reaches(link)), None):
            summary = f"`{project_path(link, world.project)}` is a link to something outside the project"
            yield _fault(path, summary, str(link.resolve()))


def _fault(path: FieldPath, summary: str, place: str) -> Fault:
    return Fault(path=path, summary=summary, detail=WAY_OUT.format(place))

"""A project that changes at random on both sides, and what its plan should be, worked out without the deployer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.build import IMAGE
from tests.e2e.reconciler.project import SCRIPT, Run, ended
from tests.e2e.reconciler.site import DEPLOYMENTS_API, ENDPOINTS_API, Site
from tests.e2e.reconciler.victim import Orders, start

EXPECTED = {"blue": "1", "green": "2", "red": "3"}
"""What each deployment has to answer; 9 is always wrong."""
BAD = "9"
Fields = dict[str, Any]
Resources = dict[str, Fields]
"""Fields by their path, of "endpoint", "traffic" and deployments by name."""


@dataclass(kw_only=True)
class RandomProject:
    """Specs of one endpoint; `wish` is what they say, in one spelling."""

    name: str
    folder: Path
    site: Site
    random: Random
    wish: Resources = field(default_factory=dict)
    rollout: list[int] | None = None
    ignored: tuple[str, ...] = ()
    newest: int = 1
    runs: int = 0

    def __post_init__(self) -> None:
        (self.folder / "specs" / "env").mkdir(parents=True)
        (self.folder / "code").mkdir()
        (self.folder / ".deployer").symlink_to(self.site.home / ".deployer")
        (self.folder / "code" / "score.py").write_text(SCRIPT.format(name=self.name))
        (self.folder / "request.json").write_text("{}")
        self._write("env/local", {"project": self.name, "workspace": "local"})
        self._write("environment", {"name": f"{self.name}-env", "version": "1", "image": IMAGE})
        self.wish = {"endpoint": {}, "blue": self.deployment("blue"), "traffic": {"blue": 100}}

    def deployment(self, name: str) -> Fields:
        return {
            "instance_count": 1,
            "request_settings.request_timeout_ms": 5000,
            "environment_variables.ANSWER": EXPECTED[name],
            "model": self.newest,
        }

    def _write(self, file: str, spec: Mapping[str, object]) -> None:
        (self.folder / "specs" / f"{file}.yml").write_text(json.dumps(spec))

    # --- specs ------------------------------------------------------------------------------------------------------

    def write_specs(self) -> None:
        """The specs in a spelling of the moment."""
        for old in (self.folder / "specs").glob("*.yml"):
            if old.name != "environment.yml":
                old.unlink()
        for version in range(1, self.newest + 1):
            (self.folder / f"model-{version}").mkdir(exist_ok=True)
            (self.folder / f"model-{version}" / "weights").write_text(f"{self.name} {version}")
            path = f"../model-{version}"
            self._write(f"model-{version}", {"name": f"{self.name}-model", "version": version, "path": path})
        self._write("endpoint", self._endpoint_spec())
        for name in self.deployments():
            self._write(f"deployment-{name}", self._deployment_spec(name))

    def deployments(self) -> list[str]:
        return sorted(self.wish.keys() & EXPECTED.keys())

    def _endpoint_spec(self) -> dict[str, object]:
        wish = self.wish["endpoint"]
        spec: dict[str, object] = {
            "name": self.cased(self.name),
            "auth_mode": "key",
            "traffic": dict(self.wish["traffic"]),
        }
        spec |= {"description": wish["description"]} if "description" in wish else {}
        spec |= {"tags": {"team": wish["tags.team"]}} if "tags.team" in wish else {}
        if self.rollout:
            spec["x-rollout"] = {"steps": self.rollout, "bake": "0ms", "checks": {"min_requests": 1}}
        return spec

    def _deployment_spec(self, name: str) -> dict[str, object]:
        wish = self.wish[name]
        spec: dict[str, object] = {
            "name": self.cased(name),
            "endpoint_name": self.cased(self.name),
            "model": self.model(wish["model"]),
            "environment": self.random.choice(["azureml:{}-env:1", "azureml:{}-env@latest", "azureml:{}-env"]).format(
                self.name
            ),
            "code_configuration": {"code": "../code", "scoring_script": "score.py"},
            "environment_variables": {"ANSWER": wish["environment_variables.ANSWER"]},
            "instance_type": self.cased("Standard_DS3_v2"),
            "instance_count": self.random.choice([int, str])(wish["instance_count"]),
            "request_settings": {"request_timeout_ms": wish["request_settings.request_timeout_ms"]},
            "x-smoke-test": {"request": "../request.json", "json": int(EXPECTED[name])},
        }
        spec |= {"description": wish["description"]} if "description" in wish else {}
        spec |= {"tags": {"owner": wish["tags.owner"]}} if "tags.owner" in wish else {}
        return spec | ({"x-ignore": list(self.ignored)} if self.ignored else {})

    def cased(self, text: str) -> str:
        return self.random.choice([text, text, text.upper(), text.capitalize()])

    def model(self, version: int) -> str:
        """One of the spellings of a version."""
        place = self.site.connection["workspace"]
        home = (
            f"/subscriptions/{place['subscription_id']}/{self.random.choice(['resourceGroups', 'resourcegroups'])}/"
            f"{place['resource_group']}/providers/Microsoft.MachineLearningServices/workspaces/{place['name']}"
        )
        name = f"{self.name}-model"
        spelled = [f"azureml:{name}:{version}", f"{home}/models/{name}/versions/{version}"]
        newest = [f"azureml:{name}@latest", f"azureml:{name}"] if version == self.newest else []
        return self.random.choice([*spelled, f"azureml:{spelled[1]}", *newest])

    # --- changes ----------------------------------------------------------------------------------------------------

    def change_specs(self) -> None:
        """One to three changes of what the specs say."""
        for _ in range(self.random.randint(1, 3)):
            self.random.choice([self._scale, self._describe, self._retime, self._remodel, self._shift, self._add])()
        self.rollout = self.random.choice([None, [50, 100], [10, 60, 100]])
        self.ignored = self.random.choice([(), (), ("instance_count",), ("tags.owner",)])

    def _one(self) -> Fields:
        return self.wish[self.random.choice(self.deployments())]

    def _scale(self) -> None:
        self._one()["instance_count"] = self.random.randint(1, 4)

    def _retime(self) -> None:
        self._one()["request_settings.request_timeout_ms"] = self.random.choice([5000, 60_000, 90_000])

    def _remodel(self) -> None:
        self.newest += self.random.randint(0, 1)
        self._one()["model"] = self.newest

    def _describe(self) -> None:
        target = self.wish[self.random.choice(["endpoint", *self.deployments()])]
        tag = "tags.team" if target is self.wish["endpoint"] else "tags.owner"
        for path in ("description", tag):
            target.pop(path, None)
            if self.random.random() < 0.6:
                target[path] = self.random.choice(["a", "b", "c"])

    def _add(self) -> None:
        name = self.random.choice(sorted(EXPECTED))
        self.wish.setdefault(name, self.deployment(name))

    def _shift(self) -> None:
        names = self.deployments()
        first = self.random.choice(names)
        share = self.random.choice([100, 100, 60, 90]) if len(names) > 1 else 100
        rest = self.random.choice([name for name in names if name != first] or [first])
        self.wish["traffic"] = {first: 100} if share == 100 else {first: share, rest: 100 - share}

    def spoil(self) -> str:
        """Let one deployment answer wrongly; gives back which."""
        name = self.random.choice(self.deployments())
        self.wish[name]["environment_variables.ANSWER"] = BAD
        return name

    def mend(self, name: str) -> None:
        self.wish[name]["environment_variables.ANSWER"] = EXPECTED[name]

    def change_live(self) -> None:
        """Somebody changes what is live, by other means."""
        there = sorted(self.live().keys() & EXPECTED.keys())
        for name in self.random.sample(there, self.random.randint(0, len(there))):
            path = f"/onlineEndpoints/{self.name}/deployments/{name}"
            found = self.site.ask("GET", path, DEPLOYMENTS_API)
            match self.random.choice(["count", "tag", "timeout"]):
                case "count":
                    found["sku"]["capacity"] = self.random.randint(1, 4)
                case "tag":
                    found["tags"]["owner"] = self.random.choice(["x", "y"])
                case _:
                    found["properties"]["requestSettings"]["requestTimeout"] = "PT1M30S"
            self._put(path, DEPLOYMENTS_API, found)
        if self.random.random() < 0.3:
            found = self.site.endpoint(self.name)
            found["tags"]["team"] = "x"
            self._put(f"/onlineEndpoints/{self.name}", ENDPOINTS_API, found)

    def add_foreign(self) -> None:
        """A deployment in our endpoint, and an endpoint, that others made."""
        found = self.site.ask("GET", f"/onlineEndpoints/{self.name}/deployments/blue", DEPLOYMENTS_API)
        kept = {key: found[key] for key in ("location", "properties", "sku")}
        self._put(f"/onlineEndpoints/{self.name}/deployments/foreign", DEPLOYMENTS_API, kept)
        endpoint = self.site.endpoint(self.name)
        theirs = {**endpoint, "tags": {}, "properties": {"authMode": "Key"}}
        self._put(f"/onlineEndpoints/{self.name}-foreign", ENDPOINTS_API, theirs)

    def _put(self, path: str, version: str, body: object) -> None:
        self.site.ask("PUT", path, version, body)
        while self.site.ask("GET", path, version)["properties"]["provisioningState"] not in ("Succeeded", "Failed"):
            pass

    def foreign(self) -> tuple[object, object]:
        """What others made, as it is."""
        place = f"/onlineEndpoints/{self.name}"
        theirs = self.site.ask("GET", f"{place}/deployments/foreign", DEPLOYMENTS_API)
        return theirs, self.site.endpoint(f"{self.name}-foreign")

    # --- what is live, and what follows -----------------------------------------------------------------------------

    def live(self) -> Resources:
        """What is live, in the spelling of `wish`; without what others made."""
        endpoint = self.site.endpoint(self.name)
        if endpoint is None:
            return {}
        found: Resources = {
            "endpoint": _told(description=endpoint["properties"].get("description"), team=endpoint["tags"].get("team")),
            "traffic": {name: share for name, share in endpoint["properties"]["traffic"].items() if share},
        }
        items = self.site.ask("GET", f"/onlineEndpoints/{self.name}/deployments", DEPLOYMENTS_API)["value"]
        return found | {item["name"]: _deployment_fields(item) for item in items if item["name"] in EXPECTED}

    def expected(self) -> set[tuple[str, str]]:
        """(resource, path) of everything that differs; the path is "" for a resource that is not there."""
        there, found = self.live(), set[tuple[str, str]]()
        for name, wish in self.wish.items():
            if name in EXPECTED and name not in there:
                found.add((name, ""))
                continue
            before = there.get(name, {})
            for path in wish.keys() | before.keys():
                if wish.get(path) != before.get(path) and not (name in EXPECTED and path in self.ignored):
                    found.add((name, f"traffic.{path}" if name == "traffic" else path))
        return found

    def after(self) -> Resources:
        """What has to be live after an apply: the wish, and what is ignored as it is."""
        there = self.live()
        for name in self.deployments():
            for path in self.ignored:
                there.get(name, {}).pop(path, None)
        wish = {name: dict(fields) for name, fields in self.wish.items()}
        for name in self.deployments():
            for path in self.ignored:
                wish[name].pop(path, None)
        return {name: wish.get(name, fields) for name, fields in there.items()} | wish

    def seen(self) -> Resources:
        """What is live, without what is ignored."""
        there = self.live()
        for name in self.deployments():
            for path in self.ignored:
                there.get(name, {}).pop(path, None)
        return there

    # --- commands ---------------------------------------------------------------------------------------------------

    def deployer(self, *words: str) -> Run:
        self.runs += 1
        output = self.folder / f"run-{self.runs}.txt"
        return ended(start(Orders(arguments=[*words, "--project", str(self.folder)], output=output)), output)

    def sums(self) -> Iterator[int]:
        """The sums of live traffic that the last command wrote."""
        for line in (self.folder / f"run-{self.runs}.bodies").read_text().splitlines():
            yield sum((json.loads(line).get("properties", {}).get("traffic") or {}).values())


def _told(description: str | None, team: str | None) -> Fields:
    told = {"description": description, "tags.team": team}
    return {path: value for path, value in told.items() if value}


def _deployment_fields(item: Mapping[str, Any]) -> Fields:
    properties, told = item["properties"], {}
    if properties.get("description"):
        told["description"] = properties["description"]
    if item["tags"].get("owner"):
        told["tags.owner"] = item["tags"]["owner"]
    times = {"PT5S": 5000, "PT1M": 60_000, "PT1M30S": 90_000}
    return {
        "instance_count": item["sku"]["capacity"],
        "request_settings.request_timeout_ms": times[properties["requestSettings"]["requestTimeout"]],
        "environment_variables.ANSWER": properties["environmentVariables"]["ANSWER"],
        "model": int(properties["model"].rpartition("/")[2]),
        **told,
    }

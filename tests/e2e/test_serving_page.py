"""The page: what it shows, that it scores only for itself, and that it answers no foreign name."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import urllib3

from deployer.local_workspace.page.app import DeploymentView, EndpointView, page_app
from deployer.local_workspace.ports import Container
from tests.e2e.chromium import BROWSER, Tab, browser
from tests.e2e.serving import Client, Workspace, changed, listening, run, workload, workspace

PAGE_KEY = "the-key-of-the-page"


class Source:
    """Shows what the test's workspace serves. Implements PageSource."""

    def __init__(self, stand: Workspace) -> None:
        self._stand = stand

    def workspace(self) -> str:
        return "tried-here"

    def endpoints(self) -> Sequence[EndpointView]:
        shown = [
            DeploymentView(
                name=name,
                state="Succeeded",
                error=None,
                traffic=self._stand.traffic.get(name, 0),
                mirror=0,
                model="<b>digits</b>:1",
                environment="env:1",
                instance_type="Standard_DS3_v2",
                instance_count=1,
            )
            for name in self._stand.deployments
        ]
        return [
            EndpointView(name="e", state="Succeeded", auth_mode="key", scoring_uri="https://here/e", deployments=shown)
        ]

    def logs(self, endpoint: str, deployment: str, container: Container, tail: int) -> str:
        return self._stand.runtime.logs(endpoint, deployment, container, tail)


@asynccontextmanager
async def page(root: Path, folder: Path) -> AsyncIterator[tuple[Client, Client]]:
    """A page over two deployments, and their front door."""
    async with workspace(root) as (stand, door, client):
        answer = "import json; return str(len(json.loads(data)['data']) > 100)"
        for each in (workload(folder, body=answer), workload(folder, "green", "return {'from': 'green'}")):
            await stand.put(changed(each, max_concurrent_requests_per_instance=4))
        stand.traffic = {"blue": 90, "green": 10}
        async with listening(page_app(Source(stand), door, PAGE_KEY)) as shown:
            opened = await shown.score(path=f"/?key={PAGE_KEY}", method="GET")
            assert (opened.status, opened.headers["location"]) == (303, "/")
            yield replace(shown, own={"Cookie": opened.headers["set-cookie"].partition(";")[0]}), client


def test_scoring_needs_the_token_of_the_page_once(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with page(serving_root, tmp_path) as (shown, _):

            async def try_it(token: str) -> urllib3.BaseHTTPResponse:
                return await shown.score(path="/try/e", azureml_model_deployment="green", x_page_token=token)

            html = (await shown.score(path="/", method="GET")).data.decode()
            found = re.search(r'name="page-token" content="([^"]+)"', html)
            assert found is not None
            assert (await try_it("guessed")).status == 403
            assert (await shown.score(path="/inference/e/score")).status == 404, "the front door is not on this port"
            first = await try_it(found[1])
            assert (first.status, first.json()) == (200, {"from": "green"})
            assert (await try_it(found[1])).status == 403
            assert (await try_it(first.headers["x-page-token"])).status == 200

    run(body())


def test_only_loopback_names_reach_the_page(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with page(serving_root, tmp_path) as (shown, _):
            for path in ("/", "/state", "/page/page.js", "/logs/e/blue/InferenceServer"):
                assert (await shown.score(path=path, method="GET")).status == 200
                assert (await shown.score(path=path, method="GET", Host="rebound.example")).status == 400
            assert (await shown.score(path="/page/index.html", method="GET")).status == 404
            assert (await shown.score(path="/logs/e/other/InferenceServer", method="GET")).status == 404
            assert (await shown.score(path="/logs/e/blue/Secrets", method="GET")).status == 404
            assert "script-src 'self'" in (await shown.score(path="/", method="GET")).headers["content-security-policy"]

    run(body())


def test_without_the_key_nothing_is_shown_and_nothing_scored(serving_root: Path, tmp_path: Path) -> None:
    paths = ("/", "/?key=x", "/?key=", "/state", "/page/page.js", "/logs/e/blue/InferenceServer", "/no")

    async def body() -> None:
        async with page(serving_root, tmp_path) as (shown, _):
            html = (await shown.score(path="/", method="GET")).data.decode()
            found = re.search(r'name="page-token" content="([^"]+)"', html)
            assert found is not None
            right = shown.own["Cookie"]
            for cookie in ("", "a=b", right[:-1], right.replace(PAGE_KEY, "x"), f"deployer-page-1={PAGE_KEY}"):
                for path in paths:
                    answer = await shown.score(path=path, method="GET", Cookie=cookie)
                    assert (answer.status, "local status" in answer.data.decode()) == (403, True), (path, cookie)
                assert (await shown.score(path="/try/e", x_page_token=found[1], Cookie=cookie)).status == 403
            assert (await shown.score(path=f"/state?key={PAGE_KEY}", method="GET", Cookie="")).status == 403
            opened = await shown.score(path=f"/?key={PAGE_KEY}", method="GET", Cookie="")
            assert "httponly" in opened.headers["set-cookie"].lower()

    run(body())


@pytest.mark.skipif(BROWSER is None, reason="no Chromium: `apt-get install chromium`, or install Chrome")
def test_the_page_in_a_browser(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with page(serving_root, tmp_path) as (shown, client):
            await asyncio.gather(*(client.score(b'{"data": ""}') for _ in range(4)))
            await asyncio.to_thread(look, f"{shown.url}/?key={PAGE_KEY}", tmp_path / "profile")

    run(body())


def look(url: str, profile: Path) -> None:
    with browser(profile) as tab:
        tab.open(url)
        assert tab.until("document.getElementById('split').ariaLabel") == "Traffic: blue 90 percent, green 10 percent"
        text = tab.until("document.getElementById('deployments').innerText")
        assert "<b>digits</b>:1" in text, "names are text, not markup"
        assert "0 failed" in text
        assert tab.run("document.querySelectorAll('.plot svg[aria-label]').length") == 4
        _draw_with_the_mouse(tab)
        _draw_with_the_keyboard(tab)
        _send_json(tab)
        _read_the_log(tab)


def _draw_with_the_mouse(tab: Tab) -> None:
    tab.run("document.getElementById('tab-try').click()")
    _choose(tab, "blue")
    tab.run("document.getElementById('send').click()")
    tab.until("document.getElementById('said').textContent.includes('Draw something first')")
    x, y = tab.run(
        "(() => { const b = document.getElementById('canvas').getBoundingClientRect(); return [b.x, b.y] })()"
    )
    tab.drag(*((x + 60 + 15 * step, y + 90) for step in range(10)))
    tab.run("document.getElementById('send').click()")
    tab.until("document.querySelector('#said .value').textContent === 'True'")
    assert tab.run("document.querySelector('#said .who').textContent") == "blue"


def _draw_with_the_keyboard(tab: Tab) -> None:
    tab.run("document.getElementById('clear').click(), document.getElementById('canvas').focus()")
    tab.key(" ", " ")
    tab.key("ArrowDown")
    assert tab.run("document.getElementById('canvas-help').textContent") == "Pen down at column 15, row 10 of 28."
    assert tab.run("document.getElementById('canvas').dataset.empty") is None


def _send_json(tab: Tab) -> None:
    tab.run("document.querySelector('input[value=json]').click()")
    _choose(tab, "green")
    tab.run("document.getElementById('json').value = '{'; document.getElementById('send').click()")
    tab.until("document.getElementById('said').textContent.includes('This is not JSON')")
    tab.run("document.getElementById('json').value = '{}'; document.getElementById('send').click()")
    tab.until("document.querySelector('#said .value').textContent === '{\"from\": \"green\"}'")
    assert tab.run("document.querySelectorAll('#answers li').length") == 4


def _read_the_log(tab: Tab) -> None:
    tab.run("document.getElementById('tab-try').focus()")
    tab.key("ArrowRight")
    assert tab.run("document.activeElement.id") == "tab-logs"
    tab.until("document.getElementById('log').textContent.includes('POST /score 200')")
    for key, tabs in (
        ("ArrowRight", ["tab-traffic", "tab-try", "tab-logs"]),
        ("ArrowLeft", ["tab-try", "tab-traffic"]),
    ):
        for wanted in tabs:
            tab.key(key)
            assert tab.run("document.activeElement.id") == wanted, "the focus stays on the tabs"
            assert tab.run(f"document.getElementById('{wanted}').ariaSelected") == "true"
    assert tab.run("location.hash") == "#traffic"


@pytest.mark.skipif(BROWSER is None, reason="no Chromium: `apt-get install chromium`, or install Chrome")
@pytest.mark.parametrize("width", [390, 800, 1400])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_runs_over_the_edge(width: int, dark: bool, serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with page(serving_root, tmp_path) as (shown, _):
            address = f"{shown.url}/?key={PAGE_KEY}"
            await asyncio.to_thread(_look_at_the_edges, address, tmp_path / "profile", width, dark)

    run(body())


def _look_at_the_edges(url: str, profile: Path, width: int, dark: bool) -> None:
    shown = "[...document.querySelectorAll('main *')].filter((each) => each.offsetParent && each.offsetWidth)"
    over = f"{shown}.filter((each) => each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.id)"
    with browser(profile) as tab:
        tab.open(url, width=width, dark=dark)
        tab.until("document.querySelectorAll('#deployments li').length === 2")
        tab.run("document.getElementById('tab-try').click(), document.querySelector('input[value=json]').click()")
        _choose(tab, "green")
        long = "a".ljust(3000, "b")
        tab.run(f"document.getElementById('json').value = '[\"{long}\"'; document.getElementById('send').click()")
        tab.until("document.getElementById('said').textContent.includes('This is not JSON')")
        tab.run(f"document.getElementById('json').value = '[\"{long}\"]'; document.getElementById('send').click()")
        tab.until("document.querySelector('#said .value').textContent === '{\"from\": \"green\"}'")
        for name in ("try", "traffic", "logs"):
            tab.run(f"document.getElementById('tab-{name}').click()")
            assert tab.run(over) == [], name
            assert tab.run("document.documentElement.scrollWidth") <= width


def _choose(tab: Tab, deployment: str) -> None:
    tab.run(f"document.getElementById('to').value = '{deployment}'")

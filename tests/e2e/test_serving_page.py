"""The page: what it shows, that it scores only for itself, and that it answers no foreign name."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import shlex
import shutil
import subprocess
import tarfile
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
AXE = "4.14.1"
AXE_HASH = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
NEEDS_BROWSER = pytest.mark.skipif(BROWSER is None, reason="no Chromium: `apt-get install chromium`, or install Chrome")


class Source:
    """Shows what the test's workspace serves. Implements PageSource."""

    def __init__(self, stand: Workspace) -> None:
        self._stand = stand

    def workspace(self) -> str:
        return "tried-here"

    def ca_file(self) -> str:
        return "/a b/ca.pem"

    def key(self, endpoint: str) -> str | None:
        return "the-key-of-e" if endpoint == "e" else None

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
                autoscale="1 to 3",
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
                for path in ("/key/e", "/key/nothing"):
                    assert (await shown.score(path=path, method="GET", Cookie=cookie)).status == 403
            assert (await shown.score(path="/key/nothing", method="GET")).status == 404
            assert (await shown.score(path="/key/e", method="GET")).data == b"the-key-of-e"
            assert (await shown.score(path=f"/state?key={PAGE_KEY}", method="GET", Cookie="")).status == 403
            opened = await shown.score(path=f"/?key={PAGE_KEY}", method="GET", Cookie="")
            assert "httponly" in opened.headers["set-cookie"].lower()

    run(body())


@NEEDS_BROWSER
def test_the_page_in_a_browser(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with page(serving_root, tmp_path) as (shown, client):
            await asyncio.gather(*(client.score(b'{"data": "it\'s"}') for _ in range(4)))
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
        _begin_with_the_last_request(tab)
        _call_from_anywhere(tab)
        _draw_with_the_mouse(tab)
        _draw_with_the_keyboard(tab)
        _send_json(tab)
        _read_the_log(tab)


def _begin_with_the_last_request(tab: Tab) -> None:
    tab.run("document.getElementById('tab-try').click()")
    assert tab.run("document.querySelector('input[name=how]:checked').value") == "json"
    assert json.loads(tab.run("document.getElementById('json').value")) == {"data": "it's"}


def _call_from_anywhere(tab: Tab) -> None:
    """The key is shown once it is asked for; the snippets are those of a shell and of Python."""
    tab.run("document.getElementById('tab-call').click()")
    curl = tab.run("document.getElementById('call-curl').textContent")
    words = shlex.split(curl.partition("\n")[2])
    assert words[words.index("--cacert") + 1] == "/a b/ca.pem"
    assert words[words.index("--data-binary") + 1] == '{"data": "it\'s"}'
    assert "https://here/e" in words
    compile(tab.run("document.getElementById('call-python').textContent"), "call.py", "exec")
    assert "the-key-of-e" not in tab.run("document.body.innerText")
    tab.run("document.getElementById('show-key').click()")
    tab.until("document.getElementById('call-key').textContent === 'the-key-of-e'")


def _draw_with_the_mouse(tab: Tab) -> None:
    tab.run("document.getElementById('tab-try').click(), document.querySelector('input[value=draw]').click()")
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
    tab.run("document.getElementById('tab-call').focus()")
    tab.key("ArrowRight")
    assert tab.run("document.activeElement.id") == "tab-logs"
    tab.until("document.getElementById('log').textContent.includes('POST /score 200')")
    for key, tabs in (
        ("ArrowRight", ["tab-traffic", "tab-try", "tab-call", "tab-logs"]),
        ("ArrowLeft", ["tab-call", "tab-try", "tab-traffic"]),
    ):
        for wanted in tabs:
            tab.key(key)
            assert tab.run("document.activeElement.id") == wanted, "the focus stays on the tabs"
            assert tab.run(f"document.getElementById('{wanted}').ariaSelected") == "true"
    assert tab.run("location.hash") == "#traffic"


@NEEDS_BROWSER
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
        for name in ("try", "traffic", "call", "logs"):
            tab.run(f"document.getElementById('tab-{name}').click()")
            assert tab.run(over) == [], name
            assert tab.run("document.documentElement.scrollWidth") <= width


def _choose(tab: Tab, deployment: str) -> None:
    tab.run(f"document.getElementById('to').value = '{deployment}'")


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The accessibility checks of axe-core (https://github.com/dequelabs/axe-core), as npm has them."""
    npm, folder = shutil.which("npm"), tmp_path_factory.mktemp("axe")
    if npm is None:
        pytest.skip("npm is not installed: it fetches axe-core")
    fetch = [npm, "pack", f"axe-core@{AXE}", "--silent", "--pack-destination", str(folder)]
    if subprocess.run(fetch, capture_output=True, check=False, timeout=300).returncode:
        pytest.skip("npm could not fetch axe-core")
    archive = folder / f"axe-core-{AXE}.tgz"
    assert base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() == AXE_HASH
    with tarfile.open(archive) as opened:
        script = opened.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode()


@NEEDS_BROWSER
@pytest.mark.parametrize("width", [390, 800, 1400])
@pytest.mark.parametrize("dark", [False, True])
def test_everybody_can_use_the_page(width: int, dark: bool, axe: str, serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with page(serving_root, tmp_path) as (shown, client):
            await client.score(b'{"data": ""}')
            address = f"{shown.url}/?key={PAGE_KEY}"
            await asyncio.to_thread(_check_with_axe, address, tmp_path / "profile", width, dark, axe)

    run(body())


def _check_with_axe(url: str, profile: Path, width: int, dark: bool, axe: str) -> None:
    found = "axe.run().then(({violations}) => violations.map(({id, nodes}) => [id, nodes.map((node) => node.html)]))"
    with browser(profile) as tab:
        tab.open(url, width=width, dark=dark)
        tab.until("document.querySelectorAll('#deployments li').length === 2")
        tab.run(axe)
        for name in ("traffic", "try", "call", "logs"):
            tab.run(f"document.getElementById('tab-{name}').click()")
            assert tab.run(found) == [], name


def test_the_last_short_request_that_was_answered_well_is_the_example(serving_root: Path, tmp_path: Path) -> None:
    async def body() -> None:
        async with page(serving_root, tmp_path) as (shown, client):

            async def example() -> object:
                state = json.loads((await shown.score(path="/state", method="GET")).data)
                return state["endpoints"][0]["example"]

            assert await example() == ""
            assert (await client.score(b'{"data": "1"}')).status == 200
            assert await example() == '{"data": "1"}'
            assert (await client.score(b"not json", azureml_model_deployment="blue")).status == 424
            assert (await client.score(b'{"data": "' + b"1" * 20_000 + b'"}')).status == 200
            assert await example() == '{"data": "1"}'

    run(body())

// Polls the server every second and shows its state. Nothing here writes.

import { plot, remember, short } from "/page/plots.js";
import { consume } from "/page/consume.js";
import { offer, suggest } from "/page/try.js";

const byId = (id) => document.getElementById(id);
const PERIOD = 1000;
const GOOD = ["Succeeded"], BAD = ["Failed", "Canceled"];
const HUES = { blue: "--d0", green: "--d1", orange: "--d2", purple: "--d3", violet: "--d3", teal: "--d4", pink: "--d5" };
let shown = null; // the name of the endpoint on the page

export function make(tag, content = "", className = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...[content].flat());
  return element;
}

/** The colour of a deployment: its name where that is one, else by its place. */
export const hue = (name, place) => `var(${HUES[name] ?? `--d${place % 6}`})`;

function badge(element, state) {
  element.textContent = state;
  element.className = `state ${GOOD.includes(state) ? "good" : BAD.includes(state) ? "bad" : "busy"}`;
  return element;
}

/** Build the content of an element only when what it shows has changed: selections and screen readers stay where they are. */
function fill(element, shows, build) {
  const signature = JSON.stringify(shows);
  if (element.dataset.shows === signature) return;
  element.dataset.shows = signature;
  element.replaceChildren(...build(shows));
}

const facts = (pairs) =>
  pairs.filter(([, value]) => value !== null && value !== "").flatMap(([name, value]) => [make("dt", name), make("dd", String(value))]);

function split(deployments) {
  const served = deployments.map((each, place) => [each.name, each.traffic, hue(each.name, place)]).filter(([, share]) => share > 0);
  fill(byId("split"), served, () => {
    const parts = served.map(([name, share, colour]) => {
      const part = make("span", `${name} ${share} %`);
      Object.assign(part.style, { flexGrow: share, flexBasis: 0, background: colour });
      return part;
    });
    return parts.length ? parts : [make("span", "no traffic", "none")];
  });
  const words = served.map(([name, share]) => `${name} ${share} percent`).join(", ");
  byId("split").setAttribute("aria-label", `Traffic: ${words || "none"}`);
}

const emptyCard = () => make("li", [make("h3"), make("div", [], "plots"), make("dl"), make("p", "", "error")]);

function showCard(item, endpoint, deployment, place, bounds, at) {
  const [head, plots, list, error] = item.children;
  item.style.setProperty("--hue", hue(deployment.name, place));
  fill(head, [deployment.name, deployment.state, deployment.traffic], ([name, state, share]) =>
    [name, badge(make("span"), state), make("span", `${share} %`, "share")]);
  plots.replaceChildren(...pictures(remember(`${endpoint}/${deployment.name}`, at, deployment, bounds)));
  fill(list, [
    ["Requests", `${deployment.requests.toLocaleString("en")}, ${deployment.errors.toLocaleString("en")} failed`],
    ["Mirrored", deployment.mirror || deployment.mirrored ? `${deployment.mirror} %, ${deployment.mirrored} so far` : ""],
    ["Model", deployment.model], ["Environment", deployment.environment],
    ["Instances", `${deployment.instance_count} × ${deployment.instance_type ?? "–"}`],
    ["Autoscale", deployment.autoscale],
  ], facts);
  fill(error, deployment.error ?? "", (text) => [text]);
  error.hidden = !deployment.error;
}

function pictures(history) {
  const latency = history.findLast((point) => point.p50 !== null);
  return [
    plot("Requests", "per second", `${short(history.at(-1).rate)}/s`, history.map((point) => point.rate)),
    plot("p50, p95", "ms", latency ? `≤ ${latency.p50}, ${latency.p95} ms` : "–",
      history.map((point) => point.p50), history.map((point) => point.p95)),
  ];
}

/** Fill a select with these names, keeping what is chosen. */
function options(select, names, first) {
  const chosen = select.value;
  fill(select, [first, names], () => [...(first ? [new Option(first, "")] : []), ...names.map((name) => new Option(name, name))]);
  if (names.includes(chosen)) select.value = chosen;
}

function endpointButtons(names) {
  const nav = byId("endpoints");
  fill(nav, names.length < 2 ? [] : names, (all) => all.map((name) => {
    const button = make("button", name);
    button.type = "button";
    button.onclick = () => { shown = name; refresh(); };
    return button;
  }));
  for (const button of nav.children) button.setAttribute("aria-current", button.textContent === shown);
}

function show(state) {
  document.title = `${state.workspace} · local workspace`;
  byId("workspace").textContent = state.workspace;
  const endpoint = state.endpoints.find((each) => each.name === shown) ?? state.endpoints[0];
  shown = endpoint?.name ?? null;
  endpointButtons(state.endpoints.map((each) => each.name));
  byId("empty").hidden = Boolean(endpoint);
  byId("endpoint").hidden = !endpoint;
  if (!endpoint) return;
  byId("name").textContent = endpoint.name;
  badge(byId("state"), endpoint.state);
  byId("auth").textContent = `authentication: ${endpoint.auth_mode}`;
  byId("uri").textContent = endpoint.scoring_uri ?? "";
  byId("copy").hidden = !endpoint.scoring_uri;
  split(endpoint.deployments);
  const at = performance.now();
  const names = endpoint.deployments.map((each) => each.name);
  fill(byId("deployments"), [endpoint.name, names], () => names.map(emptyCard));
  endpoint.deployments.forEach((each, place) =>
    showCard(byId("deployments").children[place], endpoint.name, each, place, state.bounds_ms, at));
  options(byId("to"), names, "by traffic");
  options(byId("log-deployment"), names);
  suggest(endpoint.name, endpoint.example);
  consume(endpoint, state.ca_file);
}

async function follow() {
  const deployment = byId("log-deployment").value;
  if (byId("panel-logs").hidden || !byId("log-follow").checked || !deployment) return;
  const path = [shown, deployment, byId("log-container").value].map(encodeURIComponent).join("/");
  const answer = await fetch(`/logs/${path}?tail=400`);
  const text = answer.ok ? await answer.text() : "";
  const log = byId("log");
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  if (log.textContent !== (text || "Nothing logged yet.")) log.textContent = text || "Nothing logged yet.";
  if (atEnd) log.scrollTop = log.scrollHeight;
}

async function refresh() {
  const pulse = byId("pulse");
  try {
    const answer = await fetch("/state");
    if (!answer.ok) throw new Error(answer.statusText);
    show(await answer.json());
    await follow();
    said(pulse, "live");
  } catch {
    said(pulse, "lost", "no connection");
  }
}

function said(pulse, state, words = state) {
  if (pulse.textContent !== words) pulse.textContent = words;
  pulse.className = `pulse ${state}`;
}

function tabs() {
  const all = [...document.querySelectorAll("[role=tab]")];
  const choose = (tab) => {
    for (const each of all) {
      each.setAttribute("aria-selected", each === tab);
      each.tabIndex = each === tab ? 0 : -1;
      byId(each.getAttribute("aria-controls")).hidden = each !== tab;
    }
    // not location.replace, which moves the focus away from the tab
    history.replaceState(null, "", `#${tab.id.slice(4)}`);
    refresh();
  };
  for (const [i, tab] of all.entries()) {
    tab.onclick = () => choose(tab);
    tab.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = all[(i + step + all.length) % all.length];
      next.focus();
      choose(next);
    };
  }
  const asked = byId(`tab-${location.hash.slice(1)}`);
  if (asked) choose(asked);
}

tabs();
offer(() => shown, (name) => hue(name, [...byId("to").options].findIndex((each) => each.value === name) - 1));
byId("copy").onclick = () => navigator.clipboard.writeText(byId("uri").textContent);
for (const id of ["log-deployment", "log-container", "log-follow"]) byId(id).onchange = refresh;
setInterval(() => { if (!document.hidden) refresh(); }, PERIOD);
refresh();

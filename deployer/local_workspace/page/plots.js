// Rates and latencies from counters that only grow, and small plots of them.

const KEPT = 120; // points of one second each
const histories = new Map(); // "endpoint/deployment" -> [{at, requests, latencies, rate, p50, p95}]

/** Take the counters of a deployment at a moment (ms) and return its history. */
export function remember(key, at, deployment, bounds) {
  const history = histories.get(key) ?? [];
  const last = history.at(-1);
  const { requests, latencies } = deployment;
  const restarted = last && requests < last.requests; // the server started counting again
  const point = { at, requests, latencies, rate: 0, p50: null, p95: null };
  if (last && !restarted) {
    point.rate = (requests - last.requests) / ((at - last.at) / 1000);
    const fresh = latencies.map((count, i) => count - last.latencies[i]);
    point.p50 = quantile(fresh, bounds, 0.5);
    point.p95 = quantile(fresh, bounds, 0.95);
  }
  history.push(point);
  if (history.length > KEPT) history.shift();
  histories.set(key, history);
  return history;
}

/** An upper bound in ms of the fastest share of these requests; null where there are none. */
export function quantile(counts, bounds, share) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (let i = 0; all > 0 && i < counts.length; i++) {
    seen += counts[i];
    if (seen >= share * all) return bounds[Math.min(i, bounds.length - 1)];
  }
  return null;
}

const svg = (tag, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

/** Lines through the values of each series; a null breaks the line. The newest point is at the right edge. */
export function plot(label, unit, now, ...series) {
  const figure = document.createElement("div");
  figure.className = "plot";
  const head = document.createElement("p");
  head.className = "label";
  const value = document.createElement("b");
  value.textContent = now;
  head.append(label, value);
  const picture = svg("svg", { viewBox: "0 0 100 40", preserveAspectRatio: "none", role: "img" });
  const top = Math.max(1e-9, ...series.flat().filter((each) => each !== null));
  picture.setAttribute("aria-label", `${label}: now ${now}; at most ${short(top)} ${unit} in the last two minutes`);
  series.forEach((values, i) => {
    const lines = path(values, top);
    if (i === 0 && lines) picture.append(svg("path", { class: "area", d: area(values, top) }));
    picture.append(svg("path", { d: lines, class: i ? "second" : "" }));
  });
  figure.append(head, picture);
  return figure;
}

const x = (values, i) => (100 * (KEPT - values.length + i)) / (KEPT - 1);
const y = (value, top) => 38 - (34 * value) / top;

function path(values, top) {
  let pen = "M";
  return values
    .map((value, i) => {
      if (value === null) { pen = "M"; return ""; }
      const step = `${pen}${x(values, i).toFixed(1)} ${y(value, top).toFixed(1)}`;
      pen = "L";
      return step;
    })
    .join("");
}

function area(values, top) {
  const line = values.map((value, i) => `L${x(values, i).toFixed(1)} ${y(value ?? 0, top).toFixed(1)}`).join("");
  return `M${x(values, 0).toFixed(1)} 38${line}L100 38Z`;
}

/** A number in as few digits as tell something. */
export const short = (number) => (number >= 100 ? Math.round(number) : Number(number.toPrecision(2))).toLocaleString("en");

// Draw a digit, drop a file or type JSON, send it, and show the answer and which deployment gave it.

const byId = (id) => document.getElementById(id);
const CELLS = 28;
const tokenTag = document.querySelector("meta[name=page-token]");
const KEPT = 12;

/** Set the tab up; `endpoint()` is the name of the one shown, `hue(name)` the colour of a deployment. */
export function offer(endpoint, hue) {
  const draw = drawing(byId("canvas"), byId("clear"));
  const file = dropping();
  for (const radio of document.querySelectorAll("input[name=how]")) {
    radio.onchange = () => {
      for (const how of ["draw", "file", "json"]) byId(`how-${how}`).hidden = how !== chosen();
    };
  }
  byId("try").onsubmit = async (event) => {
    event.preventDefault();
    byId("send").disabled = true;
    try {
      const asked = await { draw, file, json: typed }[chosen()]();
      note(await ask(endpoint(), byId("to").value, asked.body), asked.picture, hue);
    } catch (error) {
      note({ failed: true, value: error.message, words: "not sent" }, null, hue);
    } finally {
      byId("send").disabled = false;
    }
  };
}

/** Begin with the last request that was answered well, once for each endpoint: a drawing if that was a picture, else JSON. */
export function suggest(endpoint, example) {
  const field = byId("json");
  if (field.dataset.of === endpoint || !example) return;
  field.dataset.of = endpoint;
  if (PICTURE.test(example)) return choose("draw");
  field.value = pretty(example);
  byId("json-from").hidden = false;
  choose("json");
}

/** A base64 PNG, JPEG, GIF, BMP or WebP as the `data` of a request. */
const PICTURE = /"data"\s*:\s*"(iVBOR|\/9j\/|R0lGOD|Qk|UklGR)/;

function choose(how) {
  const radio = document.querySelector(`input[name=how][value=${how}]`);
  radio.checked = true;
  radio.onchange();
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

const chosen = () => document.querySelector("input[name=how]:checked").value;

async function typed() {
  const body = byId("json").value;
  try {
    JSON.parse(body);
  } catch (error) {
    throw new Error(`This is not JSON: ${error.message}`);
  }
  return { body, picture: null };
}

const imageBody = (dataUrl) => ({ body: JSON.stringify({ data: dataUrl.slice(dataUrl.indexOf(",") + 1) }), picture: dataUrl });

function drawing(canvas, clear) {
  const ink = canvas.getContext("2d");
  const cell = canvas.width / CELLS;
  let pen = { x: 14, y: 8, down: false };
  const wipe = () => {
    ink.fillStyle = "#000";
    ink.fillRect(0, 0, canvas.width, canvas.height);
    canvas.dataset.empty = "true";
  };
  const line = (fromX, fromY, toX, toY) => {
    ink.strokeStyle = "#fff";
    ink.lineWidth = 2.2 * cell;
    ink.lineCap = ink.lineJoin = "round";
    ink.beginPath();
    ink.moveTo(fromX, fromY);
    ink.lineTo(toX, toY);
    ink.stroke();
    delete canvas.dataset.empty;
  };
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };
  let last = null;
  canvas.onpointerdown = (event) => { canvas.setPointerCapture(event.pointerId); last = place(event); line(...last, ...last); };
  canvas.onpointermove = (event) => { if (last) { const next = place(event); line(...last, ...next); last = next; } };
  canvas.onpointerup = canvas.onpointercancel = () => { last = null; };
  canvas.onkeydown = (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step && event.key !== " ") return;
    event.preventDefault();
    const [dx, dy] = step ?? [0, 0];
    const next = { x: clamp(pen.x + dx), y: clamp(pen.y + dy), down: step ? pen.down : !pen.down };
    if (next.down) line((pen.x + 0.5) * cell, (pen.y + 0.5) * cell, (next.x + 0.5) * cell, (next.y + 0.5) * cell);
    pen = next;
    byId("canvas-help").textContent = `Pen ${pen.down ? "down" : "up"} at column ${pen.x + 1}, row ${pen.y + 1} of ${CELLS}.`;
  };
  clear.onclick = wipe;
  wipe();
  return async () => {
    if (canvas.dataset.empty) throw new Error("Draw something first.");
    return imageBody(canvas.toDataURL("image/png"));
  };
}

const clamp = (cell) => Math.max(0, Math.min(CELLS - 1, cell));

function dropping() {
  const zone = byId("drop"), input = byId("file");
  let chosenFile = null;
  const take = (file) => { chosenFile = file ?? null; byId("file-name").textContent = file ? `${file.name}, ${file.size} bytes` : ""; };
  input.onchange = () => take(input.files[0]);
  zone.ondragover = (event) => { event.preventDefault(); zone.classList.add("over"); };
  zone.ondragleave = () => zone.classList.remove("over");
  zone.ondrop = (event) => { event.preventDefault(); zone.classList.remove("over"); take(event.dataTransfer.files[0]); };
  return async () => {
    if (!chosenFile) throw new Error("Choose a file first.");
    if (/json$/.test(chosenFile.type) || /\.json$/i.test(chosenFile.name)) return { body: await chosenFile.text(), picture: null };
    return imageBody(await dataUrl(chosenFile));
  };
}

const dataUrl = (file) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result);
  reader.onerror = () => reject(new Error(`${file.name} cannot be read.`));
  reader.readAsDataURL(file);
});

/** Score. Each token is valid for one request, and every answer brings the next one. */
async function ask(endpoint, deployment, body) {
  const headers = { "content-type": "application/json", "x-page-token": tokenTag.content };
  if (deployment) headers["azureml-model-deployment"] = deployment;
  const started = performance.now();
  const answer = await fetch(`/try/${encodeURIComponent(endpoint)}`, { method: "POST", headers, body });
  const text = await answer.text();
  const took = Math.round(performance.now() - started);
  tokenTag.content = answer.headers.get("x-page-token") ?? tokenTag.content;
  const from = answer.headers.get("azureml-model-deployment");
  const original = answer.headers.get("ms-azureml-model-error-statuscode");
  const status = original ? `${answer.status} (the container said ${original})` : answer.status;
  return { failed: !answer.ok, value: unwrapped(text), from, words: `status ${status}, ${took} ms` };
}

/** The text of a JSON string (also one that was encoded twice), else the body as it came. */
function unwrapped(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "string" ? unwrapped(value) : text;
  } catch {
    return text;
  }
}

function note(result, picture, hue) {
  const said = byId("said");
  const value = span(result.value || "(empty)", result.value.length > 24 ? "value long" : "value");
  said.className = result.failed ? "said failed" : "said quiet";
  said.replaceChildren(value, who(result, hue), ` ${result.words}`);
  const item = document.createElement("li");
  if (picture) {
    const small = new Image();
    small.src = picture;
    small.alt = "what was sent";
    item.append(small);
  }
  item.append(span(result.value, "value"), who(result, hue), span(result.words, "quiet"));
  byId("answers").prepend(item);
  while (byId("answers").children.length > KEPT) byId("answers").lastChild.remove();
}

function who(result, hue) {
  const name = span(result.from ?? "no deployment", "who");
  if (result.from) name.style.setProperty("--hue", hue(result.from));
  return name;
}

function span(text, className) {
  const element = document.createElement("span");
  element.textContent = text;
  element.className = className;
  return element;
}

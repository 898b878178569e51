// How to call an endpoint from anywhere else: a command for curl, a program in Python, and the key behind a click.

const byId = (id) => document.getElementById(id);
const inShell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
const inPython = (text) => JSON.stringify(text);

const curl = ({ uri, ca, body, token }) => `export SCORING_TOKEN="$(${token})"
curl --fail-with-body --silent --show-error ${inShell(uri)} \\
  --cacert ${inShell(ca)} \\
  --header "Authorization: Bearer $SCORING_TOKEN" \\
  --header 'Content-Type: application/json' \\
  --data-binary ${inShell(body)}
`;

const python = ({ uri, ca, body, token }) => `# export SCORING_TOKEN="$(${token})"
import os
import ssl
import urllib.request

body = ${inPython(body)}.encode()
headers = {
    "Authorization": "Bearer " + os.environ["SCORING_TOKEN"],
    "Content-Type": "application/json",
}
request = urllib.request.Request(${inPython(uri)}, data=body, headers=headers)
context = ssl.create_default_context(cafile=${inPython(ca)})
with urllib.request.urlopen(request, context=context) as answer:
    print(answer.read().decode())
`;

/** Show how to call this endpoint; its key only once somebody asks for it. */
export function consume(endpoint, ca) {
  const call = {
    uri: endpoint.scoring_uri ?? "", ca, body: endpoint.example || '{"data": ""}',
    token: `deployer keys --print token --endpoint ${endpoint.name}`,
  };
  for (const [id, text] of [["call-curl", curl(call)], ["call-python", python(call)]]) {
    if (byId(id).textContent !== text) byId(id).textContent = text;
  }
  const shown = byId("call-key");
  if (shown.dataset.of !== endpoint.name) Object.assign(shown, { textContent: "" }).dataset.of = endpoint.name;
  byId("show-key").onclick = async () => {
    const answer = await fetch(`/key/${encodeURIComponent(endpoint.name)}`);
    shown.textContent = answer.ok ? await answer.text() : `This endpoint has no keys: ${call.token} prints a token.`;
  };
}

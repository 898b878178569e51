"""Sends numbers to the endpoint without a stop, as customers do: `python load.py [SECONDS]`. Ctrl-C ends it."""

import json
import random
import signal
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HOME = Path(".deployer/local")
ENDPOINT, CUSTOMERS = "rollout", 4


def post(url: str, bearer: str, body: object, trusted: ssl.SSLContext) -> tuple[int, str, bytes]:
    """The status of an answer, the deployment that gave it, and its body."""
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusted))
    try:
        with direct.open(request) as answer:
            return answer.status, answer.headers.get("azureml-model-deployment", ""), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("azureml-model-deployment", ""), error.read()


def key(connection: dict, trusted: ssl.SSLContext) -> str:
    """The key of the endpoint, from the local workspace."""
    place = connection["workspace"]
    url = (
        f"{connection['api']}/subscriptions/{place['subscription_id']}/resourceGroups/{place['resource_group']}/providers/"
        f"Microsoft.MachineLearningServices/workspaces/{place['name']}/onlineEndpoints/{ENDPOINT}/listKeys"
        "?api-version=2022-02-01-preview"
    )
    return json.loads(post(url, (HOME / "token").read_text().strip(), {}, trusted)[2])["primaryKey"]


def main() -> None:
    """Send until the time is over, then say how many were answered how."""
    connection = json.loads((HOME / "connection.json").read_text())
    trusted = ssl.create_default_context(cafile=str(HOME / "ca.pem"))
    bearer, url = key(connection, trusted), f"{connection['api']}/inference/{ENDPOINT}/score"
    end = time.monotonic() + float(sys.argv[1] if len(sys.argv) > 1 else "inf")
    seen: Counter[tuple[int, str]] = Counter()

    def customer(_number: int) -> None:
        while time.monotonic() < end:
            status, deployment, _ = post(url, bearer, {"number": random.randint(1, 1000)}, trusted)
            seen[status, deployment] += 1

    def stop(*_: object) -> None:
        nonlocal end
        end = 0.0

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    with ThreadPoolExecutor(CUSTOMERS) as pool:
        list(pool.map(customer, range(CUSTOMERS)))
    for (status, deployment), count in sorted(seen.items()):
        print(f"{count:>6} answered {status} by {deployment or 'nobody'}")


if __name__ == "__main__":
    main()

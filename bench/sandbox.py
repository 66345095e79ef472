"""The embedded cluster: how soon it is ready, what it adds to the receiver's memory, how much it answers.

Everything runs in processes of its own: one with the receiver's modules and the cluster, and clients that ask
on kept connections, four reads for each write.
"""

import http.client
import json
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from bench.stage import show

CLIENTS, SECONDS = 4, 5.0
APPS = "/apis/apps/v1/namespaces/default/deployments"
CLUSTER = """
import json, resource, sys, time
from pathlib import Path
import receiver.app

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20

before = resident()
imported = time.perf_counter()
from receiver.sandbox.server import Sandbox
from urllib.request import urlopen
started = time.perf_counter()
with Sandbox() as sandbox:
    urlopen(sandbox.url + "/readyz").read()
    ready = time.perf_counter()
    took = {"import_s": started - imported, "ready_s": ready - started}
    print(json.dumps({"url": sandbox.url, **took}), flush=True)
    sys.stdin.readline()
    print(json.dumps({"added_mb": resident() - before, "receiver_mb": before}), flush=True)
"""


def measure() -> None:
    """Measure all three in one run."""
    with subprocess.Popen(
        [sys.executable, "-c", CLUSTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as cluster:
        assert cluster.stdin is not None
        assert cluster.stdout is not None
        begun = json.loads(cluster.stdout.readline())
        address = urlsplit(begun["url"]).netloc
        for number in range(CLIENTS):
            _ask(http.client.HTTPConnection(address), "POST", APPS, _deployment(f"web-{number}"))
        with ProcessPoolExecutor(CLIENTS) as pool:
            answered = sum(pool.map(_load, [address] * CLIENTS, range(CLIENTS)))
        cluster.stdin.write("\n")
        cluster.stdin.flush()
        memory = json.loads(cluster.stdout.readline())
    show(
        "embedded cluster",
        import_ms=round(begun["import_s"] * 1000),
        ready_ms=round(begun["ready_s"] * 1000),
        receiver_mb=round(memory["receiver_mb"]),
        added_mb=round(memory["added_mb"]),
        requests_a_second=round(answered / SECONDS),
    )


def _load(address: str, number: int) -> int:
    """Ask for so many seconds on one connection, and return how many answers came."""
    connection, place, count = http.client.HTTPConnection(address), f"{APPS}/web-{number}", 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if count % 5:
            _ask(connection, "GET", place)
        else:
            _ask(connection, "PATCH", place, {"metadata": {"annotations": {"count": str(count)}}})
        count += 1
    return count


def _ask(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> None:
    merge = "application/merge-patch+json" if method == "PATCH" else "application/json"
    data = None if body is None else json.dumps(body).encode()
    connection.request(method, path, data, {"Content-Type": merge})
    answer = connection.getresponse()
    said = answer.read()
    assert answer.status < 300, said


def _deployment(name: str) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "web:1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
    }

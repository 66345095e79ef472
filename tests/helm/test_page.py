"""What leads to the page from outside leads to nothing else of the receiver."""

from flask import Flask

from receiver.web import api as records
from receiver.web import forms, health, review, signing, webhook, words
from tests.helm.charts import Object, only, render
from tests.helm.matrix import CHOSEN


def page() -> Flask:
    """An application with all of the receiver's doors."""
    app = Flask(__name__, static_folder=None)
    for module in (webhook, health, records, words, review, signing, forms):
        app.register_blueprint(module.blueprint)
    app.register_blueprint(review.assets)
    return app


def led_to(objects: list[Object]) -> tuple[set[str], set[str]]:
    """Return the exact paths and the prefixes that lead to the page; Ingress and HTTPRoute must agree."""
    ingress = only(objects, "Ingress")["spec"]["rules"][0]["http"]["paths"]
    route = only(objects, "HTTPRoute")["spec"]["rules"][0]["matches"]
    by_ingress = {(one["pathType"], one["path"]) for one in ingress}
    by_route = {(one["path"]["type"].removeprefix("Path"), one["path"]["value"]) for one in route}
    assert by_ingress == by_route
    exact, prefixes = ({path for kind, path in by_route if kind == wanted} for wanted in ("Exact", "Prefix"))
    return exact, prefixes


def test_page_is_led_to_and_nothing_else() -> None:
    """Every path of the page; neither alerts, nor metrics, nor health, nor the API."""
    exact, prefixes = led_to(render(CHOSEN["everything"]))
    pages = {"review", "signing", "forms", "assets"}
    reached: dict[bool, set[str]] = {True: set(), False: set()}
    for rule in page().url_map.iter_rules():
        path = rule.rule.replace("<any(pause,resume):word>", "pause").partition("<")[0].rstrip("/") or "/"
        is_led = path in exact or any(path == one or path.startswith(f"{one}/") for one in prefixes)
        reached[rule.endpoint.partition(".")[0] in pages].add(f"{path} {is_led}")
    assert {one for one in reached[True] if one.endswith("False")} == set()
    assert {one for one in reached[False] if one.endswith("True")} == set()
    assert {"/alerts False", "/metrics False", "/-/ready False"} <= reached[False]
    assert "/resume" in exact

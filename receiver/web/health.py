"""Health, metrics and reload, as in Prometheus."""

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from receiver import metrics as metric
from receiver.policy.intake import RulesRejected
from receiver.web.access import demand_review_token
from receiver.web.ports import doors

blueprint = Blueprint("health", __name__)


@blueprint.get("/-/healthy")
def healthy() -> ResponseReturnValue:
    """Answer 200 as long as requests are answered at all, whatever the cluster does."""
    return _text("healthy")


@blueprint.get("/-/ready")
def ready() -> ResponseReturnValue:
    """Answer 200 when alerts can be taken, else 503 and why not."""
    if fault := doors().receiver.ready():
        raise ServiceUnavailable(fault)
    return _text("ready")


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Answer with Prometheus' text format."""
    return Response(metric.render(), content_type=metric.CONTENT_TYPE)


@blueprint.route("/-/reload", methods=["POST", "PUT"])
def reload() -> ResponseReturnValue:
    """Load the rules again: 200, or 500 as in Prometheus, with every problem; the old ones stay in force."""
    demand_review_token()
    try:
        doors().receiver.reload()
    except RulesRejected as e:
        message = "the rules have faults; those in force stay in force"
        return jsonify(error=message, problems=list(e.problems)), 500
    return _text("reloaded")


def _text(text: str) -> Response:
    return Response(f"{text}\n", content_type="text/plain; charset=utf-8")

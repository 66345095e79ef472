"""A pod in the server's dry run: what is sent, and how its refusals read. The messages are genuine."""

import pytest

from receiver.cluster.errors import Forbidden
from receiver.cluster.podtrial import cannot_try, has_no_right, is_over_quota, never_fits, try_pod
from receiver.policy.plan import make_plan
from tests.kubernetes.fake import FakeApi
from tests.policy.builders import NOW, revision, rule, workload

POD = 'POST api/v1/namespaces/shop/pods: pods "web-7d4b9c-x2b5k" is forbidden: '
NO_RIGHT = (
    'POST api/v1/namespaces/shop/pods: pods is forbidden: User "system:serviceaccount:home:receiver" cannot '
    'create resource "pods" in API group "" in the namespace "shop" (403)'
)
FULL = f"{POD}exceeded quota: team, requested: pods=1, used: pods=2, limited: pods=2 (403)"
LARGE = (
    f"{POD}exceeded quota: team, requested: limits.memory=2Gi,requests.cpu=500m, "
    "used: limits.memory=0,requests.cpu=1, limited: limits.memory=1Gi,requests.cpu=1200m (403)"
)
TIGHT = LARGE.replace("memory=1Gi", "memory=2048Mi")
UNREADABLE = FULL.replace("requested: pods=1", "requested: pods=lots")
SILENT = f"{POD}failed quota: team: must specify requests.cpu for: app (403)"
POLICY = f'{POD}violates PodSecurity "restricted:latest": runAsNonRoot != true (403)'
WEBHOOK = 'POST api/v1/namespaces/shop/pods: admission webhook "a.example" does not support dry run (400)'


@pytest.mark.parametrize(
    ("message", "read"),
    [
        pytest.param(NO_RIGHT, {has_no_right}, id="no-right"),
        pytest.param(FULL, {is_over_quota}, id="full-quota"),
        pytest.param(LARGE, {is_over_quota, never_fits}, id="larger-than-its-quota"),
        pytest.param(TIGHT, {is_over_quota}, id="as-large-as-its-quota"),
        pytest.param(UNREADABLE, {is_over_quota}, id="amounts-that-cannot-be-read"),
        pytest.param(SILENT, set(), id="quota-that-asks-for-requests"),
        pytest.param(POLICY, set(), id="pod-security"),
        pytest.param(WEBHOOK, {cannot_try}, id="webhook-with-side-effects"),
    ],
)
def test_a_refusal_is_told_from_others_by_the_servers_words(message: str, read: set[object]) -> None:
    error = Forbidden(message, code=403)
    assert {test for test in (has_no_right, cannot_try, is_over_quota, never_fits) if test(error)} == read


def test_the_pod_is_sent_to_the_workloads_namespace_and_not_stored(fake: FakeApi) -> None:
    plan = make_plan(workload(), revision(6), record="a", rule=rule(), now=NOW)
    try_pod(fake, plan)
    assert fake.calls == [("POST", "/api/v1/namespaces/shop/pods")]
    assert fake.objects == {}

"""The plan: what its patch changes, what it holds for, and what people see of it."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.policy.memory import LAST_ROLLBACK, parse_last_rollback
from receiver.policy.ownership import KUSTOMIZE, RECONCILE
from receiver.policy.plan import DIFF_LIMIT, make_plan, template_diff, template_text
from receiver.policy.podtemplate import bare_template
from receiver.policy.rules import Gitops
from receiver.policy.workload import Revision, Workload
from tests.policy.builders import CHECKOUT, LIVE, NOW, OLDER, past, revision, rule, template, workload
from tests.policy.json_patch import PatchConflict, apply_patch

CHOSEN = OLDER[1]


def plan_of(of: Workload, chosen: Revision = CHOSEN) -> list[Any]:
    """The operations, as they are on the wire."""
    made = make_plan(of, chosen, record="checkout-1", rule=rule(), now=NOW)
    assert made.target == of.ref
    return list(json.loads(json.dumps(made.operations)))


def raw(of: Workload, **spec: Any) -> dict[str, Any]:
    """The Deployment as the API server has it; without annotations it has no such key."""
    metadata = {"name": of.ref.name, "uid": of.uid, "generation": of.generation, "labels": {"a": "b"}}
    if of.annotations:
        metadata["annotations"] = dict(of.annotations)
    return {"metadata": metadata, "spec": {"replicas": 3, "template": of.live.template, **spec}}


def test_the_patch_tests_what_was_judged_and_then_changes_two_things() -> None:
    """In this order, since the server stops at the first test that fails."""
    operations = plan_of(workload(annotations={"a": "b"}))
    assert [(one["op"], one["path"]) for one in operations] == [
        ("test", "/metadata/uid"),
        ("test", "/metadata/generation"),
        ("replace", "/spec/template"),
        ("add", "/metadata/annotations/rollback-receiver.dev~1last-rollback"),
    ]
    assert operations[2]["value"] == bare_template(CHOSEN.template)


@pytest.mark.parametrize("annotations", [None, {"a": "b"}])
def test_flux_is_told_in_the_same_patch_to_leave_the_workload_alone(
    annotations: dict[str, str] | None,
) -> None:
    """Where the rule says `gitops: pause` and Flux owns it."""
    of = workload(labels={f"{KUSTOMIZE}/name": "shop"}, annotations=annotations)
    plan = make_plan(of, CHOSEN, record="checkout-1", rule=rule(gitops=Gitops.PAUSE), now=NOW)
    patched = apply_patch(raw(of), plan.operations)
    expected = {*(annotations or {}), LAST_ROLLBACK, RECONCILE}
    assert set(patched["metadata"]["annotations"]) == expected
    assert patched["metadata"]["annotations"][RECONCILE] == "disabled"


@pytest.mark.parametrize(
    "annotations",
    [
        pytest.param(None, id="none"),
        pytest.param({}, id="empty"),
        pytest.param({"a": "b", "x/y~z": "1"}, id="others"),
        pytest.param({LAST_ROLLBACK: "an older one"}, id="ours-from-before"),
    ],
)
def test_the_annotation_tells_of_the_rollback_and_leaves_the_others(
    annotations: dict[str, str] | None,
) -> None:
    """Also where there are no annotations yet, or ours stands there from before."""
    of = workload(annotations=annotations)
    after = apply_patch(raw(of), plan_of(of))["metadata"]["annotations"]
    told = parse_last_rollback(after.pop(LAST_ROLLBACK), target=CHECKOUT)
    assert after == {key: text for key, text in (annotations or {}).items() if key != LAST_ROLLBACK}
    assert told == past(
        record="checkout-1",
        phase=None,
        uid=None,
        from_number=7,
        from_hash="hash7",
        to_number=6,
        to_hash="hash6",
        patched_at=NOW,
    )


@pytest.mark.parametrize("changed", [{"generation": 8}, {"uid": "uid-2"}], ids=["generation", "uid"])
def test_the_patch_fails_for_any_other_generation_or_object(changed: dict[str, Any]) -> None:
    """Somebody's release that landed in between is never overwritten."""
    of = workload()
    moved = raw(of)
    moved["metadata"].update(changed)
    with pytest.raises(PatchConflict):
        apply_patch(moved, plan_of(of))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=4)
LABELS = st.dictionaries(st.text() | st.just("pod-template-hash"), st.text(), max_size=3)
TEMPLATES = st.fixed_dictionaries({"metadata": st.fixed_dictionaries({"labels": LABELS}), "spec": OBJECTS})


@given(
    TEMPLATES, OBJECTS, st.dictionaries(st.text(min_size=1) | st.just(LAST_ROLLBACK), st.text(), max_size=4)
)
@settings(deadline=None)
def test_the_patch_changes_the_template_and_our_annotation_and_nothing_else(
    target: dict[str, Any], spec: dict[str, Any], annotations: dict[str, str]
) -> None:
    """Whatever else stands on the object, and whatever the template holds."""
    of = workload(annotations=annotations)
    before = raw(of, **spec)
    after = apply_patch(copy.deepcopy(before), plan_of(of, revision(6, template=target)))
    assert after["spec"].pop("template") == bare_template(target)
    assert after["metadata"]["annotations"].pop(LAST_ROLLBACK)
    before["spec"].pop("template")
    others = before["metadata"].setdefault("annotations", {})
    others.pop(LAST_ROLLBACK, None)
    assert after == before


def test_the_diff_leads_from_the_live_template_to_the_chosen_one() -> None:
    """As YAML, the way that the rollback changes it; the hash label is no difference."""
    lines = template_diff(LIVE, CHOSEN).splitlines()
    assert lines[:2] == ["--- revision 7", "+++ revision 6"]
    changed = [line for line in lines[2:] if line[0] in "+-"]
    assert changed == ["-  - image: checkout:7", "+  - image: checkout:6"]


def test_equal_templates_have_no_diff() -> None:
    """Nothing to see."""
    assert template_diff(LIVE, revision(6, template=LIVE.template)) == ""


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        pytest.param("DB_PASSWORD", True, id="password"),
        pytest.param("GITHUB_TOKEN", True, id="token"),
        pytest.param("client-secret", True, id="secret"),
        pytest.param("ApiKey", True, id="api-key"),
        pytest.param("LOG_LEVEL", False, id="harmless"),
        pytest.param(7, False, id="no-name"),
    ],
)
def test_values_that_sound_secret_are_masked(name: object, *, masked: bool) -> None:
    """In both templates, so that a record never holds them."""
    one, other = ({"env": [{"name": name, "value": text}]} for text in ("hunter2", "hunter3"))
    diff = template_diff(
        revision(7, template={"spec": {**one, "x": 1}}), revision(6, template={"spec": {**other, "x": 2}})
    )
    assert ("hunter" in diff) is not masked
    assert ("(masked)" in diff) is masked


def test_where_a_secret_comes_from_is_shown() -> None:
    """A reference is no value."""
    source = {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}
    diff = template_diff(LIVE, revision(6, template=template("checkout:6", env=[source])))
    assert "key: password" in diff
    assert "(masked)" not in diff


def test_a_long_diff_is_cut() -> None:
    """A record has to fit into etcd."""
    long = revision(6, template=template("checkout:6", args=[f"--flag-{n}" for n in range(5000)]))
    diff = template_diff(LIVE, long)
    assert len(diff) <= DIFF_LIMIT + 10
    assert diff.endswith("\n… (cut)")


def test_a_revision_is_shown_as_its_template_masked_like_the_diff() -> None:
    environment = [{"name": "API_TOKEN", "value": "hunter2"}, {"name": "LEVEL", "value": "debug"}]
    containers = [{"name": "app", "image": "checkout:6", "env": environment}]
    shown = template_text(
        Revision(6, {"metadata": {"labels": {"app": "checkout"}}, "spec": {"containers": containers}})
    )
    assert "image: checkout:6" in shown
    assert "value: (masked)" in shown
    assert "value: debug" in shown
    assert "hunter2" not in shown

"""Tables of rule files, for the parser and for the JSON Schema: both have to judge them alike.

Each case of a rule's keys stands from line 4 of the file, below a name and matchers.
"""

from tests.policy.interval_cases import ONLY_CHECK_SEES_INTERVALS, VALID_INTERVALS

HEAD = "rules:\n  - name: shop\n    matchers: ['alertname=\"Down\"']\n"


def with_keys(keys: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in keys.splitlines())


def with_interval(interval: str) -> str:
    return with_keys(f"guards: {{schedule: {{mute: [{interval}]}}}}")


def at_interval(problem: str) -> str:
    return f"4: rule shop: guards.schedule.mute[0]{problem}"


def with_matchers(matchers: str) -> str:
    return f"rules:\n  - name: shop\n    matchers: {matchers}\n"


def with_name(name: str) -> str:
    return f"rules:\n  - matchers: ['alertname=\"Down\"']\n    name: {name}\n"


VALID = {
    "name-and-matchers": HEAD,
    "no-rules": "rules: []\n",
    "comment": "# ours\n---\nrules: []\n...\n",
    "name-longest": with_name("a" * 63),
    "name-digits-in-quotes": with_name("'1'"),
    "matchers-several-in-one": with_matchers("""['{alertname="Down",severity=~"page|critical"}']"""),
    "matchers-negative": with_matchers("""['alertname!~"Info.*"']"""),
    "matchers-bare": with_matchers("[alertname=Down]"),
    "for": with_keys("for: 5m"),
    "for-zero": with_keys("for: 0"),
    "for-all-units": with_keys("for: 1y2w3d4h5m6s7ms"),
    "mode-off-bare": with_keys("mode: off"),
    "mode-off-quoted": with_keys("mode: 'off'"),
    "mode-dry-run": with_keys("mode: dry-run"),
    "mode-auto": with_keys("mode: auto"),
    "target-workload": with_keys(
        'target: {kind: Deployment, namespace: "{{ $labels.namespace }}", name: "{{$labels.app}}-web"}'
    ),
    "target-pod": with_keys('target: {pod: "{{\t$labels.pod  }}", namespace: shop}'),
    "target-service": with_keys('target: {service: "{{ $labels.service }}", namespace: shop}'),
    "target-rollout": with_keys("target: {kind: Rollout, namespace: shop, name: web}"),
    "target-name-with-dots": with_keys("target: {kind: Deployment, namespace: shop, name: v1.checkout}"),
    "rollback-previous": with_keys("rollback: {to: previous, soak: 0s}"),
    "rollback-number": with_keys("rollback:\n  to: 7"),
    "rollback-empty": with_keys("rollback: {}"),
    "guards": with_keys(
        "guards: {deployed_within: 0s, cooldown: 1d, max_alert_age: 1h30m, budget: {max: 1}}"
    ),
    "budget-off": with_keys("guards: {budget: off}"),
    "budget-over-rule": with_keys("guards: {budget: {max: 10, per: 1d, over: rule}}"),
    "systemic-two": with_keys("guards: {systemic: 2}"),
    "systemic-off": with_keys("guards: {systemic: off}"),
    "gitops-warn": with_keys("guards: {gitops: warn}"),
    "gitops-pause": with_keys("guards: {gitops: pause}"),
    "schedule-empty": with_keys("guards: {schedule: {}}"),
    "schedule-empty-lists": with_keys("guards: {schedule: {active: [], mute: []}}"),
    **{f"interval-{name}": with_interval(interval) for name, interval in VALID_INTERVALS.items()},
    "verify": with_keys("verify: {rollout_timeout: 90s, resolved_within: 15m}"),
    "notify": with_keys("notify: [shop, pager]"),
    "notify-nobody": with_keys("notify: []"),
    "runbook": with_keys("runbook_url: https://runbooks.example.org/down?a=b#c"),
    "runbook-at": with_keys("runbook_url: https://example.org/@sre?to=a@b#c@d"),
    "runbook-at-in-the-query": with_keys("runbook_url: https://example.org?to=a@b"),
    "runbook-http-port": with_keys("runbook_url: http://[::1]:8080"),
}

ONLY_CHECK_SEES = {
    "name-twice": (
        "rules:\n- name: shop\n  matchers: [a=b]\n- name: shop\n  matchers: [a=c]\n",
        ["4: rule shop: name: taken by a rule on line 2"],
    ),
    "matcher-regex": (with_matchers("""['alertname=~"("']"""), ["3: rule shop: matchers[0]: "]),
    "matcher-syntax": (with_matchers("""['a="b']"""), ["3: rule shop: matchers[0]: "]),
    "budget-per-longer-than-the-ledger": (
        with_keys("guards: {budget: {per: 8d}}"),
        ["4: rule shop: guards.budget.per: must be at most 1w, as long as rollbacks count"],
    ),
    **{
        f"interval-{name}": (with_interval(interval), [at_interval(problem)])
        for name, (interval, problem) in ONLY_CHECK_SEES_INTERVALS.items()
    },
    "for-overflow": (
        with_keys("for: 300y"),
        ["4: rule shop: for: '300y' is too long: a duration is at most 292 years"],
    ),
    "runbook-port": (
        with_keys("runbook_url: https://example.org:70000"),
        ["4: rule shop: runbook_url: must be an address that begins with http:// or https:// and a host"],
    ),
    "key-twice": (
        with_keys("mode: off\nmode: auto"),
        ["5: rule shop: key 'mode' for the second time, first on line 4"],
    ),
    "alias": (
        with_keys("for: &a 5m\nrollback: {soak: *a}"),
        [
            "4: rule shop: anchor 'a': aliases are not taken, so leave it out",
            "5: rule shop: alias 'a': aliases are not taken, write the value out",
        ],
    ),
    "tag": (
        with_keys("for: !!str 5m"),
        ["4: rule shop: tag 'tag:yaml.org,2002:str': leave it out, and put what should be a string"],
    ),
    "template-without-quotes": (
        with_keys("target: {pod: {{ $labels.pod }}, namespace: b}"),
        ["4: rule shop: a mapping where a key should be: text that begins with { or [ needs quotes"],
    ),
}
"""Mistakes that a schema cannot see, with how each problem begins."""

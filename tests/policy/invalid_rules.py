"""Rule files that both the parser and the JSON Schema refuse, with the problems that the parser tells."""

from tests.policy.interval_cases import INVALID_INTERVALS
from tests.policy.rule_cases import at_interval, with_interval, with_keys, with_matchers, with_name

NO_LABEL = "is no DNS label: use a-z, 0-9 and '-', at most 63, no '-' at the ends"
RESERVED = "stands for rollbacks that people order with `undo`: choose another name"
NO_NAME = "cannot stand in a Kubernetes name: use a-z, 0-9, '-', '.' and labels"
NO_USER = (
    "must hold no user and no password, which others would get to read: "
    "leave them out; what is secret belongs in a file"
)
KNOWN = "known are name, matchers, for, target, rollback, mode, approval, guards, verify, notify, runbook_url"

SEVERAL = """\
rules:
  - name: one
    matchers: []
    mode: sometimes
  - name: two
    guards:
      cooldown: soon
      budget: {maximum: 1}
rule: []
"""

INVALID = {
    "empty-file": ("", ["1: must be a mapping, not nothing"]),
    "list-file": ("- rules\n", ["1: must be a mapping, not a list"]),
    "text-file": ("rules\n", ["1: must be a mapping, not 'rules'"]),
    "rules-missing": ("{}\n", ["1: rules: is missing"]),
    "rules-no-value": ("\nrules:\n", ["2: rules: has no value: write one"]),
    "rules-mapping": ("rules: {}\n", ["1: rules: must be a list, not a mapping"]),
    "rules-text": ("rules: none\n", ["1: rules: must be a list, not 'none'"]),
    "groups-of-prometheus": (
        "groups: []\n",
        ["1: rules: is missing", "1: groups: unknown key: known are rules"],
    ),
    "rule-text": ("rules:\n- shop\n", ["2: rules[0]: must be a mapping, not 'shop'"]),
    "rule-empty": (
        "rules:\n- {}\n",
        ["2: rules[0].name: is missing", "2: rules[0].matchers: is missing"],
    ),
    "rule-no-value": ("rules:\n-\n", ["2: rules[0]: has no value: write one"]),
    "name-upper-case": (
        with_name("Shop"),
        [f"3: rule Shop: name: 'Shop' {NO_LABEL}"],
    ),
    "name-too-long": (
        with_name("a" * 64),
        [f"3: rule '{'a' * 64}': name: '{'a' * 64}' {NO_LABEL}"],
    ),
    "name-dash-at-end": (
        with_name("shop-"),
        [f"3: rule shop-: name: 'shop-' {NO_LABEL}"],
    ),
    "name-reserved": (
        with_name("by-hand"),
        [f"3: rule by-hand: name: by-hand {RESERVED}"],
    ),
    "name-number": (with_name("7"), ["3: rules[0].name: must be a string, not 7"]),
    "name-empty": (with_name("''"), ["3: rules[0].name: must not be empty"]),
    "name-boolean": (with_name("true"), ["3: rules[0].name: must be a string, not true"]),
    "matchers-missing": ("rules:\n- name: shop\n", ["2: rule shop: matchers: is missing"]),
    "matchers-none": (
        with_matchers("[]"),
        ["3: rule shop: matchers: would match every alert: list at least one matcher"],
    ),
    "matchers-text": (
        with_matchers("alertname=Down"),
        ["3: rule shop: matchers: must be a list, not 'alertname=Down'"],
    ),
    "matchers-mapping": (
        with_matchers("{alertname: Down}"),
        ["3: rule shop: matchers: must be a list, not a mapping"],
    ),
    "matcher-empty": (with_matchers("['']"), ["3: rule shop: matchers[0]: must not be empty"]),
    "matcher-blank": (
        with_matchers("[' ']"),
        ['3: rule shop: matchers[0]: would match every alert: write one like alertname="HighErrorRate"'],
    ),
    "matcher-braces": (
        with_matchers("['a=b', '{}']"),
        ['3: rule shop: matchers[1]: would match every alert: write one like alertname="HighErrorRate"'],
    ),
    "matcher-number": (with_matchers("[5]"), ["3: rule shop: matchers[0]: must be a string, not 5"]),
    "for-without-unit": (
        with_keys("for: 5"),
        ["4: rule shop: for: '5' is not a duration: write it like 90s, 10m or 1h30m"],
    ),
    "for-negative": (
        with_keys("for: -5m"),
        ["4: rule shop: for: '-5m' is not a duration: write it like 90s, 10m or 1h30m"],
    ),
    "for-wrong-order": (
        with_keys("for: 30m1h"),
        ["4: rule shop: for: '30m1h' is not a duration: write it like 90s, 10m or 1h30m"],
    ),
    "for-no-value": (with_keys("for:"), ["4: rule shop: for: has no value: write one, or leave it out"]),
    "for-list": (with_keys("for: [5m]"), ["4: rule shop: for: must be a string, not a list"]),
    "for-boolean": (with_keys("for: false"), ["4: rule shop: for: must be a string, not false"]),
    "for-by-its-name-in-python": (
        with_keys("for_: 5m"),
        ["4: rule shop: for_: unknown key: did you mean for?"],
    ),
    "mode-unknown": (
        with_keys("mode: automatic"),
        ["4: rule shop: mode: 'automatic' is unknown: did you mean auto?"],
    ),
    "mode-boolean": (
        with_keys("mode: false"),
        ["4: rule shop: mode: false is unknown: known are off, dry-run, approve, auto"],
    ),
    "mode-approved": (
        with_keys("mode: approved"),
        ["4: rule shop: mode: 'approved' is unknown: did you mean approve?"],
    ),
    "unknown-key": (
        with_keys("runbok_url: x"),
        ["4: rule shop: runbok_url: unknown key: did you mean runbook_url?"],
    ),
    "unknown-key-like-none": (
        with_keys("zzz: 1"),
        [f"4: rule shop: zzz: unknown key: {KNOWN}"],
    ),
    "unknown-key-hostile": (
        with_keys('"\\e[2J\\u202e": 1'),
        [f"4: rule shop: '\\x1b[2J\\u202e': unknown key: {KNOWN}"],
    ),
    "approval-key": (
        with_keys("approval: {expires: 30m}"),
        ["4: rule shop: approval.expires: unknown key: did you mean expires_in?"],
    ),
    "approval-never-expires": (
        with_keys("approval: {expires_in: never}"),
        ["4: rule shop: approval.expires_in: 'never' is not a duration: write it like 90s, 10m or 1h30m"],
    ),
    "target-text": (
        with_keys("target: checkout"),
        ["4: rule shop: target: must be a mapping, not 'checkout'"],
    ),
    "target-service-and-kind": (
        with_keys("target:\n  service: checkout\n  namespace: shop\n  kind: Deployment"),
        ["7: rule shop: target.kind: unknown key: known are service, namespace"],
    ),
    "target-service-and-pod": (
        with_keys("target: {service: a, pod: b, namespace: shop}"),
        ["4: rule shop: target.service: unknown key: known are pod, namespace"],
    ),
    "target-service-slash": (
        with_keys("target: {service: shop/checkout, namespace: shop}"),
        [f"4: rule shop: target.service: '/' {NO_NAME}"],
    ),
    "target-service-without-namespace": (
        with_keys("target: {service: checkout}"),
        ["4: rule shop: target.namespace: is missing"],
    ),
    "target-pod-and-kind": (
        with_keys("target: {pod: a, namespace: b, kind: Deployment}"),
        ["4: rule shop: target.kind: unknown key: known are pod, namespace"],
    ),
    "target-without-namespace": (
        with_keys("target: {pod: a}"),
        ["4: rule shop: target.namespace: is missing"],
    ),
    "target-kind-unknown": (
        with_keys("target: {kind: deployment, namespace: b, name: c}"),
        ["4: rule shop: target.kind: 'deployment' is unknown: did you mean Deployment?"],
    ),
    "target-kind-of-no-rollout": (
        with_keys("target: {kind: CronJob, namespace: b, name: c}"),
        [
            (
                "4: rule shop: target.kind: 'CronJob' is unknown: known are Deployment, StatefulSet,"
                " DaemonSet, Rollout"
            )
        ],
    ),
    "target-other-template": (
        with_keys('target: {pod: "{{ $value }}", namespace: b}'),
        ["4: rule shop: target.pod: only {{ $labels.NAME }} may stand in double braces"],
    ),
    "target-template-with-function": (
        with_keys('target: {pod: "{{ $labels.pod | toLower }}", namespace: b}'),
        ["4: rule shop: target.pod: only {{ $labels.NAME }} may stand in double braces"],
    ),
    "target-template-open": (
        with_keys('target: {pod: "{{ $labels.pod }", namespace: b}'),
        ["4: rule shop: target.pod: only {{ $labels.NAME }} may stand in double braces"],
    ),
    "target-upper-case": (
        with_keys("target: {pod: a, namespace: Shop}"),
        [f"4: rule shop: target.namespace: 'S' {NO_NAME}"],
    ),
    "target-slash": (
        with_keys('target: {pod: "{{ $labels.namespace }}/{{ $labels.pod }}", namespace: b}'),
        [f"4: rule shop: target.pod: '/' {NO_NAME}"],
    ),
    "target-empty-text": (
        with_keys("target: {pod: '', namespace: b}"),
        ["4: rule shop: target.pod: must not be empty"],
    ),
    "target-number": (
        with_keys("target: {pod: 5, namespace: b}"),
        ["4: rule shop: target.pod: must be a string, not 5"],
    ),
    "rollback-to-unknown": (
        with_keys("rollback: {to: last_good}"),
        ["4: rule shop: rollback.to: 'last_good' is unknown: did you mean last-good?"],
    ),
    "rollback-to-zero": (
        with_keys("rollback: {to: 0}"),
        ["4: rule shop: rollback.to: must be last-good, previous or a revision's number, not 0"],
    ),
    "rollback-to-number-in-quotes": (
        with_keys("rollback: {to: '7'}"),
        ["4: rule shop: rollback.to: must be last-good, previous or a revision's number, not '7'"],
    ),
    "rollback-to-boolean": (
        with_keys("rollback: {to: true}"),
        ["4: rule shop: rollback.to: must be last-good, previous or a revision's number, not true"],
    ),
    "rollback-to-octal": (
        with_keys("rollback: {to: 0x7}"),
        ["4: rule shop: rollback.to: must be last-good, previous or a revision's number, not '0x7'"],
    ),
    "guards-misspelt": (
        with_keys("guards:\n  deployed_witin: 30m"),
        ["5: rule shop: guards.deployed_witin: unknown key: did you mean deployed_within?"],
    ),
    "guards-list": (with_keys("guards: []"), ["4: rule shop: guards: must be a mapping, not a list"]),
    "preflight-misspelt": (
        with_keys("guards:\n  preflight: {secret: true}"),
        ["5: rule shop: guards.preflight.secret: unknown key: did you mean secrets?"],
    ),
    "preflight-secrets-of-words": (
        with_keys("guards: {preflight: {secrets: yes}}"),
        ["4: rule shop: guards.preflight.secrets: must be true or false, not 'yes'"],
    ),
    "preflight-true": (
        with_keys("guards: {preflight: true}"),
        ["4: rule shop: guards.preflight: must be a mapping, not true"],
    ),
    **{
        f"systemic-{name}": (
            with_keys(f"guards: {{systemic: {value}}}"),
            [f"4: rule shop: guards.systemic: must be off or a whole number of at least 2, not {shown}"],
        )
        for name, value, shown in [
            ("one", "1", "1"),
            ("none-at-all", "0", "0"),
            ("negative", "-5", "-5"),
            ("true", "true", "true"),
            ("text", "'5'", "'5'"),
            ("on", "on", "'on'"),
            ("list", "[]", "a list"),
            ("mapping", "{max: 5}", "a mapping"),
        ]
    },
    "systemic-empty": (
        with_keys("guards:\n  systemic:"),
        ["5: rule shop: guards.systemic: has no value: write one, or leave it out"],
    ),
    "gitops-misspelt": (
        with_keys("guards: {gitopz: warn}"),
        ["4: rule shop: guards.gitopz: unknown key: did you mean gitops?"],
    ),
    "gitops-yes": (
        with_keys("guards: {gitops: yes}"),
        ["4: rule shop: guards.gitops: 'yes' is unknown: known are block, warn, pause"],
    ),
    "budget-on": (
        with_keys("guards: {budget: on}"),
        ["4: rule shop: guards.budget: must be off or a mapping of max, per and over, not 'on'"],
    ),
    "budget-number": (
        with_keys("guards: {budget: 3}"),
        ["4: rule shop: guards.budget: must be off or a mapping of max, per and over, not 3"],
    ),
    "budget-no-value": (
        with_keys("guards: {budget: }"),
        ["4: rule shop: guards.budget: has no value: write one, or leave it out"],
    ),
    "budget-max-zero": (
        with_keys("guards: {budget: {max: 0}}"),
        ["4: rule shop: guards.budget.max: must be a whole number of at least 1, not 0"],
    ),
    "budget-max-boolean": (
        with_keys("guards: {budget: {max: true}}"),
        ["4: rule shop: guards.budget.max: must be a whole number of at least 1, not true"],
    ),
    "budget-max-fraction": (
        with_keys("guards: {budget: {max: 1.5}}"),
        ["4: rule shop: guards.budget.max: must be a whole number of at least 1, not '1.5'"],
    ),
    "budget-over-unknown": (
        with_keys("guards: {budget: {over: team}}"),
        ["4: rule shop: guards.budget.over: 'team' is unknown: known are cluster, namespace, rule, target"],
    ),
    "budget-unknown-key": (
        with_keys("guards: {budget: {window: 1h}}"),
        ["4: rule shop: guards.budget.window: unknown key: known are max, per, over"],
    ),
    "schedule-off": (
        with_keys("guards: {schedule: off}"),
        ["4: rule shop: guards.schedule: must be a mapping, not 'off'"],
    ),
    "schedule-misspelt": (
        with_keys("guards: {schedule: {muted: []}}"),
        ["4: rule shop: guards.schedule.muted: unknown key: did you mean mute?"],
    ),
    "schedule-one-interval": (
        with_keys("guards: {schedule: {active: {weekdays: [monday]}}}"),
        ["4: rule shop: guards.schedule.active: must be a list, not a mapping"],
    ),
    **{
        f"interval-{name}": (with_interval(interval), [at_interval(problem) for problem in problems])
        for name, (interval, *problems) in INVALID_INTERVALS.items()
    },
    "verify-misspelt": (
        with_keys("verify: {resolve_within: 1m}"),
        ["4: rule shop: verify.resolve_within: unknown key: did you mean resolved_within?"],
    ),
    "runbook-other-scheme": (
        with_keys("runbook_url: ftp://user:secret@example.org"),
        ["4: rule shop: runbook_url: must be an address that begins with http:// or https:// and a host"],
    ),
    "runbook-password": (
        with_keys("runbook_url: https://user:s3cret@example.org/down"),
        [f"4: rule shop: runbook_url: {NO_USER}"],
    ),
    "runbook-user": (
        with_keys("runbook_url: https://user@example.org"),
        [f"4: rule shop: runbook_url: {NO_USER}"],
    ),
    "runbook-no-host": (
        with_keys("runbook_url: https:///path"),
        ["4: rule shop: runbook_url: must be an address that begins with http:// or https:// and a host"],
    ),
    "runbook-space": (
        with_keys("runbook_url: https://example.org/a b"),
        ["4: rule shop: runbook_url: must be an address that begins with http:// or https:// and a host"],
    ),
    "all-of-a-file": (
        SEVERAL,
        [
            "3: rule one: matchers: would match every alert: list at least one matcher",
            "4: rule one: mode: 'sometimes' is unknown: known are off, dry-run, approve, auto",
            "5: rule two: matchers: is missing",
            "7: rule two: guards.cooldown: 'soon' is not a duration: write it like 90s, 10m or 1h30m",
            "8: rule two: guards.budget.maximum: unknown key: did you mean max?",
            "9: rule: unknown key: did you mean rules?",
        ],
    ),
}

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from receiver.policy.matchers import parse_matchers
from receiver.policy.rules import Budget, GuardSettings, Mode
from receiver.settings import Address, Settings, SettingsError, load_settings
from tests.policy.invalid_rules import NO_USER

NO_URL = "must be an address that begins with http:// or https:// and a host"
NO_LABEL = "is no DNS label: use a-z, 0-9 and '-', at most 63, no '-' at the ends"
EVERYTHING = """\
rules: [rules, /etc/rules/one.yaml]
listen: 0.0.0.0:8080
kubeconfig: kubeconfig
context: staging
namespace: ops
mode: auto
webhook_token_file: /run/webhook
review_token_file: review
alertmanager_url: http://alertmanager:9093
prometheus_url: http://prometheus:9090
namespaces: [shop]
selectors: ['tier!="database"', "{team=~shop|web,env=prod}"]
protected_namespaces: []
trusted_user_header: X-Forwarded-User
trusted_proxies: [10.0.0.7, "fd00::/8"]
defaults:
  cooldown: 1h
  budget: off
max_body_bytes: 32MiB
aftermath_for: 12h
keep_records_for: 26w
keep_records: 100
"""


def load(file: Path | None = None, variables: dict[str, str] | None = None, **flags: Any) -> Settings:
    named = {f"ROLLBACK_RECEIVER_{name}": value for name, value in (variables or {}).items()}
    return load_settings(file, {"PATH": "/bin", "ROLLBACK": "x", **named}, flags)


def problems(file: Path | None = None, variables: dict[str, str] | None = None, **flags: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(file, variables, **flags)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return list(caught.value.problems)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def test_without_any_source_the_documented_defaults_hold() -> None:
    assert load() == Settings(
        rules=(),
        listen=Address("127.0.0.1", 8080),
        kubeconfig=None,
        context=None,
        namespace=None,
        mode=Mode.DRY_RUN,
        webhook_token_file=None,
        review_token_file=None,
        alertmanager_url=None,
        prometheus_url=None,
        namespaces=(),
        selectors=(),
        protected_namespaces=("kube-system", "kube-public", "kube-node-lease"),
        defaults=GuardSettings(),
        trusted_user_header=None,
        trusted_proxies=(),
        max_body_bytes=16 * 1024 * 1024,
        aftermath_for=timedelta(days=1),
        keep_records_for=timedelta(days=90),
        keep_records=2000,
    )


def test_a_file_may_hold_every_setting_and_its_paths_start_at_its_folder(config: Path) -> None:
    config.write_text(EVERYTHING)
    assert load(config) == Settings(
        rules=(config.parent / "rules", Path("/etc/rules/one.yaml")),
        listen=Address("0.0.0.0", 8080),
        kubeconfig=config.parent / "kubeconfig",
        context="staging",
        namespace="ops",
        mode=Mode.AUTO,
        webhook_token_file=Path("/run/webhook"),
        review_token_file=config.parent / "review",
        alertmanager_url="http://alertmanager:9093",
        prometheus_url="http://prometheus:9090",
        namespaces=("shop",),
        selectors=parse_matchers('tier!="database",team=~"shop|web",env="prod"'),
        protected_namespaces=(),
        defaults=GuardSettings(cooldown=timedelta(hours=1), budget=None),
        trusted_user_header="X-Forwarded-User",
        trusted_proxies=(ip_network("10.0.0.7/32"), ip_network("fd00::/8")),
        max_body_bytes=32 * 1024 * 1024,
        aftermath_for=timedelta(hours=12),
        keep_records_for=timedelta(weeks=26),
        keep_records=100,
    )


def test_variables_may_hold_every_setting() -> None:
    settings = load(
        variables={
            "RULES": "rules, /etc/rules/one.yaml,",
            "LISTEN": "[::]:80",
            "KUBECONFIG": "kubeconfig",
            "CONTEXT": "staging",
            "NAMESPACE": "ops",
            "MODE": "off",
            "WEBHOOK_TOKEN_FILE": "/run/webhook",
            "REVIEW_TOKEN_FILE": "/run/review",
            "ALERTMANAGER_URL": "https://alertmanager",
            "PROMETHEUS_URL": "https://prometheus/route",
            "NAMESPACES": "shop,cart",
            "SELECTORS": 'tier!="database", app.kubernetes.io/part-of=shop',
            "PROTECTED_NAMESPACES": "monitoring",
            "DEFAULTS": "{budget: {max: 1}}",
            "MAX_BODY_BYTES": "1024",
            "KEEP_RECORDS_FOR": "0s",
            "KEEP_RECORDS": "100",
            "TRUSTED_USER_HEADER": "X-Auth-Request-User",
            "TRUSTED_PROXIES": "10.0.0.0/24, ::1",
        }
    )
    assert settings == Settings(
        rules=(Path("rules"), Path("/etc/rules/one.yaml")),
        listen=Address("::", 80),
        kubeconfig=Path("kubeconfig"),
        context="staging",
        namespace="ops",
        mode=Mode.OFF,
        webhook_token_file=Path("/run/webhook"),
        review_token_file=Path("/run/review"),
        alertmanager_url="https://alertmanager",
        prometheus_url="https://prometheus/route",
        namespaces=("shop", "cart"),
        selectors=parse_matchers('{tier!="database","app.kubernetes.io/part-of"="shop"}'),
        protected_namespaces=("monitoring",),
        defaults=GuardSettings(budget=Budget(max=1)),
        max_body_bytes=1024,
        keep_records_for=timedelta(0),
        keep_records=100,
        trusted_user_header="X-Auth-Request-User",
        trusted_proxies=(ip_network("10.0.0.0/24"), ip_network("::1/128")),
    )


def test_flags_may_hold_values_of_any_type_that_click_gives() -> None:
    settings = load(rules=(Path("a"), "b"), listen=Address("::1", 0), mode="auto", kubeconfig=Path("k"))
    assert (settings.rules, settings.listen, settings.mode, settings.kubeconfig) == (
        (Path("a"), Path("b")),
        Address("::1", 0),
        Mode.AUTO,
        Path("k"),
    )


def test_a_flag_beats_a_variable_beats_the_file(config: Path) -> None:
    config.write_text("mode: off\ncontext: file\nnamespace: file\nrules: [file]\n")
    settings = load(
        config, {"MODE": "dry-run", "CONTEXT": "variable", "RULES": "variable"}, mode="auto", rules=("flag",)
    )
    assert (settings.mode, settings.context, settings.namespace) == (Mode.AUTO, "variable", "file")
    assert settings.rules == (Path("flag"),)


def test_guard_defaults_of_several_sources_add_up(config: Path) -> None:
    config.write_text("defaults: {cooldown: 1h, budget: {max: 5}}\n")
    settings = load(config, {"DEFAULTS": "{max_alert_age: 2h, budget: {per: 1d}}"})
    assert settings.defaults == GuardSettings(
        cooldown=timedelta(hours=1),
        max_alert_age=timedelta(hours=2),
        budget=Budget(max=5, per=timedelta(days=1)),
    )


def test_flags_and_variables_that_were_not_given_change_nothing(config: Path) -> None:
    config.write_text("mode: auto\nrules: [a]\ncontext: staging\n")
    settings = load(config, {"MODE": "", "RULES": "", "CONTEXT": ""}, mode=None, rules=(), context=None)
    assert (settings.mode, len(settings.rules), settings.context) == (Mode.AUTO, 1, "staging")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}\n"], ids=["empty", "comment", "mapping"])
def test_a_file_that_says_nothing_changes_nothing(config: Path, text: str) -> None:
    config.write_text(text)
    assert load(config) == Settings()


FILE_FAULTS = {
    "unknown-key": ("mod: auto\n", ["1: mod: unknown key: did you mean mode?"]),
    "tolerance-is-no-setting": (
        "tolerance: 1m\n",
        ["1: tolerance: unknown key: known are " + ", ".join(Settings.model_fields)],
    ),
    "mode-misspelt": (
        "\nmode: aprove\n",
        ["2: mode: 'aprove' is unknown: did you mean approve?"],
    ),
    "no-value": ("namespaces:\n", ["1: namespaces: has no value: write one, or leave it out"]),
    "list-is-text": ("rules: rules\n", ["1: rules: must be a list, not 'rules'"]),
    "not-a-mapping": ("- mode\n", ["1: must be a mapping, not a list"]),
    "defaults-key": (
        "defaults:\n  cooldwn: 1m\n",
        ["2: defaults.cooldwn: unknown key: did you mean cooldown?"],
    ),
    "defaults-preflight": (
        "defaults:\n  preflight: {secrets: 1}\n",
        ["2: defaults.preflight.secrets: must be true or false, not 1"],
    ),
    "defaults-value": (
        "defaults: {cooldown: 1}\n",
        ["1: defaults.cooldown: '1' is not a duration: write it like 90s, 10m or 1h30m"],
    ),
    "size": (
        "max_body_bytes: 16MB\n",
        ["1: max_body_bytes: '16MB' is no size: write bytes, or a number with KiB, MiB or GiB"],
    ),
    "size-boolean": (
        "max_body_bytes: true\n",
        ["1: max_body_bytes: true is no size: write bytes, or a number with KiB, MiB or GiB"],
    ),
    "size-zero": (
        "max_body_bytes: 0\n",
        ["1: max_body_bytes: 0 is no size: write bytes, or a number with KiB, MiB or GiB"],
    ),
    "context-number": ("context: 5\n", ["1: context: must be a string, not 5"]),
    "key-twice": ("mode: off\nmode: auto\n", ["2: key 'mode' for the second time, first on line 1"]),
    "several": (
        "listen: here\nmode: x\nwho: &me x\n",
        [
            "1: listen: 'here' is no HOST:PORT: write it like 127.0.0.1:8080 or [::]:8080",
            "2: mode: 'x' is unknown: known are off, dry-run, approve, auto",
            "3: anchor 'me': aliases are not taken, so leave it out",
            "3: who: unknown key: known are " + ", ".join(Settings.model_fields),
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), FILE_FAULTS.values(), ids=FILE_FAULTS)
def test_a_fault_in_the_file_names_file_and_line(config: Path, text: str, expected: list[str]) -> None:
    config.write_text(text)
    assert problems(config) == [f"{config}:{problem}" for problem in expected]


LISTEN = [
    "8080",
    ":8080",
    "localhost",
    "localhost:",
    "localhost:65536",
    "::1:8080",
    "a b:80",
    "h:80/x",
    "u@h:80",
    "h:٨",
]


@pytest.mark.parametrize("listen", LISTEN)
def test_what_is_no_address_is_refused(listen: str) -> None:
    assert problems(listen=listen) == [
        f"flag --listen: {listen!a} is no HOST:PORT: write it like 127.0.0.1:8080 or [::]:8080"
    ]


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "localhost:65535", "[::1]:8080"])
def test_an_address_is_written_as_it_was_read(listen: str) -> None:
    assert str(load(listen=listen).listen) == listen


def test_a_fault_in_a_flag_names_the_flag() -> None:
    assert problems(mode="aprove", webhook_token_file="", rules=("a", "")) == [
        "flag --rules: [1]: must not be empty",
        "flag --mode: 'aprove' is unknown: did you mean approve?",
        "flag --webhook-token-file: must not be empty",
    ]


def test_a_fault_in_a_variable_names_the_variable() -> None:
    assert problems(
        variables={"MODE": "on", "NAMESPACES": "shop,Cart", "ALERTMANAGER_URL": "u:secret@am"}
    ) == [
        "variable ROLLBACK_RECEIVER_MODE: 'on' is unknown: known are off, dry-run, approve, auto",
        f"variable ROLLBACK_RECEIVER_ALERTMANAGER_URL: {NO_URL}",
        f"variable ROLLBACK_RECEIVER_NAMESPACES: [1]: 'Cart' {NO_LABEL}",
    ]


def test_a_selector_selects_something(config: Path) -> None:
    """By Alertmanager's syntax of matchers."""
    config.write_text("selectors: ['{}', 'tier in (web)']\n")
    nothing, unreadable = problems(config)
    no_matcher = 'would select every workload: write one like tier!="database"'
    assert nothing == f"{config}:1: selectors[0]: {no_matcher}"
    assert unreadable.startswith(f"{config}:1: selectors[1]: ")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("{cooldown: x}", "cooldown: 'x' is not a duration: write it like 90s, 10m or 1h30m"),
        ("[", "not YAML: while parsing a flow node, did not find expected node content"),
        ("1h", "must be a mapping, not '1h'"),
        ("null", "has no value: write one, or leave it out"),
    ],
    ids=["value", "not-yaml", "text", "null"],
)
def test_guard_defaults_in_a_variable_are_checked_as_in_a_file(value: str, problem: str) -> None:
    assert problems(variables={"DEFAULTS": value}) == [f"variable ROLLBACK_RECEIVER_DEFAULTS: {problem}"]


def test_an_unknown_variable_is_refused_because_it_may_be_a_mode_misspelt() -> None:
    assert problems(variables={"MDOE": "off"}) == [
        "variable ROLLBACK_RECEIVER_MDOE: unknown: did you mean ROLLBACK_RECEIVER_MODE?"
    ]


@pytest.mark.parametrize("setting", ["alertmanager_url", "prometheus_url"])
@pytest.mark.parametrize("value", ["prometheus:9090", "ftp://prometheus", "http://"])
def test_an_address_that_cannot_be_asked_is_refused(config: Path, setting: str, value: str) -> None:
    name = setting.upper()
    config.write_text(f"{setting}: {value}\n")
    assert problems(config) == [f"{config}:1: {setting}: {NO_URL}"]
    assert problems(variables={name: value}) == [f"variable ROLLBACK_RECEIVER_{name}: {NO_URL}"]
    given: dict[str, Any] = {setting: value}
    flag = setting.replace("_", "-")
    assert problems(**given) == [f"flag --{flag}: {NO_URL}"]


@pytest.mark.parametrize("setting", ["alertmanager_url", "prometheus_url"])
@pytest.mark.parametrize("user", ["user:s3cret", "s3cret", ":s3cret", "a@b:s3cret", ""])
def test_an_address_with_a_password_is_refused_and_not_repeated(
    config: Path, setting: str, user: str
) -> None:
    """It would stand in logs and on records, and is no use: nothing sends it as one."""
    config.write_text(f"{setting}: http://{user}@prometheus:9090\n")
    (problem,) = problems(config)
    assert problem == f"{config}:1: {setting}: {NO_USER}"


@pytest.mark.parametrize(
    "name",
    [
        "CONFIG",
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SERVICE_PORT_HTTP",
        "PORT",
        "PORT_8080_TCP",
        "PORT_8080_TCP_ADDR",
        "METRICS_SERVICE_HOST",
        "METRICS_PORT_9090_UDP_PROTO",
    ],
)
def test_variables_that_kubernetes_sets_for_a_service_are_none_of_ours(name: str) -> None:
    assert load(variables={name: "tcp://10.0.0.1:8080"}) == Settings()


def test_faults_of_all_sources_are_told_also_those_that_another_beats(config: Path) -> None:
    config.write_text("mode: x\n")
    assert [problem.split(": ")[0] for problem in problems(config, {"MODE": "y"}, mode="z")] == [
        f"{config}:1",
        "variable ROLLBACK_RECEIVER_MODE",
        "flag --mode",
    ]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"tls_cert_file": "c"}, "tls_cert_file: needs tls_key_file"),
        ({"tls_key_file": "k"}, "tls_key_file: needs tls_cert_file"),
        ({"tls_client_ca_file": "a"}, "tls_client_ca_file: needs tls_cert_file"),
    ],
    ids=["no key", "no certificate", "a CA alone"],
)
def test_half_of_tls_is_refused(config: Path, given: dict[str, Any], problem: str) -> None:
    """Else the port would quietly be plain HTTP, or let everybody in."""
    assert problems(**given) == [problem]
    config.write_text("".join(f"{setting}: {value}\n" for setting, value in given.items()))
    assert problems(config) == [problem]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.yaml") == [
        f"{tmp_path}/none.yaml: cannot be read: No such file or directory"
    ]


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        pytest.param(
            {"TRUSTED_USER_HEADER": "X-User", "REVIEW_TOKEN_FILE": "t"},
            "trusted_user_header: needs trusted_proxies, the addresses from which it is believed",
            id="a header that anybody may send",
        ),
        pytest.param(
            {"TRUSTED_USER_HEADER": "X-User", "TRUSTED_PROXIES": "::1"},
            "trusted_user_header: needs review_token_file, by which the page's forms are signed",
            id="nothing to sign forms by",
        ),
        pytest.param(
            {"TRUSTED_USER_HEADER": "X User"},
            "variable ROLLBACK_RECEIVER_TRUSTED_USER_HEADER: 'X User' is no header:"
            " write it like X-Forwarded-User",
            id="no header",
        ),
        pytest.param(
            {"TRUSTED_PROXIES": "ingress"},
            "variable ROLLBACK_RECEIVER_TRUSTED_PROXIES: [0]: 'ingress' is no address:"
            " write it like 10.0.0.7 or 10.0.0.0/24",
            id="no address",
        ),
        pytest.param(
            {"TRUSTED_PROXIES": "10.0.0.7/24"},
            "variable ROLLBACK_RECEIVER_TRUSTED_PROXIES: [0]: '10.0.0.7/24' is no address:"
            " write it like 10.0.0.7 or 10.0.0.0/24",
            id="an address with a mask",
        ),
    ],
)
def test_a_proxy_is_believed_only_where_it_is_told_apart(variables: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load(variables=variables)
    assert raised.value.problems == (problem,)

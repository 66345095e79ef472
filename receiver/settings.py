"""The installation's settings, from config file, environment and flags; receiver.rulefiles reads the rules.

A flag beats a variable beats the file, and a fault in any of them is one. No setting is a secret: tokens stay
in their files.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import PlainValidator

from receiver.files import PathField, read_text
from receiver.notifications import Notifications
from receiver.policy.fields import Count, DnsLabel, Duration, Flag, Selectors, Text, Url, text
from receiver.policy.parsing import Parsed
from receiver.policy.problems import Problem, advice, keyed, plain, shown
from receiver.policy.retention import DEFAULT
from receiver.policy.rules import GuardSettings, Mode
from receiver.policy.source import SourceError, parse_source, survey_source
from receiver.policy.vocabulary import ModeField

PREFIX = "ROLLBACK_RECEIVER_"
MEBIBYTE = 1024 * 1024
_ADDRESS = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})")
_HEADER = re.compile("[A-Za-z][A-Za-z0-9-]{0,62}")
_SIZE = re.compile("([1-9][0-9]{0,11})(KiB|MiB|GiB)?")
_UNITS = {None: 1, "KiB": 1024, "MiB": MEBIBYTE, "GiB": 1024 * MEBIBYTE}
_AS_YAML = frozenset({"defaults", "keep_records", "notifications", "silence_alerts"})
"""The settings whose variables are YAML."""
_LISTS = frozenset({"rules", "namespaces", "selectors", "protected_namespaces", "trusted_proxies"})
Network = IPv4Network | IPv6Network
_OF_OTHERS = re.compile(r"CONFIG|(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)")
"""`--config`'s own variable, and those that Kubernetes sets for a Service called rollback-receiver."""


class SettingsError(ValueError):
    """The settings cannot be used; each of `problems` names the flag, the variable, or file and line."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class Address(NamedTuple):
    """Where to listen; port 0 is any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _address(value: object) -> Address:
    if isinstance(value, Address):
        return value
    parts = _ADDRESS.fullmatch(text(value))
    if not parts or int(parts[3]) > 65535:
        raise ValueError(f"{shown(value)} is no HOST:PORT: write it like 127.0.0.1:8080 or [::]:8080")
    return Address(parts[1] or parts[2], int(parts[3]))


def _size(value: object) -> int:
    parts = None if isinstance(value, bool) else _SIZE.fullmatch(str(value))
    if not parts:
        raise ValueError(f"{shown(value)} is no size: write bytes, or a number with KiB, MiB or GiB")
    return int(parts[1]) * _UNITS[parts[2]]


def _header(value: object) -> str:
    if not _HEADER.fullmatch(text(value)):
        raise ValueError(f"{shown(value)} is no header: write it like X-Forwarded-User")
    return str(value)


def _network(value: object) -> Network:
    if isinstance(value, Network):
        return value
    try:
        return ip_network(text(value))
    except ValueError as e:
        raise ValueError(f"{shown(value)} is no address: write it like 10.0.0.7 or 10.0.0.0/24") from e


class Settings(Parsed):
    """All settings of the installation, each with its default; None means not set."""

    rules: tuple[PathField, ...] = ()
    """Rule files, and folders of them."""
    listen: Annotated[Address, PlainValidator(_address)] = Address("127.0.0.1", 8080)
    kubeconfig: PathField | None = None
    context: Text | None = None
    """The kubeconfig's context. None: its current one."""
    namespace: DnsLabel | None = None
    """Where the records live. None: the pod's own namespace, or the kubeconfig's."""
    mode: ModeField = Mode.DRY_RUN
    """The ceiling of every rule's mode."""
    webhook_token_file: PathField | None = None
    """The bearer token of POST /alerts. None: nobody is asked for one."""
    review_token_file: PathField | None = None
    """The bearer token of everything that people do. None: reading is open, acting is off."""
    trusted_user_header: Annotated[str, PlainValidator(_header)] | None = None
    """The header in which a proxy names who asks for the page, X-Forwarded-User for example. None: none."""
    trusted_proxies: tuple[Annotated[Network, PlainValidator(_network)], ...] = ()
    """The addresses, or networks, of the proxies whose headers are believed."""
    tls_cert_file: PathField | None = None
    """The certificate, with its chain, of HTTPS on `listen`. None: plain HTTP."""
    tls_key_file: PathField | None = None
    """That certificate's key."""
    tls_client_ca_file: PathField | None = None
    """The CAs of the certificates that clients must show. None: they need none."""
    alertmanager_url: Url | None = None
    """Who is asked whether an alert still fires. None: nobody."""
    prometheus_url: Url | None = None
    """Who is asked since when an alert is active. None: nobody."""
    namespaces: tuple[DnsLabel, ...] = ()
    """The only namespaces in scope; none means all."""
    selectors: Selectors = ()
    """Matchers on a workload's own labels, all of which it must match to be in scope."""
    protected_namespaces: tuple[DnsLabel, ...] = ("kube-system", "kube-public", "kube-node-lease")
    """Never in scope; the caller adds the receiver's own."""
    defaults: GuardSettings = GuardSettings()
    """The guard settings of a rule that leaves them out."""
    aftermath_for: Duration = timedelta(days=1)
    """How long what became of a workload that was not rolled back is followed. 0s: not at all."""
    keep_records_for: Duration = DEFAULT.age
    """How long a record is kept after it was last touched; 0s: for ever.

    Three times what the rules' scores look back, because records say which revisions are known bad.
    """
    keep_records: Count = DEFAULT.count
    """How many records are kept: so many of those that say what is bad, and of the others."""
    notifications: Notifications = Notifications()
    """Who is notified of rollbacks, and of what."""
    silence_alerts: Flag = False
    """Whether Alertmanager is told to silence an alert while its rollback runs."""
    max_body_bytes: Annotated[int, PlainValidator(_size)] = 16 * MEBIBYTE
    """The longest payload that is taken, in bytes."""


def load_settings(config_file: Path | None, environ: Mapping[str, str], flags: Mapping[str, Any]) -> Settings:
    """Put the settings together: flags beat variables (ROLLBACK_RECEIVER_MODE) beat the file.

    `config_file` None: there is none. `flags` are by setting (`webhook_token_file`); None and () are flags
    that were not given. An empty variable is none; its lists stand between commas, mappings and flags
    are YAML.

    Raises:
        SettingsError: one of them is wrong, also one that another would beat.
    """
    layers: tuple[Callable[[], Settings], ...] = (
        lambda: Settings() if config_file is None else _from_file(config_file),
        lambda: _from_environment(environ),
        lambda: _from_flags(flags),
    )
    settings, problems = Settings(), list[str]()
    for layer in layers:
        try:
            settings = layer().on_top_of(settings)
        except SettingsError as e:
            problems += e.problems
    if problems or (problems := list(_contradictions(settings))):
        raise SettingsError(problems)
    return settings


def _contradictions(settings: Settings) -> Iterator[str]:
    """A header that anybody can send names nobody; without a review token nobody may act at all."""
    if settings.trusted_user_header and not settings.trusted_proxies:
        yield "trusted_user_header: needs trusted_proxies, the addresses from which it is believed"
    if settings.silence_alerts and not settings.alertmanager_url:
        yield "silence_alerts: needs alertmanager_url, where the silence is set"
    if settings.trusted_user_header and not settings.review_token_file:
        yield "trusted_user_header: needs review_token_file, by which the page's forms are signed"
    for has, needs in (("cert", "key"), ("key", "cert"), ("client_ca", "cert")):
        if getattr(settings, f"tls_{has}_file") and not getattr(settings, f"tls_{needs}_file"):
            yield f"tls_{has}_file: needs tls_{needs}_file"


def _from_file(file: Path) -> Settings:
    content = read_text(file)
    if isinstance(content, Problem):
        raise SettingsError([str(content)])
    source = survey_source(content)
    settings = Settings.parse({} if source.data is None else source.data, {"folder": file.parent})
    found = settings if isinstance(settings, tuple) else ()
    if isinstance(settings, tuple) or source.faults:
        raise SettingsError(map(str, source.problems(str(file), found)))
    return settings


def _from_environment(environ: Mapping[str, str]) -> Settings:
    ours = {PREFIX + key.upper(): key for key in Settings.file_keys()}
    given = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value}
    unknown = [
        f"variable {plain(name)}: unknown: {advice(name, ours)}"
        for name in given
        if name not in ours and not _OF_OTHERS.fullmatch(name.removeprefix(PREFIX))
    ]
    if unknown:
        raise SettingsError(unknown)
    values = {key: _from_variable(name, key, given[name]) for name, key in ours.items() if name in given}
    return _named(values, lambda key: f"variable {PREFIX}{key.upper()}")


def _from_variable(name: str, key: str, value: str) -> object:
    if key in _LISTS:
        return [item.strip() for item in value.split(",") if item.strip()]
    try:
        return parse_source(value).data if key in _AS_YAML else value
    except SourceError as e:
        raise SettingsError([f"variable {name}: {e.message}"]) from e


def _from_flags(flags: Mapping[str, Any]) -> Settings:
    given = {key: value for key, value in flags.items() if value is not None and value != ()}
    return _named(given, lambda key: f"flag --{key.replace('_', '-')}")


def _named(values: Mapping[str, object], name: Callable[[str], str]) -> Settings:
    settings = Settings.parse(dict(values))
    if isinstance(settings, tuple):
        faults = ((name(str(fault.path[0])), fault) for fault in settings)
        raise SettingsError(f"{who}: {keyed(fault.path[1:], fault.message)}" for who, fault in faults)
    return settings

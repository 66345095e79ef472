"""What the pages say is so: links lead somewhere, commands exist, examples are valid, tables complete.

What a page has run step by step is in tests/cluster/test_readme.py.
"""

import re
import shlex
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import click
import pytest
import yaml

from receiver.cli.main import main
from receiver.cluster import rights
from receiver.policy import guards
from receiver.policy.context import StillFiring
from receiver.policy.record import Phase
from receiver.policy.targets import TargetReason
from receiver.policy.verdict import Common
from receiver.rulefiles import load_rules
from receiver.settings import Settings
from tests.pages import DOCS, PAGES, ROOT, MarkdownPage

LONGEST = 150
OPTIONAL_RIGHTS = {("secrets", "get"), ("services", "get"), ("pods", "create")}
VERBS = {"get", "list", "create", "update", "patch", "delete"}
ALLOWING = frozenset(
    {
        "server_accepts",
        "server_cannot_try",
        "needs_there",
        "nothing_needed",
        "not_owned",
        "helm_release",
        "owned_warned",
        "paused_already",
        "paused_with_the_patch",
        "off",
        "running",
        "not_paused",
        "unrestricted",
        "never_rolled_back",
        "no_barrier",
        "found",
        "in_scope",
        "recent_rollout",
        "few_undeployed",
        "cooled_down",
        "within_budget",
        "not_restored_by_us",
        "not_dealt_with_before",
        "chosen",
        "barrier_not_crossed",
        "fresh",
        "within_schedule",
        "not_late",
        "still_firing",
        "nobody_to_ask",
        "not_judged",
    }
)
"""The reasons that stop nothing; a new one stands here, or on the page."""


def page(name: str) -> MarkdownPage:
    return MarkdownPage(DOCS / name)


@pytest.fixture(params=PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def each(request: pytest.FixtureRequest) -> MarkdownPage:
    return MarkdownPage(request.param)


def test_every_link_leads_to_a_file_and_a_heading_that_are_there(each: MarkdownPage) -> None:
    broken = [link for link in each.links() if not leads_somewhere(each, link)]
    assert broken == []


def leads_somewhere(source: MarkdownPage, link: str) -> bool:
    if link.startswith("https://"):
        return True
    file, _, anchor = link.partition("#")
    target = (source.path.parent / file).resolve() if file else source.path
    return target.exists() and (not anchor or anchor in MarkdownPage(target).anchors())


def test_pages_are_short() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in DOCS.glob("*.md")}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_the_index_names_every_page() -> None:
    named = [link for link in page("README.md").links() if link.endswith(".md")]
    assert sorted(named) == sorted(path.name for path in DOCS.glob("*.md") if path.name != "README.md")


def invocations(each: MarkdownPage) -> Iterator[list[str]]:
    """Yield the words of every call of the program in the page's scripts, and in its sentences."""
    scripts = [line for block in each.blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
    for line in (*scripts, *re.findall(r"`(rollback-receiver [^`\n]*)`", each.prose)):
        for call in re.findall(r"(?:^|[|] |-- )(rollback-receiver (?!-)[^|#]*)", line.strip()):
            yield shlex.split(call.replace("…", ""))[1:]


def test_every_command_and_flag_of_ours_exists(each: MarkdownPage) -> None:
    unknown = [" ".join(words) for words in invocations(each) if not is_known(words)]
    assert unknown == []


def is_known(words: list[str]) -> bool:
    name, *rest = words
    command = main.get_command(click.Context(main), name)
    flags = {word.partition("=")[0] for word in rest if word.startswith("-") and word != "-"}
    known = {flag for option in command.params for flag in option.opts} if command else set()
    return command is not None and flags <= {*known, "--help", "-h"}


def test_flags_are_looked_for_at_all() -> None:
    assert ["list", "-n", "rollback-receiver", "-o", "wide", "--since", "24h"] in [
        *invocations(page("four-weeks.md"))
    ]
    assert not is_known(["list", "--sice", "24h"])
    assert not is_known(["lits"])


def rule_files() -> dict[str, str]:
    """Return the rules that pages show, by the page's name."""
    found = {name: page(name).blocks("yaml")[0] for name in ("rules.md",)}
    (chart_values,) = (text for text in page("getting-started.md").blocks("yaml") if "rules:" in text)
    return {**found, "getting-started.md": yaml.safe_load(chart_values)["rules"]["first.yaml"]}


@pytest.mark.parametrize("name", ["rules.md", "getting-started.md"])
def test_rules_that_a_page_shows_are_valid(tmp_path: Path, name: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(rule_files()[name])
    assert len(load_rules([file]).rules) == 1


def test_the_guards_table_has_every_guard_in_order_of_the_record() -> None:
    rows = [guard for guard, _ in page("how-it-decides.md").rows("guard", "blocks when")]
    assert rows == list(guards.NAMES)


def test_every_reason_that_blocks_is_explained() -> None:
    explained = {(guard, reason.strip("`")) for guard, reason, _ in rows_of_reasons()}
    every = {(guard, reason.value) for guard, reasons in all_reasons().items() for reason in reasons}
    assert {pair for pair in every - explained if pair[1] not in ALLOWING} == set()
    assert explained - every == set()
    assert {reason for _, reason in explained} & ALLOWING == set()


def rows_of_reasons() -> Iterator[list[str]]:
    return page("reasons.md").rows("guard", "reason", "what it means, and what to do")


def all_reasons() -> dict[str, list[StrEnum]]:
    """Return the reasons of each guard; `unreadable` is any guard's."""
    found = {guard.GUARD: getattr(guard, "Reason", None) for guard in guards.GUARDS}
    found |= {"any": Common, "target": TargetReason, "firing": StillFiring}
    assert None not in found.values()
    return {
        guard: [one for one in reasons or () if guard == "any" or one != Common.UNREADABLE]
        for guard, reasons in found.items()
    }


def test_every_phase_that_a_record_ends_in_is_explained() -> None:
    explained = {phase for phase, _ in page("reasons.md").rows("phase", "what to do")}
    ends = {Phase.SUCCEEDED, Phase.NOT_CURED, Phase.FAILED, Phase.SUPERSEDED, Phase.EXPIRED, Phase.REJECTED}
    assert explained == {phase.value for phase in ends}


def test_every_setting_is_explained() -> None:
    rows = page("settings.md").rows("key", "default", "what it is")
    assert sorted(re.findall(r"`(\w+)`", " ".join(keys for keys, *_ in rows))) == sorted(Settings.file_keys())


def test_every_alert_about_the_receiver_itself_is_explained() -> None:
    file = ROOT / "helm" / "rollback-receiver" / "files" / "alerts.yaml"
    there = [rule["alert"] for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
    assert [alert for alert, _ in page("operations.md").rows("alert", "what to do")] == there


def test_the_house_has_every_room() -> None:
    rooms = {folder.parent.name for folder in (ROOT / "receiver").glob("*/__init__.py")}
    assert set(re.findall(r"^      (\w+)/ ", page("architecture.md").text, re.MULTILINE)) == rooms


def test_a_table_that_is_not_there_is_no_empty_one() -> None:
    with pytest.raises(ValueError, match=r"reasons\.md has no table with the header guard"):
        list(page("reasons.md").rows("guard"))


def test_the_rights_are_those_that_doctor_asks_for() -> None:
    """And those that an installation may leave out."""
    said = set[tuple[str, str]]()
    for _, resources, verbs in page("security.md").rows("where", "resource", "verbs"):
        named = re.sub(r" \([^)]*\)|, where .*", "", resources).split(", ")
        granted = VERBS & set(re.findall(r"\w+", verbs.partition(": see")[0]))
        said |= {(resource, verb) for resource in named for verb in granted}
    tables = (rights.OF_WORKLOADS, *rights.OF_KINDS.values(), rights.OF_RECORDS, rights.OF_LEDGER)
    needed = {(resource, verb) for table in tables for _, resource, verbs in table for verb in verbs.split()}
    assert said == needed | OPTIONAL_RIGHTS

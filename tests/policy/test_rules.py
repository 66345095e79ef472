from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from receiver.policy.matchers import match_all, parse_matchers
from receiver.policy.rules import (
    Budget,
    GuardSettings,
    Kind,
    MissingLabel,
    Mode,
    Over,
    PodTarget,
    Rollback,
    Rule,
    Ruleset,
    Schedule,
    ServiceTarget,
    To,
    WorkloadTarget,
)
from receiver.policy.spans import months
from receiver.policy.templates import parse_template
from receiver.policy.timeintervals import TimeInterval

MATCHERS = st.lists(
    st.sampled_from(
        [
            'alertname="A"',
            'alertname=""',
            'alertname!="A"',
            'alertname=~"A|B"',
            'alertname=~"A.*"',
            'alertname!~"A|B"',
            'alertname=~"|A"',
            'team="x"',
            'team!="x"',
            'team=""',
            'team=~"x|y"',
        ]
    ),
    min_size=1,
    max_size=3,
)
LABELS = st.dictionaries(
    st.sampled_from(["alertname", "team"]), st.sampled_from(["", "A", "B", "AB", "x", "y", "|"]), max_size=2
)


def rule(name: str = "shop", *matchers: str) -> Rule:
    return Rule(name=name, matchers=parse_matchers(",".join(matchers or ("alertname=Down",))))


def rules(lists: list[list[str]]) -> tuple[Rule, ...]:
    return tuple(rule(f"r{position}", *matchers) for position, matchers in enumerate(lists))


def parsed(**keys: object) -> Rule:
    found = Rule.parse({"name": "shop", "matchers": ["alertname=Down"], **keys})
    assert isinstance(found, Rule)
    return found


def test_a_rule_that_says_only_what_it_must_has_the_documented_defaults() -> None:
    assert parsed() == Rule(
        name="shop",
        matchers=parse_matchers("alertname=Down"),
        for_=None,
        target=None,
        rollback=Rollback(to=To.LAST_GOOD, soak=timedelta(minutes=10)),
        mode=Mode.DRY_RUN,
        guards=GuardSettings(
            deployed_within=timedelta(minutes=30),
            cooldown=timedelta(minutes=15),
            max_alert_age=timedelta(hours=1),
            budget=Budget(max=3, per=timedelta(hours=1), over=Over.CLUSTER),
            systemic=5,
            schedule=Schedule(active=(), mute=()),
        ),
        runbook_url=None,
    )
    assert parsed().verify.rollout_timeout == timedelta(minutes=10)
    assert parsed().verify.resolved_within == timedelta(minutes=15)


def test_a_rule_is_frozen_and_can_be_a_key() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        parsed().mode = Mode.AUTO
    assert {parsed(): 1}[parsed()] == 1


def test_a_rule_made_in_python_takes_the_values_that_a_file_becomes() -> None:
    target = PodTarget(pod=parse_template("{{ $labels.pod }}"), namespace=parse_template("shop"))
    made = Rule(name="shop", matchers=rule().matchers, for_=timedelta(minutes=5), target=target)
    assert made == parsed(**{"for": "5m", "target": {"pod": "{{ $labels.pod }}", "namespace": "shop"}})
    assert made.target is target


def test_several_matchers_in_one_string_all_count() -> None:
    found = Rule.parse({"name": "shop", "matchers": ['{a="1",b="2"}', "c=3"]})
    assert isinstance(found, Rule)
    assert [str(matcher) for matcher in found.matchers] == ['a="1"', 'b="2"', 'c="3"']


def test_a_target_may_be_what_a_service_selects() -> None:
    service, namespace = parse_template("{{ $labels.service }}"), parse_template("shop")
    target = ServiceTarget(service=service, namespace=namespace)
    made = Rule(name="shop", matchers=rule().matchers, target=target)
    assert made == parsed(target={"service": "{{ $labels.service }}", "namespace": "shop"})
    assert made.target is target


def test_a_target_is_a_workload_or_a_pod() -> None:
    workload = parsed(target={"kind": "Deployment", "namespace": "shop", "name": "v1.{{$labels.app}}"}).target
    assert isinstance(workload, WorkloadTarget)
    assert workload.kind is Kind.DEPLOYMENT
    assert workload.name.render({"app": "cart"}) == "v1.cart"


@pytest.mark.parametrize(
    ("given", "to"),
    [("last-good", To.LAST_GOOD), ("previous", To.PREVIOUS), (1, 1), (7, 7)],
    ids=str,
)
def test_a_rollback_goes_to_a_choice_or_a_number(given: object, to: To | int) -> None:
    assert parsed(rollback={"to": given}).rollback.to == to


class TestGuardSettings:
    HOUSE = GuardSettings(cooldown=timedelta(hours=2), budget=Budget(max=5, over=Over.NAMESPACE))

    def parsed(self, guards: object, house: GuardSettings = HOUSE) -> GuardSettings:
        data = {"name": "shop", "matchers": ["alertname=Down"]} | ({"guards": guards} if guards else {})
        found = Rule.parse(data, {"defaults": house})
        assert isinstance(found, Rule)
        return found.guards

    def test_the_installation_decides_what_a_rule_without_guards_has(self) -> None:
        assert self.parsed(None) == self.HOUSE

    def test_a_rule_replaces_only_what_it_says(self) -> None:
        found = self.parsed({"deployed_within": "5m", "budget": {"max": 1}})
        assert found == GuardSettings(
            deployed_within=timedelta(minutes=5),
            cooldown=timedelta(hours=2),
            budget=Budget(max=1, over=Over.NAMESPACE),
        )

    def test_saying_the_built_in_default_replaces_the_installations(self) -> None:
        assert self.parsed({"cooldown": "15m"}).cooldown == timedelta(minutes=15)

    def test_a_budget_that_is_off_is_none(self) -> None:
        assert self.parsed({"budget": "off"}).budget is None

    def test_a_rule_may_have_a_budget_where_the_installation_has_none(self) -> None:
        assert self.parsed({"budget": {"max": 1}}, GuardSettings(budget=None)).budget == Budget(max=1)

    def test_systemic_is_off_where_the_rule_or_the_installation_says_so(self) -> None:
        assert self.parsed({"systemic": "off"}, GuardSettings(systemic=9)).systemic is None
        assert self.parsed({}, GuardSettings(systemic=None)).systemic is None
        assert self.parsed({"systemic": 2}, GuardSettings(systemic=None)).systemic == 2

    def test_the_installations_freezes_hold_for_a_rule_that_has_hours_of_its_own(self) -> None:
        house = GuardSettings(schedule=Schedule(mute=(TimeInterval(months=(months("december"),)),)))
        found = self.parsed({"schedule": {"active": [{"weekdays": ["monday"]}]}}, house).schedule
        assert [interval.in_words() for interval in found.active] == ["monday"]
        assert found.mute == house.schedule.mute
        assert self.parsed({"schedule": {"mute": []}}, house).schedule == Schedule()


class TestMode:
    def test_the_order_goes_from_off_to_auto(self) -> None:
        assert sorted(Mode, key=lambda mode: mode.rank) == [Mode.OFF, Mode.DRY_RUN, Mode.APPROVE, Mode.AUTO]

    @given(st.lists(st.sampled_from(Mode), min_size=1))
    def test_the_lowest_goes_no_further_than_any(self, modes: list[Mode]) -> None:
        lowest = Mode.lowest(*modes)
        assert lowest in modes
        assert all(lowest.rank <= mode.rank for mode in modes)


class TestTemplate:
    TEXT = "v1.{{ $labels.app }}-{{$labels._b1}}"

    def test_labels_are_put_in(self) -> None:
        assert parse_template(self.TEXT).render({"app": "cart", "_b1": "x"}) == "v1.cart-x"

    @pytest.mark.parametrize("labels", [{"_b1": "x"}, {"_b1": "x", "app": ""}], ids=["none", "empty"])
    def test_a_label_that_is_missing_or_empty_is_named(self, labels: dict[str, str]) -> None:
        with pytest.raises(MissingLabel) as caught:
            parse_template(self.TEXT).render(labels)
        assert (caught.value.label, str(caught.value)) == ("app", "the alert has no label app")

    def test_text_without_labels_stands_as_it_is(self) -> None:
        template = parse_template("kube-system")
        assert (template.render({}), str(template)) == ("kube-system", "kube-system")

    @given(st.text())
    def test_a_labels_value_is_never_read_as_a_template(self, value: str) -> None:
        assert parse_template("{{ $labels.a }}").render({"a": "x" + value}) == "x" + value

    @given(st.text(alphabet="{}$labels. a|-"))
    def test_any_text_renders_or_is_refused(self, text: str) -> None:
        try:
            template = parse_template(text)
        except ValueError:
            return
        labels = dict.fromkeys(template.parts[1::2], "v")
        assert "{{" not in template.render(labels)


class TestRuleset:
    @given(st.lists(MATCHERS, max_size=8), LABELS)
    def test_what_matches_is_what_a_look_at_every_rule_finds(
        self, lists: list[list[str]], labels: dict[str, str]
    ) -> None:
        every = rules(lists)
        expected = tuple(rule for rule in every if match_all(rule.matchers, labels))
        assert Ruleset(every).matching(labels) == expected

    @given(st.lists(MATCHERS, max_size=8).flatmap(lambda lists: st.permutations(rules(lists))), LABELS)
    def test_the_order_of_the_rules_changes_only_the_order_of_the_matches(
        self, shuffled: list[Rule], labels: dict[str, str]
    ) -> None:
        ordered = sorted(shuffled, key=lambda rule: rule.name)
        found = Ruleset(tuple(shuffled)).matching(labels)
        assert list(found) == [rule for rule in shuffled if rule in found]
        assert set(found) == set(Ruleset(tuple(ordered)).matching(labels))

    def test_other_alertnames_rules_are_not_looked_at(self) -> None:
        labels = CountedLabels({"alertname": "A7", "team": "x"})
        few = Ruleset(tuple(rule(f"r{n}", f"alertname=A{n}", "team=x") for n in range(10)))
        many = Ruleset(tuple(rule(f"r{n}", f"alertname=A{n}", "team=x") for n in range(10_000)))
        assert [found.name for found in few.matching(labels)] == ["r7"]
        looks, labels.looks = labels.looks, 0
        assert [found.name for found in many.matching(labels)] == ["r7"]
        assert labels.looks == looks

    def test_two_rules_of_one_name_are_refused(self) -> None:
        with pytest.raises(ValueError, match="two rules have one name"):
            Ruleset((rule("shop"), rule("shop", "a=b")))

    def test_a_rule_is_found_by_name_or_not_at_all(self) -> None:
        ruleset = Ruleset((rule("shop"),))
        assert ruleset.get("shop") is ruleset.rules[0]
        assert ruleset.get("cart") is None

    def test_no_rules_match_nothing_and_are_a_hint(self) -> None:
        assert Ruleset().matching({"alertname": "Down"}) == ()
        assert Ruleset().hints() == ("no rules: nothing will be rolled back",)

    def test_rulesets_of_the_same_rules_are_equal(self) -> None:
        assert Ruleset((rule(),)) == Ruleset((rule(),))


HINTS = {
    "no-for": (
        ["alertname=Down"],
        None,
        ["no `for`: copy the alert's own, which tells when its trouble began, or `0s`"],
    ),
    "for": (["alertname=Down"], timedelta(0), []),
    "matches-all": (
        ['alertname!="Watchdog"'],
        timedelta(0),
        ["its matchers match an alert without labels, so nearly every alert"],
    ),
    "matches-none": (
        ["alertname=A", "alertname=B"],
        timedelta(0),
        ["it matches no alert: its matchers want several alertnames at once"],
    ),
}


@pytest.mark.parametrize(("matchers", "for_", "hints"), HINTS.values(), ids=HINTS)
def test_what_is_allowed_and_probably_not_meant_is_a_hint(
    matchers: list[str], for_: timedelta | None, hints: list[str]
) -> None:
    hinted = Rule(name="shop", matchers=parse_matchers(",".join(matchers)), for_=for_)
    assert list(hinted.hints()) == hints
    assert list(Ruleset((hinted,)).hints()) == [f"rule shop: {hint}" for hint in hints]


class CountedLabels(Mapping[str, str]):
    """Labels that count how often a matcher looks at them."""

    def __init__(self, labels: dict[str, str]) -> None:
        self.labels = labels
        self.looks = 0

    def __getitem__(self, name: str) -> str:
        self.looks += 1
        return self.labels[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

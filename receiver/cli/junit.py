"""The JUnit report of rule tests, as CI systems read it."""

import re
from collections.abc import Callable, Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from receiver.policy.ruletests.trial import Outcome
from receiver.ruletests import FileOutcome

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_report(files: Iterable[FileOutcome], told: Callable[[Outcome], str]) -> bytes:
    """Return the report: a suite for each file, a case for each test, an error for a file with faults.

    `told` says in words what was expected of a failed test and what was decided instead.
    """
    root = Element("testsuites")
    for file in files:
        _add_suite(root, file, told)
    indent(root)
    report: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return report + b"\n"


def _add_suite(root: Element, file: FileOutcome, told: Callable[[Outcome], str]) -> None:
    name = _clean(str(file.file))
    failures = sum(not outcome.passed for outcome in file.outcomes)
    errors = 1 if file.problems else 0
    counts = {"tests": len(file.outcomes) + errors, "failures": failures, "errors": errors}
    texts = {key: str(count) for key, count in counts.items()}
    suite = SubElement(root, "testsuite", {"name": name, **texts})
    if file.problems:
        case = SubElement(suite, "testcase", {"classname": name, "name": "the file and its rules are valid"})
        text = _clean("\n".join(map(str, file.problems)))
        SubElement(case, "error", {"message": text.splitlines()[0]}).text = text
    for outcome in file.outcomes:
        case = SubElement(suite, "testcase", {"classname": name, "name": _clean(outcome.name)})
        if not outcome.passed:
            _add_failure(case, _clean(told(outcome)))


def _add_failure(case: Element, text: str) -> None:
    """Put the lines before the tables into the message, all of them into the text."""
    message = "; ".join(" ".join(line.split()) for line in text.partition("\n\n")[0].splitlines())
    SubElement(case, "failure", {"message": message}).text = text


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)

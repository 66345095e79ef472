"""`python -m bench [NAME…]`: run the measurements, all of them or those named."""

import sys

from bench import corpus, judging, latency, matching, page, sandbox, storm
from bench.stage import stage

ALONE = {
    "corpus": corpus.measure,
    "judging": judging.measure,
    "matching": matching.measure,
    "sandbox": sandbox.measure,
}
ON_A_CLUSTER = {"latency": latency.measure, "page": page.measure, "storm": storm.measure}


def main() -> None:
    wanted = sys.argv[1:] or [*ALONE, *ON_A_CLUSTER]
    for name in wanted:
        if name in ALONE:
            ALONE[name]()
    for name in wanted:
        if name in ON_A_CLUSTER:
            with stage() as made:
                ON_A_CLUSTER[name](made)


main()

"""In which namespaces receivers keep their records: where there are records, or a ledger."""

from receiver.cluster.api import Api, path
from receiver.cluster.errors import ClusterError, Unavailable
from receiver.cluster.ledger import NAME
from receiver.cluster.pages import PAGE, listed
from receiver.policy.record import GROUP, PLURAL, VERSION


def find_homes(api: Api) -> frozenset[str]:
    """Return the namespaces, as far as whoever asks may look for them; none where that is not allowed.

    Raises:
        Unavailable: the API server does not answer.
    """
    places: tuple[tuple[str, dict[str, str]], ...] = (
        (path("apis", GROUP, VERSION, PLURAL), {}),
        (path("api", "v1", "configmaps"), {"fieldSelector": f"metadata.name={NAME}"}),
    )
    found: set[str] = set()
    for folder, query in places:
        try:
            found |= {raw["metadata"]["namespace"] for raw in listed(api, folder, query, limit=PAGE)}
        except Unavailable:
            raise
        except ClusterError:
            continue
    return frozenset(found)

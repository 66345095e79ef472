"""Lists, page by page, as far as anybody wants to read on."""

from collections.abc import Iterator, Mapping

from receiver.cluster.api import Api, Object

PAGE = 500


def listed(api: Api, folder: str, query: Mapping[str, str], *, limit: int) -> Iterator[Object]:
    """Yield the objects of a folder; the next page of at most `limit` is read only when it is needed.

    Raises:
        ClusterError: a page could not be read.
    """
    continue_: str | None = None
    while True:
        page = {"limit": str(limit), **({"continue": continue_} if continue_ else {})}
        found = api.call("GET", folder, query={**query, **page})
        yield from found["items"]
        continue_ = found["metadata"].get("continue")
        if not continue_:
            return

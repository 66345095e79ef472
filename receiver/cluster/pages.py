"""Lists, page by page, as far as anybody wants to read on."""

from collections.abc import Iterator, Mapping

from receiver.cluster.api import Api, Object

PAGE = 500


def page(
    api: Api, folder: str, query: Mapping[str, str], *, limit: int, continue_: str | None = None
) -> Object:
    """Read one page of a folder, as the API server gives it; `continue_` is where the one before ended.

    Raises:
        ClusterError: it could not be read.
    """
    place = {"limit": str(limit), **({"continue": continue_} if continue_ else {})}
    return api.call("GET", folder, query={**query, **place})


def listed(api: Api, folder: str, query: Mapping[str, str], *, limit: int) -> Iterator[Object]:
    """Yield the objects of a folder; the next page of at most `limit` is read only when it is needed.

    Raises:
        ClusterError: a page could not be read.
    """
    continue_: str | None = None
    while True:
        found = page(api, folder, query, limit=limit, continue_=continue_)
        yield from found["items"]
        continue_ = found["metadata"].get("continue")
        if not continue_:
            return

"""What a request asks for beside the object: to change nothing, to take no unknown field."""

from typing import Any

from receiver.sandbox import admission, errors
from receiver.sandbox.exchange import Request
from receiver.sandbox.resources import Resource

Object = dict[str, Any]
OPTIONS = {
    "POST": "CreateOptions",
    "PUT": "UpdateOptions",
    "PATCH": "PatchOptions",
    "DELETE": "DeleteOptions",
}


def dry_run(request: Request) -> bool:
    """Tell whether a request is to change nothing.

    Raises:
        ApiError: 422 another value than All, or another fieldValidation than the three.
    """
    query, options = request.query, OPTIONS[request.method]
    asked = query.get("dryRun", "")
    if asked not in {"", "All"}:
        why = f'Unsupported value: ["{asked}"]: supported values: "All"'
        raise errors.invalid("meta.k8s.io", options, "", [("dryRun", "FieldValueNotSupported", why)])
    validation = query.get("fieldValidation", "")
    if validation not in {"", "Ignore", "Strict", "Warn"}:
        why = f'Unsupported value: "{validation}": supported values: "", "Ignore", "Strict", "Warn"'
        raise errors.invalid("meta.k8s.io", options, "", [("fieldValidation", "FieldValueNotSupported", why)])
    return asked == "All"


def check_fields(request: Request, resource: Resource, obj: Object) -> None:
    """Refuse unknown fields where the client asks for that, as kubectl does.

    Raises:
        ApiError: 400; 422 of a patch's outcome.
    """
    if request.query.get("fieldValidation") != "Strict":
        return
    try:
        admission.refuse_unknown(resource, obj)
    except errors.ApiError as e:
        if request.method != "PATCH":
            raise
        said = str(e).partition("strict decoding error: ")[2]
        why = f'Invalid value: "{request.body.decode()}": strict decoding error: {said}'
        raise errors.invalid("", "", "", [("patch", "FieldValueInvalid", why)]) from e

"""Pictures that come with a form: no larger than can be kept, and kept before anything else is checked."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import File, Request, Response, UploadFile
from fastapi.routing import APIRoute

from api.context import AppContext
from api.problems import Problem
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store.records.life_cycle import By, editing
from plagewatch.store.records.stored_files import MOST_BYTES, is_kept, keep_picture
from plagewatch.tickets.texts import N_

MOST_BODY_BYTES = MOST_BYTES + 100_000  # the other fields of the form

Photo = Annotated[UploadFile | None, File()]
"""A form's field; an empty one comes as a file without a name."""


class LimitedBody(APIRoute):
    """Refuses a request that is larger than any picture before a byte of it is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def limited(request: Request) -> Response:
            length = request.headers.get("content-length", "0" if request.method == "GET" else "")
            if not length.isdecimal() or int(length) > MOST_BODY_BYTES:
                what = f"The request is larger than {MOST_BODY_BYTES} bytes, or does not say how large it is."
                raise Problem(413, what, "headers: Content-Length", f"Send a picture of up to {MOST_BYTES} bytes.")
            return await handle(request)

        return limited


def photo_typed(context: AppContext, upload: UploadFile | None, known: str, by: By) -> str:
    """The id of the picture that a form brought, or of one that it brought before; empty where there is none.

    Raises EditRefused.
    """
    if upload is None or not upload.filename:
        if known and not is_kept(context.engine, known):
            raise EditRefused(Refusal.FILE, N_("The picture is not here any more: choose it again."))
        return known
    content = upload.file.read(MOST_BYTES + 1)
    with editing(context.engine) as connection:
        return keep_picture(connection, upload.filename, content, by)

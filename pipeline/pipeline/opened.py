"""The parts that a request to the API works with, as its routes ask for them."""

from typing import Annotated

from fastapi import Depends, Request

from pipeline.parts import Parts


def _parts(request: Request) -> Parts:
    opened: Parts = request.app.state.parts
    return opened


Opened = Annotated[Parts, Depends(_parts)]

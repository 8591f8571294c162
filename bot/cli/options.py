"""Arguments and options that several commands take, with the words of their help."""

from __future__ import annotations

from typing import Annotated

import typer

Finess = Annotated[str, typer.Argument(help="FINESS number of the facility.")]
OfFacility = Annotated[str, typer.Option(help="FINESS number of the facility.")]
OneFacility = Annotated[str, typer.Option(help="One facility only: its FINESS number.")]
AtMost = Annotated[int, typer.Option(help="At most that many.", min=1)]

"""The bulletin that most tests publish: FortiOS below 7.2.12 is vulnerable."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from feeds.advisory import Advisory, AdvisoryKind, AffectedProduct

FORTIOS = "FortiOS versions 7.2.x antérieures à 7.2.12"
REFERENCES = {
    AdvisoryKind.ALERTE: "CERTFR-2026-ALE-9001",
    AdvisoryKind.AVIS: "CERTFR-2026-AVI-9001",
}


def fortios(
    at: datetime, kind: AdvisoryKind, *, row: str = FORTIOS, reference: str = "", **more: Any
) -> Advisory:
    """CERT-FR's bulletin published at that moment; ``more``: other fields of an advisory."""
    said: dict[str, Any] = {
        "publisher": "CERT-FR",
        "reference": reference or REFERENCES[kind],
        "kind": kind,
        "title": "Vulnérabilité dans FortiOS",
        "published_at": at,
        "revised_at": at,
        "affected": (AffectedProduct(row, "Fortinet", "FortiOS"),),
    }
    return Advisory(**said | more)

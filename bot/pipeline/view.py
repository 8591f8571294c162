"""What the people of a facility read of an alert."""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from bot.domain.alert import AlertView, AssetLine, Coverage, LotView, Why
from bot.domain.matching import Span, VerdictKind
from bot.domain.question import product_name
from bot.domain.reason import all_reasons
from bot.domain.reference import combine
from bot.domain.scope import together
from bot.pipeline.concern import Concern, concerns, display_name
from bot.store import Session, advisories, facilities, inventory, lots
from bot.store.alerts import Alert
from bot.store.lots import Answer, Lot
from bot.store.verdicts import MatchedAsset
from feeds.advisory import AffectedProduct
from feeds.affected import spoken_versions

MADE_UP = re.compile(r"[0-9a-f]{16}(-\d+)?")  # the importer's, for a line without an id
_ROW = re.compile(r"affected\[(\d+)\]\.")


def alert_views(
    session: Session, asked: Sequence[Alert], *, language: str = "fr"
) -> list[AlertView]:
    """Alerts as they stand now, in the order asked, for somebody who asks to see them."""
    owners = sorted({alert.facility_id for alert in asked})
    revisions = advisories.by_ids(session, sorted({alert.revision_id for alert in asked}))
    by_id = {revision.id: revision for revision in revisions}
    found = {
        (concern.revision.id, concern.facility.id): concern
        for concern in concerns(session, revisions, facility_ids=owners, since_day_one=False)
    }
    known = facilities.by_ids(session, owners)
    covered = inventory.coverage(session, owners)
    views = []
    for alert in asked:
        concern = found.get((alert.revision_id, alert.facility_id))
        if concern is None:  # the machines it concerned are gone
            concern = Concern(by_id[alert.revision_id], known[alert.facility_id], ())
        shown = view(concern, alert, covered[alert.facility_id])
        views.append(dataclasses.replace(shown, language=language))
    return views


def view(concern: Concern, alert: Alert, covered: Coverage) -> AlertView:
    """What the people of one facility read of an alert."""
    advisory = concern.revision.advisory
    return AlertView(
        reference=alert.reference,
        facility=concern.facility.name,
        finess=concern.facility.finess,
        publisher=advisory.publisher,
        advisory=advisory.reference,
        kind=advisory.kind,
        title=advisory.title,
        url=advisory.url,
        summary=advisory.summary,
        tlp=advisory.tlp,
        published_at=advisory.published_at,
        product=alert.headline,
        target=alert.target,
        affected=tuple(_line(asset) for asset in concern.affected),
        to_check=tuple(_line(asset) for asset in concern.to_check),
        why=_why(concern.assets, advisory.affected),
        advice=_advice(concern),
        risks=advisory.risks,
        cves=advisory.cves,
        references=advisory.references,
        urgency_reasons=alert.reasons,
        exploited=concern.exploited,
        pap=advisory.pap,
        functions=advisory.audience.functions if advisory.audience else (),
        coverage=covered,
    )


def lot_views(session: Session, alert_id: uuid.UUID, time_zone: str) -> tuple[LotView, ...]:
    """How each lot of an alert stands, with the last answer, dated where the facility is."""
    return shown_lots(lots.of_alert(session, alert_id), lots.answers(session, alert_id), time_zone)


def shown_lots(
    parts: Iterable[Lot], answered: Iterable[Answer], time_zone: str
) -> tuple[LotView, ...]:
    """The same, of lots and answers that were read already; ``answered`` in order."""
    last = {answer.category: answer for answer in answered}
    zone = ZoneInfo(time_zone)
    found = []
    for lot in parts:
        said = last.get(lot.category)
        shown = LotView(lot.category, lot.state)
        if said is not None:
            shown = dataclasses.replace(
                shown,
                person=said.person,
                at=said.at.astimezone(zone),
                note=said.note,
                due=said.due,
            )
        found.append(shown)
    return tuple(found)


def merged(views: Sequence[AlertView]) -> AlertView:
    """One view for several facilities told at one address: each asset says whose it is."""
    first = views[0]
    if len(views) == 1:
        return first
    return dataclasses.replace(
        first,
        reference=combine([each.reference for each in views]),
        facility=", ".join(each.facility for each in views),
        finess=", ".join(each.finess for each in views),
        target=" / ".join(dict.fromkeys(each.target for each in views if each.target)),
        affected=tuple(_owned(each, line) for each in views for line in each.affected),
        to_check=tuple(_owned(each, line) for each in views for line in each.to_check),
        why=tuple(dict.fromkeys(why for each in views for why in each.why)),
        only=tuple(dict.fromkeys(lot for each in views for lot in each.only))
        if all(each.only for each in views)
        else (),
        change=together([each.change for each in views]),
        urgency_reasons=all_reasons(each.urgency_reasons for each in views),
        coverage=Coverage(
            total=sum(each.coverage.total for each in views),
            assessed=sum(each.coverage.assessed for each in views),
            without_version=sum(each.coverage.without_version for each in views),
            unrecognised=sum(each.coverage.unrecognised for each in views),
            uploaded_on=min(
                (each.coverage.uploaded_on for each in views if each.coverage.uploaded_on),
                default=None,
            ),
        ),
    )


def _owned(owner: AlertView, line: AssetLine) -> AssetLine:
    return dataclasses.replace(line, facility=owner.facility)


def _line(asset: MatchedAsset) -> AssetLine:
    verdict = asset.verdict
    return AssetLine(
        name=asset.name or ("" if MADE_UP.fullmatch(asset.line_id) else asset.line_id),
        product=display_name(asset),
        version=asset.version,
        category=asset.category,
        location=asset.location,
        quantity=asset.quantity,
        target=verdict.target,
        doubt=verdict.reason if verdict.kind is VerdictKind.REVIEW else "",
    )


def _advice(concern: Concern) -> tuple[str, ...]:
    """What to do about the products of this facility, where the bulletin says it of each."""
    advisory = concern.revision.advisory
    decided = (asset.verdict.span for asset in concern.assets)
    rows = [_row_of(span, advisory.affected) for span in decided if span]
    fixes = list(dict.fromkeys(row.fix for row in rows if row and row.fix))
    own = tuple(each for each in advisory.advice if any(each in fix for fix in fixes))
    return own or tuple(fixes) or advisory.advice


def _why(assets: Iterable[MatchedAsset], rows: Sequence[AffectedProduct]) -> tuple[Why, ...]:
    """The words that decided, each once, with the products they decided for.

    One quotation may decide in two ways (below the bound; version missing): the first
    reason, that of what is sure, is kept.
    """
    found: dict[tuple[str, str], tuple[str, dict[str, None]]] = {}
    for asset in sorted(assets, key=lambda a: a.verdict.kind is not VerdictKind.AFFECTED):
        said = cited(asset.verdict.span, rows)
        _, products = found.setdefault(said, (asset.verdict.reason, {}))
        products[display_name(asset)] = None
    return tuple(
        Why(reason, quote, tuple(names), named) for (named, quote), (reason, names) in found.items()
    )


def cited(span: Span | None, rows: Sequence[AffectedProduct]) -> tuple[str, str]:
    """The publisher's product and words; the product is empty where the words name it."""
    if span is None:
        return "", ""
    row = _row_of(span, rows)
    if row is None or not span.field.endswith(".versions"):
        return "", span.text
    return product_name(row.vendor, row.product), spoken_versions(span.text)


def _row_of(span: Span, rows: Sequence[AffectedProduct]) -> AffectedProduct | None:
    """The row of the bulletin that a span stands in; None for prose."""
    found = _ROW.match(span.field)
    return rows[int(found[1])] if found and int(found[1]) < len(rows) else None

"""Dated releases, as vendors name them in what CERT-FR refers to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.resources import config_folder
from feeds.advisory import Advisory, AdvisoryKind, Reference
from feeds.releases import Releases, ReleasesError, read_releases


@pytest.fixture(scope="module")
def releases() -> Releases:
    return read_releases((config_folder() / "releases.toml").read_text("utf-8"))


def bulletin(day: str, *urls: str) -> Advisory:
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return Advisory(
        publisher="CERT-FR",
        reference="CERTFR-2025-AVI-9001",
        kind=AdvisoryKind.AVIS,
        title="Multiples vulnérabilités",
        published_at=at,
        revised_at=at,
        references=tuple(Reference("Bulletin de sécurité", url) for url in urls),
    )


MSRC = "https://msrc.microsoft.com/update-guide/vulnerability/CVE-2025-24984"


@pytest.mark.parametrize(
    ("day", "url", "month"),
    [
        ("2025-03-11", MSRC, "2025-03"),  # the second Tuesday
        ("2025-03-12", MSRC, "2025-03"),
        ("2025-03-14", MSRC, None),  # another day: out of band
        ("2025-03-05", MSRC, None),
        ("2025-04-16", "https://www.oracle.com/security-alerts/cpuapr2025.html", "2025-04"),
        ("2024-01-17", "https://www.oracle.com/security-alerts/cpujan2024verbose.html", "2024-01"),
        (
            "2025-04-09",
            "https://support.sap.com/en/my-support/knowledge-base/security-notes-news/april-2025.html",
            "2025-04",
        ),
        ("2025-03-05", "https://source.android.com/docs/security/bulletin/2025-03-01", "2025-03"),
        ("2025-03-12", "https://msrc.microsoft.com.example/update-guide", None),
    ],
)
def test_a_bulletin_belongs_to_the_release_it_names(
    releases: Releases, day: str, url: str, month: str | None
) -> None:
    found = releases.of(bulletin(day, url))
    assert (found.month if found else None) == month


def test_a_bulletin_of_several_vendors_has_no_release(releases: Releases) -> None:
    assert (
        releases.of(bulletin("2025-03-12", MSRC, "https://helpx.adobe.com/apsb25-14.html")) is None
    )
    assert releases.of(bulletin("2025-03-12")) is None


def test_notes_that_are_applied_one_by_one_are_not_cumulative(releases: Releases) -> None:
    url = "https://support.sap.com/notes/april-2025.html"
    found = releases.of(bulletin("2025-04-09", url))
    assert found is not None
    assert not found.cumulative


@pytest.mark.parametrize(
    "text",
    ["[[vendor", "[[vendor]]\nname = 'x'\n", "[[vendor]]\nname='x'\nhosts=[]\nwhen=1\n"],
)
def test_a_wrong_file_says_so(text: str) -> None:
    with pytest.raises(ReleasesError, match=r"releases\.toml"):
        read_releases(text)

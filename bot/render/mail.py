"""The HTML of a mail: the message's fragment in a sober page, styles written inline.

Many webmails drop style sheets, so that each ``class`` gets its rules as a ``style``; the
classes stay for the dark-mode rules in the page's head. Elsewhere (Matrix) classes go.
"""

from __future__ import annotations

import re
from pathlib import Path

from bot.render.errors import TemplateError

CLASS = re.compile(r' class="([a-z -]+)"')
RULE = re.compile(r"\.([a-z-]+)\s*\{([^}]*)\}")
HEADING = re.compile(r'<h([34])( class="(?:headline|title)")>(.*?)</h\1>', re.DOTALL)
LEVELS = {"3": "1", "4": "2"}  # a room's message is a small part of a page, a mail is the page
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def load_styles(templates: Path) -> dict[str, str]:
    """Read ``mail/mail.css``: one rule a class, nothing else.

    Raises:
        TemplateError: the file is missing.
    """
    path = templates / "mail" / "mail.css"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TemplateError(f"{path}: {error}") from error
    return {name: " ".join(rules.split()) for name, rules in RULE.findall(COMMENT.sub("", text))}


def with_styles(html: str, styles: dict[str, str]) -> str:
    """Write the rules of each class beside it. Foreign text holds no quote: it cannot match.

    Raises:
        TemplateError: a class that has no rule.
    """

    def styled(found: re.Match[str]) -> str:
        unknown = [name for name in found[1].split() if name not in styles]
        if unknown:
            raise TemplateError(f"mail/mail.css has no rule for class {', '.join(unknown)}")
        rules = " ".join(styles[name] for name in found[1].split())
        return f'{found[0]} style="{rules}"'

    return CLASS.sub(styled, html)


def with_page_headings(html: str) -> str:
    """Raise our own headings to those of a whole page, for readers that listen to it."""

    def raised(found: re.Match[str]) -> str:
        level = LEVELS[found[1]]
        return f"<h{level}{found[2]}>{found[3]}</h{level}>"

    return HEADING.sub(raised, html)


def without_classes(html: str) -> str:
    """The fragment as Matrix takes it: tags alone."""
    return CLASS.sub("", html)

"""The words somebody wrote in a reply, out of the text or HTML of the whole mail. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from bot.domain.wording import fold

SEPARATORS = (  # folded: lower case, no accents; below each begins what is quoted
    re.compile(
        r"-{2,} ?(message d'origine|original message|message (original|initial|transfere)"
        r"|mail original|courriel original|forwarded message|reply message|reponse) ?-*"
    ),
    re.compile(r"[_=-]{10,}"),
    re.compile(r"(le|on) .{6,150}\b(a ecrit|wrote) ?:"),
    re.compile(r"(am|el|il) .{6,150}\b(schrieb.*|escribio|ha scritto) ?:"),
)
BLOCK = re.compile(r"\*?(de|from|expediteur|von) ?:\*? ?.+")
BLOCK_NEXT = re.compile(r"\*?(envoye( le)?|sent|date|a|to|objet|subject|cc) ?:")
SIGNED_OFF = (
    re.compile(r"--"),
    re.compile(r"(envoye|sent) (de(puis)?|from|a partir|avec|with|via)\b.*"),
    re.compile(r"(obtenez|telecharge[rz]|get|download) outlook\b.*"),
)
GREETING = re.compile(
    r"(bonjour|bonsoir|hello|hi|cher\w*|mesdames|messieurs|madame|monsieur)\b"
    r"( (madame|monsieur|docteur|a tous|a toutes))*\s*(?P<comma>[,.!]?)"
)
ATTRIBUTION_LINES = 3  # a long « Le … a écrit : » is wrapped
BLOCK_LINES = 3  # how soon after « De : » another header must come
DROPPED = {"blockquote", "style", "script", "head", "title"}
QUOTED_IDS = re.compile(
    r"(gmail_quote|divrplyfwdmsg|appendonsend|mail-editor-reference|zwchr"
    r"|yahoo_quoted|protonmail_quote|stopspelling)",
    re.IGNORECASE,
)
BREAKS = {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "hr", "table", "ul", "ol"}
VOID = {"br", "hr", "img", "meta", "link", "input", "wbr", "col", "area", "base"}


def answer_text(text: str) -> str:
    """What stands above the quotation and the signature, without a greeting.

    A reply written below what it quotes, as Thunderbird proposes, is read there instead.
    """
    lines = [line.replace("\u00a0", " ").rstrip("\r") for line in text.splitlines()]
    return _own(lines) or _own(_below_quotation(lines))


def _own(lines: list[str]) -> str:
    kept: list[str] = []
    for number, line in enumerate(lines):
        if _ends_here(lines, number):
            break
        if kept or line.strip():
            kept.append(line.strip())
    return "\n".join(_without_greeting(kept)).strip()


def _without_greeting(lines: list[str]) -> list[str]:
    """« Bonjour, corrigé » is *corrigé*; « Bonjour le support » above other words goes whole."""
    found = GREETING.match(fold(lines[0])) if lines else None
    if found is None:
        return lines
    alone = not any(lines[1:])
    rest = lines[0][found.end() :].strip() if found["comma"] or alone else ""
    return [rest, *lines[1:]]


def _ends_here(lines: list[str], number: int) -> bool:
    """Whether the author's words end before this line."""
    line = lines[number]
    if line.startswith(">"):
        return True
    said = fold(line)
    if any(pattern.fullmatch(said) for pattern in SIGNED_OFF):
        return True
    if any(pattern.fullmatch(said) for pattern in SEPARATORS):
        return True
    if said.startswith(("le ", "on ")) and _attributes(lines[number:]):
        return True
    following = (fold(each) for each in lines[number + 1 : number + 1 + BLOCK_LINES])
    return BLOCK.fullmatch(said) is not None and any(BLOCK_NEXT.match(f) for f in following)


def _attributes(lines: list[str]) -> bool:
    """Whether these lines begin with a « Le … a écrit : » that a client wrapped.

    « On it » above such a line is an answer: an empty line, or another beginning, ends it.
    """
    wrapped = [fold(lines[0])]
    for line in lines[1:ATTRIBUTION_LINES]:
        said = fold(line)
        if not said or said.startswith(("le ", "on ")):
            break
        wrapped.append(said)
    return SEPARATORS[2].match(" ".join(wrapped)) is not None


def _below_quotation(lines: list[str]) -> list[str]:
    """The lines under the last quoted one; none when nothing is quoted with ``>``."""
    quoted = [number for number, line in enumerate(lines) if line.startswith(">")]
    return lines[quoted[-1] + 1 :] if quoted else []


def html_text(html: str) -> str:
    """The text of a mail in HTML, one line a block, without the mail it answers."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts)


class _Reader(HTMLParser):
    """Collects text; skips what is quoted, and stops at what begins a quotation."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._skipped: list[str] = []  # open elements whose content is not the author's
        self._over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipped:
            if tag not in VOID:
                self._skipped.append(tag)
            return
        named = " ".join(value or "" for name, value in attrs if name in {"id", "class"})
        if QUOTED_IDS.search(named):
            self._over = True
        self._break(tag)
        if tag in DROPPED:
            self._skipped.append(tag)
        if tag == "blockquote" and not self._over:
            self.parts.append("> \n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._skipped:
            while self._skipped.pop() != tag:
                pass
        else:
            self._break(tag)

    def handle_data(self, data: str) -> None:
        if not (self._skipped or self._over):
            self.parts.append(re.sub(r"\s+", " ", data))

    def _break(self, tag: str) -> None:
        if tag in BREAKS and not (self._skipped or self._over):
            self.parts.append("\n")

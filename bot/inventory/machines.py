"""Machines as agents describe them: a system or a firmware, and the software installed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.domain.facility import AssetCategory, BadLine
from bot.inventory.base import Remark
from bot.inventory.cells import clean, fold
from bot.inventory.lines import Row

# a package of the distribution follows the distribution's own fixes, under its own numbers:
# the system's line stands for it, and comparing it with an upstream version would be wrong
_DISTRIBUTORS = re.compile(
    r"fedora project|red hat|centos|rocky|almalinux|debian|ubuntu|canonical|suse|oracle america|"
    r"oracle linux|alpine|arch linux",
    re.IGNORECASE,
)
_PACKAGES = {"rpm", "deb", "dpkg", "apk", "pacman"}
_WINDOWS_UPDATE = re.compile(
    r"\bKB\d{6,8}\b|^(?:security update|mise à jour de sécurité|hotfix|correctif) ", re.IGNORECASE
)
_SERVER_CHASSIS = {"server", "rack mount chassis", "rack mount", "blade", "main server chassis",
                   "blade enclosure", "multi system chassis"}  # fmt: skip
_DESK_CHASSIS = {"notebook", "laptop", "desktop", "low profile desktop", "pizza box", "tower",
                 "mini tower", "all in one", "tablet", "portable", "mini pc", "sub notebook",
                 "convertible", "detachable", "space saving", "hand held"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Software:
    """One installed software. ``origin`` is the package system (``rpm``), when it is one."""

    name: str
    version: str = ""
    publisher: str = ""
    origin: str = ""
    kind: str = ""  # what the agent says of it: "Security Update"

    @property
    def identity(self) -> str:
        """What stays when the software is upgraded: "7-Zip 24.09 (x64)" loses its version."""
        return fold(self.name.replace(self.version, " ") if self.version else self.name)

    @property
    def follows_the_system(self) -> bool:
        """Whether the line of the system stands for it: a distribution package, a patch."""
        if "update" in self.kind.casefold() or _WINDOWS_UPDATE.search(self.name):
            return True
        if self.origin.casefold() not in _PACKAGES:
            return False
        return not self.publisher or _DISTRIBUTORS.search(self.publisher) is not None


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine. ``key`` identifies it from one export to the next.

    ``product`` and ``version`` are the system's for a computer, the model and the firmware
    for anything else.
    """

    key: str
    name: str
    category: AssetCategory
    vendor: str = ""
    product: str = ""
    version: str = ""
    location: str = ""
    software: tuple[Software, ...] = ()


def computer_category(chassis: str, system: str) -> AssetCategory:
    """Server or workstation: the chassis says, else the system (virtual machines)."""
    word = fold(chassis)
    if word in _SERVER_CHASSIS:
        return AssetCategory.SERVER
    if word in _DESK_CHASSIS:
        return AssetCategory.WORKSTATION
    name = fold(system)
    if ("windows" in name and "server" not in name) or name.startswith(("mac", "os x")):
        return AssetCategory.WORKSTATION
    return AssetCategory.SERVER


def system_version(system: str, version: str, kernel: str) -> str:
    """The version that bulletins compare: the build of a Windows, the release of a Linux."""
    return (kernel or version) if "windows" in system.casefold() else version


def machine_rows(
    machines: Iterable[Machine | BadLine], remarks: list[Remark]
) -> Iterator[Row | BadLine]:
    """Yield a row for the machine and one for each software; ``number`` is the machine's rank.

    What is left out because the system stands for it is counted in ``remarks``.
    """
    for number, machine in enumerate(machines, start=1):
        if isinstance(machine, BadLine):
            yield machine
            continue
        base = Row(
            number,
            id=machine.key,
            name=machine.name,
            location=machine.location,
            default=machine.category,
        )
        if clean(machine.product) or not machine.software:
            yield base._replace(
                vendor=machine.vendor, product=machine.product, version=machine.version
            )
        kept = [each for each in machine.software if not each.follows_the_system]
        for software in kept:
            yield base._replace(
                id=f"{machine.key}/{software.identity}",
                vendor=software.publisher.partition("<")[0],  # "GitLab, Inc. <support@…>"
                product=software.name,
                version=software.version,
            )
        if left_out := len(machine.software) - len(kept):
            remarks.append(
                Remark(
                    number,
                    f"{machine.name} : paquets et correctifs du système non repris ({left_out}), "
                    "la ligne du système en tient lieu",
                )
            )

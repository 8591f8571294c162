"""A private Postfix on a loopback port that delivers into Maildirs."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path

from tests.servers.process import accepts, end, free_port, missing, wait_until

DOMAIN = "ch-exemple.example"
MAILBOXES = ("ssi", "rssi", "direction", "biomedical", "tocsin", "garde", "remplacant")
GONE = "parti"  # accepted, then returned to its sender
INTERNAL = (  # services of master.cf: name, type, wake-up, process limit, command
    "pickup unix 60 1 pickup",
    "cleanup unix - 0 cleanup",
    "qmgr unix 300 1 qmgr",
    "rewrite unix - - trivial-rewrite",
    "bounce unix - 0 bounce",
    "defer unix - 0 bounce",
    "trace unix - 0 bounce",
    "verify unix - 1 verify",
    "flush unix 1000? 0 flush",
    "proxymap unix - - proxymap",
    "proxywrite unix - 1 proxymap",
    "smtp unix - - smtp",
    "error unix - - error",
    "retry unix - - error",
    "discard unix - - discard",
    "local unix - - local",
    "virtual unix - - virtual",
    "anvil unix - 1 anvil",
    "scache unix - 1 scache",
    "postlog unix-dgram - 1 postlogd",
)
PUBLIC = {"pickup", "cleanup", "qmgr", "flush", "postlog"}  # sockets other programs use
DELIVERING = {"local", "virtual"}  # become the owner of the mailbox, so start as root


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running Postfix. Mailboxes are ``MAILBOXES`` at ``DOMAIN``; others are refused."""

    port: int
    mail: Path

    def delivered(self, mailbox: str, at_least: int, *, within: float = 20) -> list[EmailMessage]:
        """The mails in a mailbox, oldest first, once there are ``at_least`` of them."""
        raw = self.delivered_bytes(mailbox, at_least, within=within)
        return [message_from_bytes(each, policy=SMTP_POLICY) for each in raw]

    def delivered_bytes(self, mailbox: str, at_least: int, *, within: float = 20) -> list[bytes]:
        """The same, as they lie in the mailbox.

        A delivery is complete when it is in ``new``: Maildir moves it there whole.
        """
        folder = self.mail / mailbox / "new"
        deadline = time.monotonic() + within
        while len(paths := sorted(folder.glob("*"))) < at_least and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(paths) >= at_least, f"{len(paths)} mails in {mailbox}, expected {at_least}"
        return [path.read_bytes() for path in paths]


@contextmanager
def running_postfix() -> Iterator[Postfix]:
    """Run a private instance in a temporary folder and stop that instance alone."""
    postfix = shutil.which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if postfix is None:
        missing("Postfix", "apt-get install postfix, or run tests/servers/install as root")
    if os.geteuid() != 0:
        missing("a Postfix that can start", "it only starts as root")
    with tempfile.TemporaryDirectory(prefix="tocsin-postfix-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        log = folder / "maillog"
        _configure(folder, port)
        server = subprocess.Popen(
            [postfix, "-c", str(folder / "etc"), "start-fg"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: accepts(port), server, log)
            yield Postfix(port, folder / "mail")
        finally:
            # its own command: the master process leads a session that a signal to the
            # foreground script would not reach
            subprocess.run(
                [postfix, "-c", str(folder / "etc"), "stop"], check=False, capture_output=True
            )
            end(server)


def _configure(folder: Path, port: int) -> None:
    """Write main.cf, master.cf and the table of mailboxes."""
    etc, owner = folder / "etc", pwd.getpwnam("postfix")
    for name in ("etc", "queue", "data", "mail"):
        (folder / name).mkdir()
    for name in ("data", "mail"):
        os.chown(folder / name, owner.pw_uid, owner.pw_gid)
    settings = {
        "compatibility_level": "3.6",
        "queue_directory": folder / "queue",
        "data_directory": folder / "data",
        "maillog_file": folder / "maillog",
        "maillog_file_prefixes": folder,
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "myhostname": "relais.example",
        "mydestination": "",
        "mynetworks": "127.0.0.0/8",
        "smtpd_relay_restrictions": "reject_unauth_destination",
        "alias_maps": "",
        "alias_database": "",
        "virtual_mailbox_domains": DOMAIN,
        "virtual_mailbox_base": folder / "mail",
        "virtual_mailbox_maps": f"texthash:{etc / 'mailboxes'}",
        "virtual_alias_maps": f"texthash:{etc / 'aliases'}",
        "transport_maps": f"texthash:{etc / 'transport'}",
        "virtual_uid_maps": f"static:{owner.pw_uid}",
        "virtual_gid_maps": f"static:{owner.pw_gid}",
        "smtpd_peername_lookup": "no",
        "disable_dns_lookups": "yes",
        "message_size_limit": 1 << 20,
    }
    (etc / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    services = [f"127.0.0.1:{port} inet n - n - - smtpd"]
    for service in INTERNAL:
        name, kind, wake, limit, command = service.split()
        private = "n" if name in PUBLIC else "y"
        unprivileged = "n" if name in DELIVERING else "y"
        services.append(f"{name} {kind} {private} {unprivileged} n {wake} {limit} {command}")
    (etc / "master.cf").write_text("\n".join(services) + "\n")
    mailboxes = "".join(f"{name}@{DOMAIN} {name}/\n" for name in MAILBOXES)
    # refused only once accepted, as behind a relay that does not know every mailbox
    (etc / "aliases").write_text(f"{GONE}@{DOMAIN} {GONE}@ailleurs.example\n")
    (etc / "transport").write_text("ailleurs.example error:5.1.1 no such mailbox\n")
    (etc / "mailboxes").write_text(mailboxes)

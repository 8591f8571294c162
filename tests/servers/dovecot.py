"""A private Dovecot on a loopback port that serves the Maildirs Postfix fills, over TLS."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.certificates import make_loopback_tls
from tests.servers.postfix import Postfix
from tests.servers.process import accepts, end, free_port, missing, wait_until

PASSWORD, ACCENTED_PASSWORD = "mot-de-passe-de-test", "mot-de-passe-d-été"
CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{chain}
ssl_key = <{chain}
mail_location = maildir:{mail}/%u
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
default_internal_user = dovecot
default_login_user = dovenull
auth_mechanisms = plain
auth_failure_delay = 0
passdb {{
  driver = static
  args = password={password}
}}
passdb {{
  driver = static
  args = password={accented}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={mail}/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {starttls_port}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A running Dovecot: the users are the mailboxes of Postfix, all with either password."""

    port: int
    starttls_port: int
    ca_file: Path


@contextmanager
def running_dovecot(postfix: Postfix) -> Iterator[Dovecot]:
    """Run a private instance in a temporary folder and stop that instance alone."""
    dovecot = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if dovecot is None:
        missing("Dovecot", "apt-get install dovecot-imapd, or run tests/servers/install as root")
    if os.geteuid() != 0:
        missing("a Dovecot that can start", "it only starts as root")
    with tempfile.TemporaryDirectory(prefix="tocsin-dovecot-") as name:
        folder, port, starttls_port = Path(name), free_port(), free_port()
        folder.chmod(0o755)
        tls, owner = make_loopback_tls(folder), pwd.getpwnam("postfix")
        configuration = folder / "dovecot.conf"
        configuration.write_text(
            CONFIGURATION.format(
                folder=folder,
                mail=postfix.mail,
                uid=owner.pw_uid,
                gid=owner.pw_gid,
                password=PASSWORD,
                accented=ACCENTED_PASSWORD,
                port=port,
                starttls_port=starttls_port,
                chain=tls.chain,
            )
        )
        server = subprocess.Popen(
            [dovecot, "-F", "-c", str(configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: accepts(port) and accepts(starttls_port), server, folder / "log")
            yield Dovecot(port, starttls_port, tls.ca_file)
        finally:
            end(server)

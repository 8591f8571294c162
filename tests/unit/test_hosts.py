"""The list of hosts that a firewall has to let through."""

from __future__ import annotations

from pathlib import Path

from bot.app import Application
from bot.app.hosts import Peer, peers_of
from bot.settings import Settings


def test_every_host_is_named_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(
        '[[source]]\nname = "certsante"\nenabled = false\n'
        '[[source]]\nname = "voisin"\nkind = "rss"\nurl = "https://voisin.example:8443/rss?k=s3cret"\n'
        f'[[source]]\nname = "dossier"\nkind = "files"\nurl = "{tmp_path}"\n'
    )
    values = {
        "database_url": "postgresql://tocsin:s3cret@bdd.example/tocsin",
        "sources_file": tmp_path / "sources.toml",
        "network": {"proxy": "http://user:s3cret@proxy.example:3128"},
        "email": {"host": "smtp.example", "port": 587},
        "slack": {"bot_token": "xoxb-s3cret"},
        "matrix": {
            "homeserver": "https://matrix.example",
            "user": "@tocsin:example",
            "password": "s3cret",
            "pickle_key": "s3cret-of-16-characters",
        },
    }
    found = peers_of(Application(Settings.model_validate(values)))
    proxy = "proxy.example:3128"
    assert Peer("voisin.example", 8443, "source voisin", proxy) in found
    assert Peer("www.cert.ssi.gouv.fr", 443, "source certfr", proxy) in found
    assert Peer("matrix.example", 443, "matrix", proxy) in found
    assert Peer("slack.com", 443, "slack", proxy) in found
    assert Peer("*.slack.com", 443, "slack socket mode", proxy) in found
    assert Peer("smtp.example", 587, "mail relay") in found
    assert Peer("bdd.example", 5432, "database") in found
    assert "s3cret" not in str(found)
    assert not [each for each in found if each.used_for in {"source certsante", "source dossier"}]

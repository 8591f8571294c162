"""A real TAXII 2.1 server (medallion) on a loopback port, with its data in memory."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.process import accepts, end, free_port, servers_python, wait_until

USER, PASSWORD = "tocsin", "mot-de-passe-taxii"
OPEN, HIDDEN = "91a7b528-80eb-42ed-a74d-c6fbd5a26116", "64993447-4d7e-4f70-b94d-d7f33742ee63"
MEDIA_TYPE = "application/taxii+json;version=2.1"


@dataclass(frozen=True, slots=True)
class TaxiiServer:
    """A server with one collection that may be read and one that may not."""

    port: int

    @property
    def url(self) -> str:
        """The address of its discovery."""
        return f"http://127.0.0.1:{self.port}/taxii2/"

    def add(self, *objects: dict[str, Any]) -> None:
        """Publish objects in the open collection."""
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/root/collections/{OPEN}/objects/",
            data=json.dumps({"objects": objects}).encode(),
            headers={
                "Accept": MEDIA_TYPE,
                "Content-Type": MEDIA_TYPE,
                "Authorization": f"Basic {pair}",
            },
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 202


def _configuration(folder: Path, port: int) -> Path:
    def collection(identity: str, title: str, *, readable: bool) -> dict[str, Any]:
        return {
            "id": identity,
            "title": title,
            "can_read": readable,
            "can_write": True,
            "media_types": ["application/stix+json;version=2.1"],
            "objects": [],
            "manifest": [],
        }

    data = {
        "/discovery": {"title": "Test", "api_roots": [f"http://127.0.0.1:{port}/root/"]},
        "root": {
            "information": {
                "title": "Root",
                "versions": [MEDIA_TYPE],
                "max_content_length": 104857600,
            },
            "status": [],
            "collections": [
                collection(OPEN, "Bulletins", readable=True),
                collection(HIDDEN, "Fermée", readable=False),
            ],
        },
    }
    (folder / "data.json").write_text(json.dumps(data))
    configuration = folder / "medallion.json"
    configuration.write_text(
        json.dumps(
            {
                "backend": {
                    "module": "medallion.backends.memory_backend",
                    "module_class": "MemoryBackend",
                    "filename": str(folder / "data.json"),
                },
                "users": {USER: PASSWORD},
                "taxii": {"max_page_size": 3},
            }
        )
    )
    return configuration


@contextmanager
def running_medallion() -> Iterator[TaxiiServer]:
    """Start medallion; its pages hold three objects."""
    python = servers_python()
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "medallion.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    str(python.parent / "medallion"),
                    *("--host", "127.0.0.1", "--port", str(port)),
                    str(_configuration(folder, port)),
                ],
                cwd=folder,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(lambda: accepts(port), process, log)
            yield TaxiiServer(port)
        finally:
            end(process)

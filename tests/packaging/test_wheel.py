"""The wheel, installed away from the checkout, is all a person needs."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from bot import __version__
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built with what is installed here: no network."""
    out = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ``tocsin`` command in an environment that does not know the checkout.

    The libraries are those of this environment, reached by a path file: downloading them
    would need the network and show nothing more.
    """
    home = tmp_path_factory.mktemp("installed")
    venv.create(home / "venv", with_pip=False)
    (site_packages,) = (home / "venv").glob("lib/python*/site-packages")
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (site_packages / "libraries.pth").write_text("\n".join(libraries))
    pip = [sys.executable, "-m", "pip", "--python", str(home / "venv"), "install"]
    done = subprocess.run(
        [*pip, "--quiet", "--no-index", "--no-deps", "--force-reinstall", str(wheel)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return home / "venv" / "bin" / "tocsin"


def run(command: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it as a person would, away from the checkout and from this process's variables."""
    environ = {name: value for name, value in os.environ.items() if name in {"LANG", "PATH"}}
    return subprocess.run(
        [command, *arguments],
        cwd=folder,
        check=False,
        env={**environ, "HOME": str(folder), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_wheel_holds_its_data_and_two_packages(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"bot", "feeds"}
    assert "bot/_data/templates/alert/fr/text.j2" in names
    assert "bot/_data/config/default.toml" in names
    assert "bot/_data/config/demo/facilities.csv" in names
    shipped = {p.relative_to(ROOT) for f in ("templates", "config") for p in (ROOT / f).rglob("*")}
    files = {f"bot/_data/{path}" for path in shipped if (ROOT / path).is_file()}
    assert files <= set(names)


def test_the_installed_command_runs_the_demonstration(installed: Path, tmp_path: Path) -> None:
    version = run(installed, "--version", folder=tmp_path)
    assert (version.returncode, version.stdout) == (0, f"tocsin {__version__}\n")
    demo = run(installed, "demo", folder=tmp_path)
    assert demo.returncode == 0, demo.stderr
    assert "CERTFR-2026-AVI-9001" in demo.stdout
    (mails,) = tmp_path.glob("tocsin-demo-*/mails")
    assert list(mails.glob("*.eml"))


def test_the_installed_command_uses_its_own_code(installed: Path, tmp_path: Path) -> None:
    where = subprocess.run(
        [installed.with_name("python"), "-c", "import bot; print(bot.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(installed.parent.parent)

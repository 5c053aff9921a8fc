"""A real mail server, open or with TLS and login."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.mail.server import Post, guarded_post, open_post


@pytest.fixture
def post() -> Iterator[Post]:
    with open_post() as running:
        yield running


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], None]) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, made now."""
    binary = shutil.which("openssl")
    if binary is None:
        missing("NO OPENSSL: install openssl (Debian package `openssl`)")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = [str(binary), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return cert, key


@pytest.fixture
def secure_post(certificate: tuple[Path, Path]) -> Iterator[Post]:
    with guarded_post(*certificate) as running:
        yield running


@pytest.fixture
def trusted(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the server's certificate as an administrator would."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))

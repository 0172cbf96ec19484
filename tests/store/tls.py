"""A certificate authority and a server's certificate of it, made by openssl."""

import ssl
import subprocess
from pathlib import Path


def make(folder: Path, names: str = "IP:127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    """The authority's file, and what a server for those names uses."""
    authority, key, request, certificate = (folder / name for name in ("ca.pem", "key.pem", "request.pem", "cert.pem"))
    extensions = folder / "extensions"
    extensions.write_text(f"subjectAltName={names}\n")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    _openssl("req", "-x509", *curve, "-keyout", folder / "ca.key", "-out", authority, "-subj", "/CN=Test", "-days", "2")
    _openssl("req", *curve, "-keyout", key, "-out", request, "-subj", "/CN=server")
    signing: list[str | Path] = [
        "-CA",
        authority,
        "-CAkey",
        folder / "ca.key",
        "-CAcreateserial",
        "-extfile",
        extensions,
    ]
    _openssl("x509", "-req", "-in", request, "-out", certificate, "-days", "2", *signing)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return authority, context


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)

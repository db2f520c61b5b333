"""Files of every kind, an HTTP server and a store of objects."""

import gzip
import http.server
import io
import tarfile
import threading
import zipfile
from urllib.parse import urlsplit

import fsspec
import pyarrow as pa
import pytest

from pipeline import LINE, SOURCE
from pipeline.quarantine import without_origin


@pytest.fixture
def packed():
    """Bytes, packed: gz, zst, zip or tar of named members."""

    def of(kind, content):
        match kind:
            case "gz":
                return gzip.compress(content)
            case "zst":
                return pa.compress(content, "zstd", asbytes=True)
            case "zip":
                return zipped(content)
            case "tar":
                return tarred(content)
            case "tar.gz":
                return gzip.compress(tarred(content))

    return of


def zipped(members):
    """A zip of name -> bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(members):
    """A tar of name -> bytes, or of name -> fields of a TarInfo."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, dict):
                for field, value in content.items():
                    setattr(info, field, value)
                content = b""
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def read():
    """(rows, what was turned away) of everything a source holds, where they came from left out of the rows."""

    def of(source, origin=False):
        rows, away = [], []
        for name in source.state():
            for table, rejected in source.read(name):
                rows += (table if origin else without_origin(table)).to_pylist()
                away += (line for part in rejected for line in part.to_pylist())
        return rows, away

    return of


@pytest.fixture
def places(read):
    """(source, line) of each row."""
    return lambda source: [(row[SOURCE], row[LINE]) for row in read(source, origin=True)[0]]


@pytest.fixture
def served():
    """Serve name -> bytes over HTTP: `url` of the server, and the `requests` it was sent."""
    files, requests = {}, []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self)
            path = urlsplit(self.path).path.lstrip("/")
            if path.startswith("moved/"):
                self.send_response(302)
                self.send_header("Location", self.headers["X-To"] or f"/{path.removeprefix('moved/')}")
                self.end_headers()
                return
            content = files.get(path)
            self.send_response(*((404, f"Nothing at {self.path}") if content is None else (200,)))
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    class Served:
        url = f"http://127.0.0.1:{server.server_address[1]}"

        def __setitem__(self, name, content):
            files[name] = content

    served = Served()
    served.requests = requests
    yield served
    server.shutdown()
    server.server_close()


@pytest.fixture
def memory():
    """The file system memory://, empty before and after."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()

"""What every test can ask for: a store, a remote one, and a user's package that is written as the test goes."""

from __future__ import annotations

import importlib
import os
import secrets
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import pipeline
from pipeline import LocalStore, Pipeline, key, stage
from pipeline.fingerprint import firstparty, source

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # its thread draws random numbers while Hypothesis watches

ROOT = Path(pipeline.__file__).parents[1]

# The same examples every time, and no verdict on how fast a shared machine is.
settings.register_profile(
    "same", derandomize=True, deadline=None, max_examples=40, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("same")


class Project:
    """A user's folder at the end of the import path; what is written there is imported anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, file: str, text: str) -> None:
        """Write one file of a package, whose folders become packages; nothing of them stays imported."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        for folder in path.relative_to(self.folder).parents[:-1]:
            (self.folder / folder / "__init__.py").touch()
        path.write_text(textwrap.dedent(text))
        self.forget()

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace the one occurrence of a text in a file."""
        text = (self.folder / file).read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        self.write(file, text.replace(old, new))

    def load(self, target: str) -> Any:
        """`package.module:name`, imported from what the files say now."""
        self.forget()
        module, _, name = target.partition(":")
        return getattr(importlib.import_module(module), name)

    def forget(self) -> None:
        """Drop every module of the folder, and what was remembered of its code."""
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None)).startswith(str(self.folder)):
                del sys.modules[name]
        importlib.invalidate_caches()
        memory = (source.module, source.source_bytes, firstparty.siblings, firstparty._top, firstparty.is_first_party)
        for cached in (*memory, key._code, key._warn, key.versions, stage._ports):
            cached.cache_clear()

    def python(self, code: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a fresh interpreter in the folder."""
        return subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), *arguments],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{self.folder}", "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """An empty store, in a folder that does not exist yet."""
    return LocalStore(tmp_path / "store")


class Remote:
    """A place to push to, looked into without the code that is tested."""

    def __init__(self, url: str, folder: Path | None = None, client: Any = None) -> None:
        self.url, self.folder, self.client = url, folder, client
        self.environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")} if client else {}
        self.bucket = url.partition("://")[2].partition("/")[0]

    def names(self) -> list[str]:
        """The paths of all files, sorted."""
        if self.folder is not None:
            return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())
        listed = self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return sorted(one["Key"].removeprefix("team/") for one in listed)

    def read(self, path: str) -> bytes:
        """The bytes of a file."""
        if self.folder is not None:
            return (self.folder / path).read_bytes()
        return self.client.get_object(Bucket=self.bucket, Key=f"team/{path}")["Body"].read()

    def write(self, path: str, data: bytes) -> None:
        """Put other bytes in place of a file."""
        if self.folder is None:
            self.client.put_object(Bucket=self.bucket, Key=f"team/{path}", Body=data)
        else:
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(data)

    def remove(self, path: str) -> None:
        """Remove a file."""
        if self.folder is None:
            self.client.delete_object(Bucket=self.bucket, Key=f"team/{path}")
        else:
            (self.folder / path).unlink()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server that speaks S3."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["file", "s3"])
def remote(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Remote]:
    """An empty place to push to: a local folder, and a bucket behind the real S3 protocol."""
    if request.param == "file":
        yield Remote(f"file://{tmp_path}/the team's ünit", tmp_path / "the team's ünit")
        return
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("s3_server"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    bucket = f"bucket-{secrets.token_hex(6)}"
    client = boto3.client("s3")
    client.create_bucket(Bucket=bucket)
    yield Remote(f"s3://{bucket}/team", client=client)
    client.close()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """An empty user's folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # two edits within a second would share one
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    found = Project(folder)
    yield found
    found.forget()


@pytest.fixture
def why() -> Any:
    """A function: step -> why the plan would run it, for the steps that it would."""

    def explain(built: Pipeline, kept: LocalStore) -> dict[str, str]:
        return {step.name: step.why for step in pipeline.plan(built, kept).steps if step.action == "run"}

    return explain

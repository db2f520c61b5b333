"""A page in headless Chromium, over its own protocol: what it says on its console, what it asks the network for, how wide it is."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
TROUBLE = {"Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Page.javascriptDialogOpening"}


@dataclass
class Browser:
    """One tab. heard: its events since the last visit."""

    socket: Any
    heard: list[dict[str, Any]] = field(default_factory=list)
    _sent: int = 0

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._sent += 1
        self.socket.send(json.dumps({"id": self._sent, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv(timeout=60))
            if answer.get("id") == self._sent:
                assert "error" not in answer, answer
                return answer["result"]
            self.heard.append(answer)

    def visit(self, page: Path, *, width: int = 1280, dark: bool = False) -> None:
        """Load a file, with every event until it has been drawn in `heard`."""
        self.heard.clear()
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.ask("Page.navigate", url=page.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.heard):
            self.heard.append(json.loads(self.socket.recv(timeout=60)))

    def value(self, expression: str) -> Any:
        """What an expression comes to in the page; its policy binds the page alone."""
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    @property
    def troubles(self) -> list[dict[str, Any]]:
        """What was logged, thrown or popped up."""
        return [event for event in self.heard if event["method"] in TROUBLE]

    @property
    def requests(self) -> list[str]:
        """The URLs that were asked for."""
        return [e["params"]["request"]["url"] for e in self.heard if e["method"] == "Network.requestWillBeSent"]

    def picture(self, file: Path) -> None:
        """The whole page as PNG."""
        taken = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(taken["data"]))


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Chromium in a folder of its own, which leaves with the block."""
    from websockets.sync.client import connect

    assert CHROMIUM
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    process = subprocess.Popen(
        [CHROMIUM, *flags, *quiet, "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr
        address = next(found[1] for line in process.stderr if (found := re.search(r"listening on ws://([\d.:]+)/", line)))
        target = _first_tab(address)
        with connect(target, max_size=2**26, proxy=None) as socket:
            tab = Browser(socket)
            for domain in ("Page", "Runtime", "Log", "Network"):
                tab.ask(f"{domain}.enable")
            yield tab
    finally:
        process.terminate()
        process.wait(timeout=20)
        if process.stderr:
            process.stderr.close()


def _first_tab(address: str) -> str:
    from urllib.request import ProxyHandler, build_opener

    with build_opener(ProxyHandler({})).open(f"http://{address}/json/list", timeout=20) as answer:
        return next(tab["webSocketDebuggerUrl"] for tab in json.load(answer) if tab["type"] == "page")

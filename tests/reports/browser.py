"""Drives headless Chromium over its debugging protocol: what a reader sees of a page, as data and as a picture."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-extensions", "--remote-debugging-port=0", "--hide-scrollbars", "about:blank"),
)


@dataclass
class Seen:
    """What the browser noted of one page: uncaught errors, messages on its console, and requests it made."""

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


class Browser:
    """One Chromium with one page. The protocol is spoken on an event loop in a thread of its own."""

    def __init__(self, profile: Path) -> None:
        self._process = subprocess.Popen(
            [str(shutil.which("chromium")), *ARGUMENTS[:-1], f"--user-data-dir={profile}", ARGUMENTS[-1]],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if "DevTools listening on " in line:
                port = line.rpartition("ws://")[2].partition("/")[0]
                break
        else:
            raise RuntimeError("chromium ended before it could be driven")
        threading.Thread(target=self._process.stderr.read, daemon=True).start()  # a full pipe would stop it
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = asyncio.Event()
        self._seen = Seen()
        self._number = 0
        self._run(self._connect(port))

    def open(self, page: Path, width: int, *, dark: bool = False, media: str = "screen") -> Seen:
        """Open a file at a width in pixels, and wait until it is loaded and drawn."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Emulation.setEmulatedMedia", media=media, features=scheme)
        self._seen = Seen()
        self._run(self._navigate(page))
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return self._seen

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def screenshot(self, file: Path) -> None:
        """The whole page as a PNG."""
        self._save("Page.captureScreenshot", file, captureBeyondViewport=True)

    def pdf(self, file: Path) -> None:
        """The page as it is printed."""
        self._save("Page.printToPDF", file, printBackground=True)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol."""
        return dict(self._run(self._send(method, parameters)))

    def close(self) -> None:
        """End the browser."""
        with contextlib.suppress(Exception):
            self._run(self._session.close())
        self._process.kill()
        self._process.wait()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _save(self, method: str, file: Path, **parameters: Any) -> None:
        file.write_bytes(base64.b64decode(self.call(method, **parameters)["data"]))

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _connect(self, port: str) -> None:
        self._session = aiohttp.ClientSession()
        async with self._session.get(f"http://{port}/json/list") as answer:
            (page,) = [one for one in await answer.json() if one["type"] == "page"]
        self._socket = await self._session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0)
        self._reader = asyncio.create_task(self._read())
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self._send(f"{domain}.enable", {})

    async def _navigate(self, page: Path) -> None:
        self._loaded.clear()
        await self._send("Page.navigate", {"url": page.resolve().as_uri()})
        await self._loaded.wait()

    async def _send(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        answer = self._answers[self._number] = self._loop.create_future()
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        return await answer

    async def _read(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told.get("result", told))
            else:
                self._note(told["method"], told["params"])

    def _note(self, event: str, details: dict[str, Any]) -> None:
        if event == "Page.loadEventFired":
            self._loaded.set()
        elif event == "Runtime.exceptionThrown":
            self._seen.errors.append(json.dumps(details["exceptionDetails"])[:500])
        elif event == "Runtime.consoleAPICalled":
            self._seen.errors.append(f"console.{details['type']}: {json.dumps(details['args'])[:300]}")
        elif event == "Log.entryAdded":
            self._seen.errors.append(f"{details['entry']['source']}: {details['entry']['text'][:300]}")
        elif event == "Network.requestWillBeSent":
            self._seen.requests.append(details["request"]["url"][:200])


@contextlib.contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A running browser, ended afterwards."""
    running = Browser(profile)
    try:
        yield running
    finally:
        running.close()

"""A person's visit to a page, as the browser tests make it."""

from __future__ import annotations

import base64

import numpy as np

STRIP = 28  # the captions' height, in CSS pixels


class Look:
    """A fresh browser context on one page that notes every request and complaint.

    Args:
        browser: The running Chromium.
        address: The page; only its server may be asked for anything.
        ready: A selector that stands when the page can be used.
        device: As for a browser context.
    """

    def __init__(
        self,
        browser,
        address: str,
        ready: str = "#viewer [data-part='readout'] .numbers",
        **device,
    ) -> None:
        device.setdefault("viewport", {"width": 1280, "height": 1000})
        self.context = browser.new_context(accept_downloads=True, **device)
        self.page = self.context.new_page()
        self.devtools = None
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.left_early = False
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)
        self.home = "/".join(address.split("/")[:3])
        self.page.goto(address)
        self.page.wait_for_selector(ready)

    def _note(self, message) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def settle(self) -> None:
        """Two frames: the viewer draws at most once a frame."""
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def tab_to(self, selector: str, key: str = "Tab", most: int = 60) -> None:
        """Go there by keyboard."""
        for _ in range(most):
            self.page.keyboard.press(key)
            if self.page.evaluate("s => document.activeElement?.matches(s)", selector):
                return
        raise AssertionError(f"{selector} is not reached with {key}")

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        """One event of fingers on glass: touchStart, touchMove or touchEnd."""
        places = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        self.devtools = self.devtools or self.context.new_cdp_session(self.page)
        self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    def canvas(self) -> np.ndarray:
        """The canvas as the viewer drew it, H x W x 3."""
        flat, width, height = self.page.evaluate(
            """() => {
              const canvas = document.querySelector('#viewer .stage canvas');
              const { width, height } = canvas;
              const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
              let text = '';
              for (let i = 0; i < data.length; i += 32768) {
                text += String.fromCharCode(...data.subarray(i, i + 32768));
              }
              return [btoa(text), width, height];
            }"""
        )
        pixels = np.frombuffer(base64.b64decode(flat), np.uint8)
        return pixels.reshape(height, width, 4)[..., :3]

    def file_numbers(self, index: int) -> np.ndarray:
        """All numbers of a picture as the page reads them, H x W x C."""
        flat, width, height, channels, bits = self.page.evaluate(
            """async (index) => {
              const { viewer } = document.querySelector('#viewer .viewer');
              const { flat, width, height, channels, bits } = await viewer.pixels(index);
              let text = '';
              for (let i = 0; i < flat.length; i += 32768) {
                text += String.fromCharCode(...flat.subarray(i, i + 32768));
              }
              return [btoa(text), width, height, channels, bits];
            }""",
            index,
        )
        kind = np.dtype(np.uint8 if bits == 8 else ">u2")
        read = np.frombuffer(base64.b64decode(flat), kind).astype(kind.newbyteorder("="))
        return read.reshape((height, width, channels) if channels > 1 else (height, width))

    def numbers(self) -> list[tuple[tuple[int, int], list[int]]]:
        """For each picture, the pixel that is read and its numbers."""
        self.page.wait_for_function(
            "[...document.querySelectorAll('#viewer .numbers')].every(n => n.dataset.values)"
        )
        rows = self.page.eval_on_selector_all(
            "#viewer .numbers", "nodes => nodes.map(n => [n.dataset.at, n.dataset.values])"
        )
        return [
            (tuple(int(n) for n in at.split()), [int(n) for n in values.split()])
            for at, values in rows
        ]

    def pictures_arrived(self) -> None:
        """Wait until nothing is on its way: what another picture replaces is deleted at once."""
        self.page.wait_for_function("[...document.images].every(image => image.complete)")

    def close(self) -> None:
        """End the visit; nothing may have left the machine and nothing gone wrong unseen."""
        self.context.close()
        strangers = [
            url for url in self.requests if not url.startswith((self.home, "data:", "blob:"))
        ]
        assert not strangers
        complaints = [said for said in self.complaints if not self._is_gradios_own(said)]
        assert not complaints, complaints

    def _is_gradios_own(self, said: str) -> bool:
        """What Gradio says when a page is left before all its events have ended."""
        own = ("AbortError: signal is aborted", "Connection errored out")
        return self.left_early and any(words in said for words in own)

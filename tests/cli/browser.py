"""browser.py CHROMIUM COMMAND ... - pages of snn report, and of the documentation, in a browser without a window,
driven over its pipe.

    check PAGE.html LOG.csv    the page shows the figures of the log, works by keyboard, and reports no error
    hostile PAGE.html          no text of the page has become a script
    live URL PID               the page of a run that goes on shows more and more epochs; interrupted, that it ended
    time PAGE.html             milliseconds until the page is loaded and drawn
    site FOLDER                each page of the documentation fits into narrow and wide windows; the search finds
    shot PAGE.html OUT.png WIDTH [dark]
"""

import base64
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time


class Browser:
    """A page of Chromium. Messages are JSON that ends in a zero byte, on file descriptors 3 and 4."""

    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory(prefix="browser", ignore_cleanup_errors=True)
        to_browser, self.to = os.pipe()
        self.answers, from_browser = os.pipe()

        def place():
            a, b = os.dup(to_browser), os.dup(from_browser)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
             "--disable-dev-shm-usage", "--remote-debugging-pipe", "--user-data-dir=" + self.folder.name,
             "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=place, close_fds=False)
        os.close(to_browser)
        os.close(from_browser)
        self.rest, self.count, self.session, self.errors, self.loaded = b"", 0, None, [], False
        target = [t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page"][0]["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def read(self):
        while b"\0" not in self.rest:
            more = os.read(self.answers, 1 << 20)
            if not more:
                raise SystemExit("the browser has ended")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        message = json.loads(message)
        kind, about = message.get("method"), message.get("params", {})
        if kind == "Runtime.exceptionThrown":
            self.errors.append(about["exceptionDetails"].get("exception", {}).get("description", "exception"))
        elif kind == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
            self.errors.append(str([a.get("value") for a in about["args"]]))
        elif kind == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.errors.append(about["entry"]["text"])
        elif kind == "Page.loadEventFired":
            self.loaded = True
        elif kind == "Page.javascriptDialogOpening":
            self.errors.append("dialog: " + about["message"])
        return message

    def call(self, method, **params):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']}")
                return answer["result"]

    def open(self, address):
        self.loaded = False
        self.call("Page.navigate", url=address)
        while not self.loaded:
            self.read()

    def eval(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise SystemExit(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def drawn(self):
        self.eval("new Promise(f => requestAnimationFrame(() => requestAnimationFrame(() => "
                  "requestAnimationFrame(f))))")

    def width(self, width, height=900):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def key(self, name):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name,
                      windowsVirtualKeyCode={"ArrowRight": 39, "Tab": 9}[name])

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def address(path):
    return "file://" + os.path.abspath(path)


def check(browser, page, log):
    browser.open(address(page))
    browser.drawn()
    with open(log, newline="") as file:
        rows = list(csv.DictReader(file))
    for name in rows[0]:
        want = [float(row[name]) for row in rows if row[name]]
        have = browser.eval(f"[...document.querySelectorAll('td[data-column={name}]')].map(x => x.dataset.value)")
        have = [float(x) for x in have if x not in (None, "null")]
        assert have == want, (name, have, want)
    assert browser.eval("document.querySelectorAll('.chart canvas').length") >= 2, "the curves are not drawn"
    browser.eval("document.getElementById('sample').focus()")
    before = browser.eval("document.querySelector('output').textContent")
    browser.key("ArrowRight")
    after = browser.eval("document.querySelector('output').textContent")
    assert before != after, "the arrow key does not move the slider"
    for width in (360, 1440):
        browser.width(width)
        browser.drawn()
        wide = browser.eval("document.documentElement.scrollWidth")
        assert wide <= width, f"at {width} pixels the page is {wide} wide"
    unnamed = browser.eval("[...document.querySelectorAll('[role=img],[role=region],input,select,canvas.pixels')]"
                           ".filter(x => !x.getAttribute('aria-label') && !x.labels?.length).length")
    assert unnamed == 0, f"{unnamed} figures or controls have no name"


def hostile(browser, page):
    browser.open(address(page))
    browser.drawn()
    assert "<script" in browser.eval("document.body.textContent"), "the hostile text is not shown"
    assert browser.eval("document.querySelectorAll('img').length") == 0


def live(browser, where, pid):
    browser.open(where)
    epochs, stopped = set(), False
    for _ in range(300):
        says = browser.eval("document.getElementById('live').textContent")
        epochs.add(says)
        if "ended" in says:
            break
        if len(epochs) == 3 and not stopped:
            os.kill(int(pid), signal.SIGINT)
            stopped = True
        time.sleep(0.1)
    browser.errors = [e for e in browser.errors if "net::ERR" not in e]  # the run is over
    assert "ended" in says, says
    assert len(epochs) >= 3, epochs


def found(browser, words):
    """Titles that the search of the documentation shows."""
    browser.eval(f"search.focus(), search.value = {json.dumps(words)}, search.dispatchEvent(new Event('input'))")
    for _ in range(100):
        titles = browser.eval("[...document.querySelectorAll('#results:not([hidden]) b')].map(x => x.textContent)")
        if titles or browser.eval("!results.hidden"):
            return titles
        time.sleep(0.05)
    raise SystemExit(f"the search does not answer to {words!r}")


def site(browser, folder):
    pages = sorted(name for name in os.listdir(folder) if name.endswith(".html"))
    for name in pages:
        browser.open(address(os.path.join(folder, name)))
        for width in (360, 1440):
            browser.width(width)
            wide = browser.eval("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} wide at {width} pixels"
    browser.open(address(os.path.join(folder, "index.html")))
    for words, title in (("snn_trainer_step", "snn_trainer_step() · snn/trainer.h"), ("ottt trace", "OTTT"),
                         ("Recorder", "Recorder · snn")):
        titles = found(browser, words)
        assert any(title in t for t in titles[:5]), (words, titles[:5])
    assert found(browser, "nothinghasthisword") == []
    print(f"{len(pages)} pages")


def timed(browser, page):
    best = float("inf")
    for _ in range(5):
        begun = time.monotonic()
        browser.open(address(page))
        browser.drawn()
        best = min(best, time.monotonic() - begun)
    print(f"{1000 * best:.0f} ms")


def shot(browser, page, out, width, scheme="light"):
    browser.width(int(width))
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.open(address(page))
    browser.drawn()
    browser.width(int(width), browser.eval("document.documentElement.scrollHeight"))
    browser.drawn()
    with open(out, "wb") as file:
        file.write(base64.b64decode(browser.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]))


def main():
    browser = Browser(sys.argv[1])
    try:
        {"check": check, "hostile": hostile, "live": live, "time": timed, "site": site, "shot": shot}[sys.argv[2]](
            browser, *sys.argv[3:])
        assert not browser.errors, browser.errors
    finally:
        browser.close()


main()

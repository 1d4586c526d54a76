#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""status_page.py VIACTL SOCKET PID: clicks through the status page and reads it; stops the proxy in
the end. With LAB_PICTURES=FOLDER in the environment, pictures are left there."""
import json
import os
import signal
import subprocess
import sys
import time

from browser import Browser

VIACTL, SOCKET, PID = sys.argv[1], sys.argv[2], int(sys.argv[3])
URL = "http://127.0.0.1:9460/"
CORE = "#pools [data-pool=core] "
MEDIA = "#pools [data-pool=media] "


def ctl(*words):
    out = subprocess.run([VIACTL, "--socket", SOCKET, "--json", *words], check=True,
                         stdout=subprocess.PIPE).stdout
    return json.loads(out) if out.strip() else None


def equal(got, wanted, what):
    if got != wanted:
        raise SystemExit("FAIL: %s: got %r, wanted %r" % (what, got, wanted))


def picture(name):
    if os.environ.get("LAB_PICTURES"):
        page.picture(os.path.join(os.environ["LAB_PICTURES"], name + ".png"))


def rows(pool):
    """The names that a pool's table shows, in order."""
    return page.run("[...document.querySelectorAll('%stbody tr')]"
                    ".map((r) => r.cells[0].children[1].textContent)" % pool)


def cell(pool, name, column):
    return page.run("[...document.querySelectorAll('%stbody tr')].find((r) =>"
                    " r.cells[0].children[1].textContent === '%s').cells[%d].innerText"
                    % (pool, name, column))


def text(selector):
    return page.run("document.querySelector(%s).innerText" % json.dumps(selector))


def heading(pool, column):
    return "%sth:nth-child(%d)" % (pool, column)


page = Browser()
try:
    page.size(1280, 900)
    page.scheme("light")
    page.open(URL)
    page.wait("document.querySelectorAll('#pools tbody tr').length > 3")

    # What it shows is what the control socket says.
    status, pools = ctl("status"), ctl("pools")["pools"]
    equal(text("#node"), status["node"], "name of the node")
    equal(text("#state"), "forwarding", "state")
    equal(page.run("[...document.querySelectorAll('#pools [data-pool]')]"
                   ".map((e) => e.dataset.pool)"), [p["name"] for p in pools], "pools")
    equal(rows(CORE), ["core-1", "core-2", "core-3"], "backends of core")
    equal(text(CORE + ".live"), "3 of 3 live", "live backends of core")
    equal(cell(CORE, "core-1", 1).strip(), "up", "state of a backend")
    page.wait("parseFloat(document.querySelector('#tile-forwarded .value').innerText"
              ".replace(',', '')) > 100")
    page.wait("document.querySelector('#tile-latency .value').innerText.includes('median')")
    page.wait("document.querySelectorAll('#workers tbody tr').length === %d"
              % len(status["workers"]))
    drops = text("#drops")
    if "<img src=x onerror=alert(1)>" not in drops:
        raise SystemExit("FAIL: the example of a drop is not shown as it came: %r" % drops)
    equal(page.run("document.querySelectorAll('#drops img').length"), 0, "images out of a message")
    picture("light")

    # Sorting, by the mouse and by the keyboard.
    equal(len(rows(MEDIA)), 25, "rows of a long table at first")
    page.click(heading(MEDIA, 1) + " button")
    equal(page.run("document.querySelector('%s').getAttribute('aria-sort')" % heading(MEDIA, 1)),
          "ascending", "order after a click")
    equal(rows(MEDIA)[:3], ["m1", "m2", "m3"], "rows in order")
    page.run("document.querySelector('%s button').focus()" % heading(MEDIA, 1))
    page.key("Enter")
    equal(rows(MEDIA)[:3], ["m40", "m39", "m38"], "rows in the other order")
    page.click(heading(MEDIA, 4) + " button")
    equal(page.run("document.querySelector('%s').getAttribute('aria-sort')" % heading(MEDIA, 4)),
          "descending", "order of a column of numbers")
    page.click(heading(MEDIA, 4) + " button")
    equal(page.run("document.querySelector('%s').getAttribute('aria-sort')" % heading(MEDIA, 1)),
          "none", "order of the column before")
    equal(set(rows(MEDIA)[:10]), {"m%d" % n for n in range(31, 41)}, "standby ones by share")
    equal(rows(CORE), ["core-1", "core-2", "core-3"], "the other pool's order")
    page.click(MEDIA + ".more-rows")
    equal(len(rows(MEDIA)), 40, "all rows")

    # Filters; the text stays while the page refreshes.
    page.click("#find")
    page.type("m3")
    equal(sorted(rows(MEDIA)), sorted(["m3"] + ["m3%d" % n for n in range(10)]), "found by name")
    equal(rows(CORE), [], "rows of core then")
    asked = len(page.asked())
    page.wait("performance.now() > 0 && document.querySelector('#find').value === 'm3'")
    page.run("new Promise((done) => setTimeout(done, 4500))")
    if len(page.asked()) <= asked:
        raise SystemExit("FAIL: the page does not refresh itself")
    equal(page.run("document.activeElement.id"), "find", "focus after a refresh")
    equal(len(rows(MEDIA)), 11, "found after a refresh")
    page.run("(() => { const e = document.getElementById('find'); e.value = '10.2.0.12';"
             " e.dispatchEvent(new Event('input')); })()")
    equal(rows(CORE), ["core-2"], "found by address")
    page.run("(() => { const e = document.getElementById('find'); e.value = '';"
             " e.dispatchEvent(new Event('input')); })()")

    # A change shows, with its cause; what is not up comes first, and the filter finds it.
    ctl("backend", "set", "core", "core-2", "state=drain")
    page.wait("document.querySelector('%s.live').innerText === '2 of 3 live'" % CORE)
    equal(rows(CORE)[0], "core-2", "the first row")
    shown = cell(CORE, "core-2", 1)
    if "draining" not in shown or "operator" not in shown:
        raise SystemExit("FAIL: state and cause of core-2: %r" % shown)
    page.run("(() => { const e = document.getElementById('only'); e.value = 'drain';"
             " e.dispatchEvent(new Event('change')); })()")
    equal(rows(CORE) + rows(MEDIA), ["core-2"], "those that drain")
    page.run("(() => { const e = document.getElementById('only'); e.value = '';"
             " e.dispatchEvent(new Event('change')); })()")

    # A pool folds and stays so.
    page.click(MEDIA + ".fold")
    equal(page.run("document.querySelector('%s.fold').getAttribute('aria-expanded')" % MEDIA),
          "false", "folded")
    equal(page.run("document.querySelector('%stable').offsetHeight" % MEDIA), 0, "height folded")
    page.run("new Promise((done) => setTimeout(done, 2500))")
    equal(page.run("document.querySelector('%stable').offsetHeight" % MEDIA), 0, "after a refresh")

    # Alarms and a node that drains.
    ctl("drain", "on")
    page.wait("document.querySelector('#state').innerText === 'draining'")
    ctl("drain", "off")
    for n in 1, 2, 3:
        ctl("backend", "set", "core", "core-%d" % n, "state=down")
    page.wait("document.querySelector('#alarms').innerText.includes('core has no live backend')")
    picture("alarm")

    # Dark, and a phone: nothing is wider than the screen.
    page.scheme("dark")
    dark = page.run("getComputedStyle(document.body).backgroundColor")
    page.scheme("light")
    if dark == page.run("getComputedStyle(document.body).backgroundColor"):
        raise SystemExit("FAIL: no dark colours")
    page.click(MEDIA + ".fold")
    for width in 390, 320, 768, 1920:
        page.size(width, 844, 1, width < 700)
        page.run("new Promise((done) => requestAnimationFrame(done))")
        wide = page.run("document.documentElement.scrollWidth")
        if wide > width:
            raise SystemExit("FAIL: %d pixels on a screen of %d" % (wide, width))
    page.size(390, 844, 2, True)
    picture("phone")
    page.size(1280, 900)

    # Whoever cannot see it hears it: headings, names of what can be operated.
    equal(page.run("[...document.querySelectorAll('button, input, select')].filter((e) =>"
                   " !(e.innerText || (e.labels && e.labels.length))).length"), 0,
          "controls without a name")
    equal(page.run("[...document.querySelectorAll('table')].filter((t) => !t.caption ||"
                   " ![...t.tHead.rows[0].cells].every((c) => c.scope === 'col')).length"), 0,
          "tables without headings")

    # Paused, it asks for nothing.
    page.click("#pause")
    page.run("new Promise((done) => setTimeout(done, 500))")
    asked = len(page.asked())
    page.run("new Promise((done) => setTimeout(done, 3000))")
    equal(len(page.asked()), asked, "requests while paused")
    page.click("#pause")

    foreign = [u for u in page.asked() if not u.startswith((URL, "data:"))]
    equal(foreign, [], "requests to elsewhere")
    equal(page.complaints(), [], "what the browser complained of")

    # The proxy goes: what is shown is said to be old.
    os.kill(PID, signal.SIGTERM)
    page.wait("!document.querySelector('#stale').hidden")
    if "No answer from viaduct" not in text("#stale"):
        raise SystemExit("FAIL: %r" % text("#stale"))
    equal(text("#state"), "no answer", "state without a proxy")
    equal(page.run("document.body.classList.contains('old')"), True, "greyed")
    picture("stale")
finally:
    page.close()

"""The pages in a real browser, under their policy: what a person would see."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FLAGS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--window-size=1200,1400"),
]


def installed():
    return shutil.which("chromium") and shutil.which("chromedriver")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not installed() and shutil.which("apt-get") and os.geteuid() == 0:
        for command in (["update"], ["install", "-y", "chromium", "chromium-driver"]):
            subprocess.run(["apt-get", "-qq", *command], check=False, capture_output=True)
    if not installed():
        if os.environ.get("CI") == "true":
            pytest.fail("chromium and chromedriver are not there")
        pytest.skip("chromium and chromedriver are not there")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture
def console(browser):
    """What the browser complained of, and the hosts that it asked, since the test began."""
    browser.get_log("browser")
    browser.get_log("performance")

    def read():
        complaints = [e["message"] for e in browser.get_log("browser") if e["level"] == "SEVERE"]
        messages = (json.loads(e["message"])["message"] for e in browser.get_log("performance"))
        urls = [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]
        return complaints, {url for url in urls if url.startswith("http")}

    return read


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not show"
        time.sleep(0.1)
    return found


def elements(browser, css):
    return browser.find_elements("css selector", css)


def screenshot(browser, name):
    """For a person to judge: where SCREENSHOTS says, else among the test's files."""
    directory = os.environ.get("SCREENSHOTS")
    if directory:
        browser.save_screenshot(os.path.join(directory, name))
    picture = browser.get_screenshot_as_png()
    # An empty page is a few kilobytes of one colour.
    assert len(picture) > 15_000


def test_swagger_shows_the_operations_and_tries_one_with_a_token(live_server, browser, console):
    browser.get(f"{live_server.url}/auto/docs")
    wait_for(lambda: len(elements(browser, ".opblock")) == 3)
    assert "Seats <&> more" in browser.title
    elements(browser, ".auth-wrapper .authorize")[0].click()
    field = wait_for(lambda: elements(browser, ".auth-container input"))[0]
    field.send_keys("letmein")
    elements(browser, ".auth-btn-wrapper .authorize")[0].click()
    elements(browser, ".auth-btn-wrapper .btn-done")[0].click()
    operation = wait_for(
        lambda: [each for each in elements(browser, ".opblock") if "/auto/mine" in each.text]
    )[0]
    operation.find_element("css selector", ".opblock-summary-control").click()
    wait_for(lambda: operation.find_elements("css selector", ".try-out__btn"))[0].click()
    wait_for(lambda: operation.find_elements("css selector", ".execute"))[0].click()
    answered = wait_for(lambda: operation.find_elements("css selector", ".live-responses-table"))[0]
    wait_for(lambda: "200" in answered.text)
    assert '"row": 7' in answered.text
    screenshot(browser, "swagger.png")
    complaints, urls = console()
    assert complaints == []
    assert {url for url in urls if not url.startswith(live_server.url)} == set()


def test_redoc_shows_the_operations(live_server, browser, console):
    browser.get(f"{live_server.url}/plain/acme/docs")
    wait_for(lambda: "/plain/acme/seats" in browser.page_source)
    wait_for(lambda: len(elements(browser, "[data-section-id]")) > 3)
    screenshot(browser, "redoc.png")
    complaints, urls = console()
    assert complaints == []
    assert {url for url in urls if not url.startswith(live_server.url)} == set()

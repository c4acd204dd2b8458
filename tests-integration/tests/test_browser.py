"""The demo's pages in a real Chromium, under the policy that the demo sends with them.

SCREENSHOTS names a directory where the pictures are left for a person to judge.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement

from .conftest import CREDENTIALS, Server, log_in, needed, serving

CHROMIUM = ("chromium", "chromedriver")
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--window-size=1200,1400"),
)
API_POLICY = "default-src 'none'; frame-ancestors 'none'"


class Browser:
    """A Chromium, what it complained of, and whom it asked."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def visit(self, url: str) -> None:
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(url)

    def elements(self, css: str) -> list[WebElement]:
        return self.driver.find_elements("css selector", css)

    def see(self, css: str, text: str = "") -> WebElement:
        return wait_for(lambda: [each for each in self.elements(css) if text in each.text])[0]

    def run(self, script: str) -> Any:
        return self.driver.execute_script(script)

    def complaints(self) -> list[str]:
        entries = self.driver.get_log("browser")
        severe = [entry["message"] for entry in entries if entry["level"] == "SEVERE"]
        # Chromium asks for an icon where a page names none; the demo has none.
        return [message for message in severe if "/favicon.ico" not in message]

    def requests(self) -> list[str]:
        entries = (json.loads(each["message"]) for each in self.driver.get_log("performance"))
        messages = (entry["message"] for entry in entries)
        sent = (m for m in messages if m["method"] == "Network.requestWillBeSent")
        urls = [message["params"]["request"]["url"] for message in sent]
        return [url for url in urls if url.startswith("http")]

    def expect_peace(self, url: str) -> None:
        """No complaint, neither about a policy nor otherwise, and no request to another host."""
        assert self.complaints() == []
        asked = self.requests()
        assert asked
        assert [each for each in asked if not each.startswith(f"{url}/")] == []

    def picture(self, name: str) -> None:
        if directory := os.environ.get("SCREENSHOTS"):
            self.driver.save_screenshot(str(Path(directory) / f"{name}.png"))
            print(f"{name}.png is in {directory}")
        # An empty page is a few kilobytes of one colour.
        assert len(self.driver.get_screenshot_as_png()) > 15_000


def wait_for(condition: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not show"
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    absent = [name for name in CHROMIUM if shutil.which(name) is None]
    if absent and shutil.which("apt-get") and os.geteuid() == 0:
        for command in (["update"], ["install", "-y", "chromium", "chromium-driver"]):
            subprocess.run(["apt-get", "-qq", *command], check=False, capture_output=True)
    needed(*CHROMIUM)
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield Browser(driver)
    driver.quit()


@pytest.fixture(scope="module")
def demo(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("browser-demo")
    with serving("uvicorn", loaded, directory, deployed=False) as running:
        yield running
    assert "Traceback" not in running.log.read_text()


def test_swagger_shows_every_operation_and_tries_one_with_a_token(
    browser: Browser, demo: Server
) -> None:
    paths = httpx.get(f"{demo.url}/api/openapi.json", timeout=30).json()["paths"]
    operations = {(method, path) for path, item in paths.items() for method in item}
    browser.visit(f"{demo.url}/api/docs")
    wait_for(lambda: len(browser.elements(".opblock")) >= len(operations))
    shown = {
        (
            block.find_element("css selector", ".opblock-summary-method").text.lower(),
            block.find_element("css selector", "[data-path]").get_attribute("data-path"),
        )
        for block in browser.elements(".opblock")
    }
    assert shown == operations

    browser.see(".auth-wrapper .authorize").click()
    browser.see(".auth-container input").send_keys(log_in(demo))
    browser.see(".auth-btn-wrapper .authorize").click()
    browser.see(".auth-btn-wrapper .btn-done").click()
    block = browser.see(".opblock-get", "List Bookings")
    block.find_element("css selector", ".opblock-summary-control").click()
    for css in (".try-out__btn", ".execute"):
        wait_for(lambda css=css: block.find_elements("css selector", css))[0].click()
    answered = wait_for(lambda: block.find_elements("css selector", ".live-responses-table"))[0]
    wait_for(lambda: "200" in answered.text)
    assert '"ok": true' in answered.text
    assert '"items": []' in answered.text
    browser.driver.execute_script("arguments[0].scrollIntoView({block: 'end'})", answered)
    browser.picture("swagger")
    browser.expect_peace(demo.url)


def test_a_violation_of_the_policy_is_seen(browser: Browser, demo: Server) -> None:
    """Without this, the absence of complaints would say nothing."""
    browser.visit(f"{demo.url}/api/docs")
    browser.run(
        "const script = document.createElement('script');"
        "script.textContent = 'window.ran = true';"
        "document.body.append(script);"
        "const picture = new Image(); picture.src = 'http://localhost:9/elsewhere.png';"
        "document.body.append(picture)"
    )
    said = wait_for(lambda: [each for each in browser.complaints() if "Content Security" in each])
    assert "script-src 'self'" in said[0]
    assert browser.run("return window.ran") is None


def test_redoc_shows_every_operation(
    browser: Browser, loaded: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("redoc")
    with serving("uvicorn", loaded, directory, deployed=False, AIRLINE_DOCS="redoc") as demo:
        document = httpx.get(f"{demo.url}/api/openapi.json", timeout=30).json()
        ids = {o["operationId"] for item in document["paths"].values() for o in item.values()}
        browser.visit(f"{demo.url}/api/docs")
        wait_for(lambda: len(browser.elements("[data-section-id*='operation/']")) >= len(ids))
        shown = {
            str(each.get_attribute("data-section-id")).rpartition("operation/")[2]
            for each in browser.elements("[data-section-id*='operation/']")
        }
        assert ids <= shown
        browser.picture("redoc")
        browser.expect_peace(demo.url)


def test_the_admin_has_its_styles_and_scripts(browser: Browser, demo: Server) -> None:
    browser.visit(f"{demo.url}/admin/")
    browser.see("#login-form")
    background = "return getComputedStyle(document.querySelector('#header')).backgroundColor"
    assert browser.run(background) not in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")
    browser.picture("admin-login")
    browser.expect_peace(demo.url)

    browser.see("#id_username").send_keys("crew")
    browser.see("#id_password").send_keys(CREDENTIALS["password"])
    browser.see("[type=submit]").click()
    browser.see("#content", "Site administration")
    browser.visit(f"{demo.url}/admin/auth/user/add/")
    browser.see("#user_form")
    assert browser.run("return typeof django.jQuery") == "function"
    # Scripts of the admin: the theme is switched, and the side bar can be put away.
    theme = "return document.documentElement.dataset.theme"
    before = browser.run(theme)
    browser.see(".theme-toggle").click()
    assert browser.run(theme) != before
    shifted = "return document.querySelector('#main').classList.contains('shifted')"
    was_shifted = browser.run(shifted)
    browser.see("#toggle-nav-sidebar").click()
    assert browser.run(shifted) != was_shifted
    browser.picture("admin-page")
    browser.expect_peace(demo.url)

    browser.visit(f"{demo.url}/admin/auth/user/")
    browser.see("#result_list", "crew")
    browser.see("#action-toggle").click()
    assert browser.run("return document.querySelectorAll('#result_list tr.selected').length") == 4
    browser.picture("admin-list")
    browser.expect_peace(demo.url)


def test_each_kind_of_response_has_its_own_policy(demo: Server) -> None:
    def policy(path: str) -> str:
        response = httpx.get(f"{demo.url}{path}", timeout=30)
        assert len(response.headers.get_list("content-security-policy")) == 1, path
        return response.headers["content-security-policy"]

    for path in ("/api/countries/CH", "/api/nowhere", "/api/openapi.json", "/api/bookings"):
        assert policy(path) == API_POLICY, path
    docs, admin = policy("/api/docs"), policy("/admin/login/")
    assert "connect-src 'self'" in docs
    for page in (docs, admin):
        assert "script-src 'self'" in page or "default-src 'self'" in page
        assert "frame-ancestors 'none'" in page
        assert "unsafe-eval" not in page
    assert "unsafe-inline" not in admin

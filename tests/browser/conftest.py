"""A headless Chromium, Debian's; the tests are skipped where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from selenium import webdriver

from tests.web.conftest import bot, engine, filled, make_web, web

__all__ = ["bot", "chromium", "engine", "filled", "make_web", "web"]

_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--window-size=1200,860",
)  # fmt: skip


@pytest.fixture
def chromium() -> Iterator[webdriver.Chrome]:
    """A customer's browser."""
    with _browser() as chrome:
        yield chrome


@pytest.fixture
def other_chromium() -> Iterator[webdriver.Chrome]:
    """Somebody else's browser, with cookies and storage of its own."""
    with _browser() as chrome:
        yield chrome


@contextmanager
def _browser() -> Iterator[webdriver.Chrome]:
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("no chromium with its driver; on Debian: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in _FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield chrome
    finally:
        chrome.quit()

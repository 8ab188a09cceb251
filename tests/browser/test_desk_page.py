"""The pages of the staff on a phone."""

from __future__ import annotations

import pytest
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.web.conftest import PASSWORDS, Web
from tests.web.serving import eventually

PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False}


@pytest.mark.parametrize("page", ["/staff/queue", "/insights"])
def test_nothing_of_the_page_lies_beside_the_screen_of_a_phone(web: Web, chromium: WebDriver, page: str) -> None:
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    chromium.get(web.url + page)
    chromium.find_element(By.NAME, "username").send_keys("admin")
    chromium.find_element(By.NAME, "password").send_keys(PASSWORDS["admin"] + Keys.ENTER)
    eventually(lambda: chromium.find_elements(By.LINK_TEXT, "Queue"), "the menu is there")
    chromium.get(web.url + page)
    links = chromium.find_elements(By.CSS_SELECTOR, "header.bar nav a")
    assert links
    for link in links:
        place = link.rect
        assert place["x"] >= 0 and place["x"] + place["width"] <= PHONE["width"], link.text
    assert chromium.execute_script("return document.documentElement.scrollWidth") <= PHONE["width"]

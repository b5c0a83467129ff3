"""Materialise one month of one asset on Dagster's page in Chromium, as a person does; run by .venv-bi's Python.

Belongs here: what is looked for, typed and pressed. Does not belong here: what came of it (test_habits.py).
"""

import argparse
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from bi.look import WAIT_SECONDS, open_browser

BUTTON = "//button[starts-with(normalize-space(), '{}') and not(@disabled)]"
MONTHS = "//input[starts-with(@placeholder, 'ex: 20')]"


def press_materialize(address: str, month: str, picture: Path) -> None:
    """Open an asset's page, name one month, and launch its run.

    Args:
        address: of the asset's page.
        month: `YYYY-MM`.
        picture: of the page when the month has been named.

    Raises:
        selenium.common.exceptions.TimeoutException: something to press never came, or its dialog stayed.
    """
    driver = open_browser()
    try:
        driver.get(address)
        seen(driver, BUTTON.format("Materialize")).click()
        seen(driver, MONTHS).send_keys(month, Keys.ENTER)  # it is empty when it opens
        launch = seen(driver, BUTTON.format("Launch 1 run"))
        driver.save_screenshot(str(picture))
        launch.click()
        WebDriverWait(driver, WAIT_SECONDS).until(lambda page: not page.find_elements(By.XPATH, MONTHS))
    finally:
        driver.quit()


def seen(driver: webdriver.Chrome, path: str) -> WebElement:
    """Wait until something is on the page, and give it."""
    found: WebElement = WebDriverWait(driver, WAIT_SECONDS).until(lambda page: page.find_element(By.XPATH, path))
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("month")
    parser.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    press_materialize(arguments.address, arguments.month, arguments.picture)

"""Open every dashboard in Chromium and say what is wrong with it; run by .venv-bi's Python.

Belongs here: what a person would see. Does not belong here: whether a chart's figures are right.
"""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

WAIT_SECONDS = 120
# What Superset shows in the place of a chart that failed, or that has nothing to show.
ERRORS = ".ant-alert-error, [data-test='error-alert'], .alert-danger, .missing-chart-container"
EMPTY = ".ant-empty"
LOADING = "[data-test='loading-indicator'], .loading, .ant-skeleton"


def look(
    address: str, account: str, password: str, slugs: list[str], pictures: Path | None
) -> dict[str, dict[str, object]]:
    """Log in and open dashboards.

    Args:
        address: where Superset answers, without a slash at the end.
        account: its name.
        password: its password.
        slugs: the dashboards to open.
        pictures: folder for a picture of each; None for none.

    Returns:
        Dashboard → names of the charts drawn, of the charts without rows, texts of errors, and what the browser's log
        calls severe.
    """
    driver = open_browser()
    try:
        log_in(driver, address, account, password)
        return {slug: look_at(driver, address, slug, pictures) for slug in slugs}
    finally:
        driver.quit()


def open_browser() -> webdriver.Chrome:
    """Start Chromium without a window, in English, keeping its log; where there is none, say what to install."""
    options = webdriver.ChromeOptions()
    options.binary_location = found("chromium", "chromium-browser", "google-chrome")
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--window-size=1500,1000",
        "--lang=en",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(found("chromedriver")))


def found(*programs: str) -> str:
    """Find the first of some programs; where there is none, say what to install."""
    for program in programs:
        if path := shutil.which(program):
            return path
    sys.exit(f"{programs[0]} is not installed. On Debian and Ubuntu: apt-get install chromium chromium-driver")


def log_in(driver: webdriver.Chrome, address: str, account: str, password: str) -> None:
    """Fill the login page as a person does."""
    driver.get(f"{address}/login/")
    WebDriverWait(driver, WAIT_SECONDS).until(
        lambda page: page.find_elements(By.CSS_SELECTOR, "input[type='password']")
    )
    name, secret = driver.find_elements(By.CSS_SELECTOR, "input[type='text'], input[type='password']")[:2]
    name.send_keys(account)
    secret.send_keys(password)
    secret.submit()
    WebDriverWait(driver, WAIT_SECONDS).until(lambda page: "/login" not in page.current_url)


def look_at(driver: webdriver.Chrome, address: str, slug: str, pictures: Path | None) -> dict[str, object]:
    """Open one dashboard, wait for all its charts, and read the page."""
    driver.get_log("browser")
    driver.set_window_size(1500, 1000)
    driver.get(f"{address}/superset/dashboard/{slug}/?standalone=1")
    holders = "[data-test='chart-grid-component'], .dashboard-component-chart-holder"
    WebDriverWait(driver, WAIT_SECONDS).until(lambda page: page.find_elements(By.CSS_SELECTOR, holders))
    # Charts below the fold are not asked for until they are seen: make the window as long as the page.
    height = driver.execute_script(
        "return Math.max(...[...document.querySelectorAll('*')].map(element => element.scrollHeight))"
    )
    driver.set_window_size(1500, min(int(height) + 200, 6000))
    WebDriverWait(driver, WAIT_SECONDS).until(lambda page: not page.find_elements(By.CSS_SELECTOR, LOADING))
    time.sleep(5)  # charts move into place
    if pictures:
        driver.save_screenshot(str(pictures / f"{slug}.png"))
    charts = driver.find_elements(By.CSS_SELECTOR, ".dashboard-component-chart-holder")
    named = {
        chart.find_element(By.CSS_SELECTOR, "[data-test='editable-title'], .header-title").text: chart
        for chart in charts
    }
    return {
        "charts": sorted(named),
        "empty": sorted(name for name, chart in named.items() if chart.find_elements(By.CSS_SELECTOR, EMPTY)),
        "errors": [error.text for error in driver.find_elements(By.CSS_SELECTOR, ERRORS)],
        "log": [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"],
    }


def main() -> None:
    """Read the arguments, look, and print what was seen as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("slugs", nargs="+")
    parser.add_argument("--account", default="admin")
    parser.add_argument("--password-file", type=Path, required=True)
    parser.add_argument("--pictures", type=Path)
    arguments = parser.parse_args()
    password = arguments.password_file.read_text(encoding="utf-8")
    seen = look(arguments.address, arguments.account, password, arguments.slugs, arguments.pictures)
    sys.stdout.write(json.dumps(seen, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""A message when a run has ended, to a chat or a mailbox; off until somebody says where to.

Belongs here: the words, the sending, and keeping the addresses secret. Does not belong here: what is said
(results.py).

The message leaves the house, so it is made of our own words and figures alone: no word of a list, a file or an error.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from orchestration.runs.results import RunResults

# Addresses as Apprise writes them, one or more, separated by blanks. They hold tokens and passwords: they are read from
# the environment when they are needed, and stand in no file, log or message.
VARIABLE = "ACCOUNT_MAPPING_NOTIFY"


def message_of(results: RunResults) -> tuple[str, str]:
    """Put a run into a few words.

    Args:
        results: what came of it.

    Returns:
        Title and text.
    """
    figures = ", ".join(
        f"{name}: {results.figures[name]:,}"
        for name in ("files taken", "files refused", "rows refused", "pairs waiting for a person")
        if name in results.figures
    )
    first = results.to_do[0].what if results.to_do else "nothing"
    return f"account-mapping: {results.headline}", f"{figures}\nTo do first: {first}\nPage: {results.page}"


def send(results: RunResults, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Send the message of a run to every address there is; without one, nothing is loaded and nobody is asked.

    Args:
        results: what came of the run.
        environment: where the addresses stand.

    Returns:
        What did not work, without the addresses: they are counted. Nothing is ever raised.
    """
    addresses = environment.get(VARIABLE, "").split()
    if not addresses:
        return []
    title, text = message_of(results)
    try:
        failed = _deliver(addresses, title, text)
    except Exception as problem:
        return [f"The message about the run could not be sent: {type(problem).__name__} ({VARIABLE})."]
    return [
        f"The message about the run was not sent to address {number} of {VARIABLE}: {why}." for number, why in failed
    ]


def _deliver(addresses: list[str], title: str, text: str) -> list[tuple[int, str]]:
    """Send to each address; give the numbers of those that failed, with the reason."""
    import apprise  # noqa: PLC0415 - takes a second

    # Without it, chats would load Apprise's picture from outside for every message.
    asset = apprise.AppriseAsset(app_id="account-mapping", app_url="", image_url_mask="", image_url_logo="")
    failed = []
    with _silent():
        for number, address in enumerate(addresses, start=1):
            sender = apprise.Apprise(asset=asset)
            if not sender.add(address):
                failed.append((number, "it is no address that Apprise knows"))
            elif not sender.notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT):
                failed.append((number, "it did not answer, or refused"))
    return failed


@contextmanager
def _silent() -> Iterator[None]:
    """Keep this process from logging: what libraries say of a request that fails, or is made, is its address."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)

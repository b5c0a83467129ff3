"""Answers for people: the review sheet, the session workbook, the CRM file, why a pair is one company, metrics."""

from orchestration.settings import RefusedError


class NoReportError(RefusedError):
    """The answer cannot be given; the message says why and what to do."""

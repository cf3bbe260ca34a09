"""The only writers of surveillance: sources and their calendar, numbers, signals, alerts from the first sign to their end."""

from fangxian.surveillance.actions.alerting import report_rumour
from fangxian.surveillance.actions.detecting import detect, notice_silence
from fangxian.surveillance.actions.judging import confirm_alert, dismiss_alert, triage_alert, verify_alert
from fangxian.surveillance.actions.owing import owe
from fangxian.surveillance.actions.registering import (
    change_source,
    choose_chart,
    drop_chart,
    note_break,
    register_source,
    retire_source,
)
from fangxian.surveillance.actions.reporting import MOST, report, report_many, settle_untested

__all__ = [
    "MOST",
    "change_source",
    "choose_chart",
    "confirm_alert",
    "detect",
    "dismiss_alert",
    "drop_chart",
    "note_break",
    "notice_silence",
    "owe",
    "register_source",
    "report",
    "report_many",
    "report_rumour",
    "retire_source",
    "settle_untested",
    "triage_alert",
    "verify_alert",
]

"""The config: TOML files become checked, frozen settings, or a list of all that is wrong."""

from syncd.config.guards import FreshLook, Guards, StaleSource
from syncd.config.loading import load
from syncd.config.problems import ConfigError, Problem
from syncd.config.reference import reference
from syncd.config.sampling import account_sample, sample
from syncd.config.settings import (
    AccountSettings,
    DaemonSettings,
    LogSettings,
    MetricsSettings,
    Playbook,
    QuietHours,
    Settings,
    StoreSettings,
    TemplateSettings,
    state_folder,
)
from syncd.config.showing import effective
from syncd.config.values import Duration, PositiveDuration, format_duration, parse_duration
from syncd.config.watches import Kind, NoMovement, PromisePassed, Trouble, Watches

__all__ = [
    "AccountSettings",
    "ConfigError",
    "DaemonSettings",
    "Duration",
    "FreshLook",
    "Guards",
    "Kind",
    "LogSettings",
    "MetricsSettings",
    "NoMovement",
    "Playbook",
    "PositiveDuration",
    "Problem",
    "PromisePassed",
    "QuietHours",
    "Settings",
    "StaleSource",
    "StoreSettings",
    "TemplateSettings",
    "Trouble",
    "Watches",
    "account_sample",
    "effective",
    "format_duration",
    "load",
    "parse_duration",
    "reference",
    "sample",
    "state_folder",
]

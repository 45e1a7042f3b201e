"""Placeholder."""

from rnnlm_ui.i18n import t
from rnnlm_ui.page import head

head(t("nav.home"))

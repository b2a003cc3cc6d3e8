"""Consent wording: it never is a consent; it brings the card back, or a question with buttons."""

from bot.actions.base import DomainAction


class ShowDecision(DomainAction):
    action, wish = "action_show_decision", "accept"


class ConfirmRefusal(DomainAction):
    action, wish = "action_confirm_refusal", "refuse"


class WithdrawConsent(DomainAction):
    action, wish = "action_withdraw_consent", "withdraw_consent"


class Affirm(DomainAction):
    action, wish = "action_affirm", "affirm"


class Deny(DomainAction):
    action, wish = "action_deny", "deny"

"""Registering, and moving about in what is being filled in."""

from bot.actions.base import DomainAction


class ChoosePlatform(DomainAction):
    action, wish = "action_choose_platform", "choose_platform"


class StartRegistration(DomainAction):
    action, wish = "action_start_registration", "start"


class CorrectValue(DomainAction):
    action, wish = "action_correct_value", "correct"


class TakeValue(DomainAction):
    action, wish = "action_take_value", "value"


class GoBack(DomainAction):
    action, wish = "action_go_back", "go_back"


class Repeat(DomainAction):
    action, wish = "action_repeat", "repeat"


class ExplainWhy(DomainAction):
    action, wish = "action_explain_why", "why"


class ConfirmStop(DomainAction):
    action, wish = "action_confirm_stop", "stop"


class ResendCode(DomainAction):
    action, wish = "action_resend_code", "resend"


class CheckStatus(DomainAction):
    action, wish = "action_check_status", "status"


class GuardianHelp(DomainAction):
    action, wish = "action_guardian_help", "guardian"

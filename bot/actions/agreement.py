"""Reading the agreement and asking about it."""

from bot.actions.base import DomainAction


class ReadAgreement(DomainAction):
    action, wish = "action_read_agreement", "read"


class ExplainClause(DomainAction):
    action, wish = "action_explain_clause", "explain"


class AnswerQuestion(DomainAction):
    action, wish = "action_answer_question", "question"

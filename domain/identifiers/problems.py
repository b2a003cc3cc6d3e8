"""Why a value was refused: stable codes. The sentences for people live in the wording files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Problem(StrEnum):
    """Stable reason codes. A code is never renamed or reused; wording files key on it."""

    PHONE_MISSING = "phone_missing"
    PHONE_LETTERS = "phone_letters"
    PHONE_TOO_SHORT = "phone_too_short"
    PHONE_TOO_LONG = "phone_too_long"
    PHONE_LANDLINE = "phone_landline"
    PHONE_SERVICE_NUMBER = "phone_service_number"
    PHONE_SMS_PORT = "phone_sms_port"
    PHONE_SHORT_CODE = "phone_short_code"
    PHONE_FOREIGN = "phone_foreign"
    PHONE_EXTENSION = "phone_extension"
    PHONE_NOT_MOBILE = "phone_not_mobile"
    PHONE_UNASSIGNED = "phone_unassigned"
    PHONE_IS_ID_NUMBER = "phone_is_id_number"

    ID_MISSING = "id_missing"
    ID_LENGTH = "id_length"
    ID_FIFTEEN_DIGITS = "id_fifteen_digits"
    ID_LETTERS = "id_letters"
    ID_FOREIGN_X = "id_foreign_x"
    ID_FORMAT = "id_format"
    ID_BIRTH_DATE = "id_birth_date"
    ID_BIRTH_IN_FUTURE = "id_birth_in_future"
    ID_TOO_OLD = "id_too_old"
    ID_CHECK_DIGIT = "id_check_digit"
    ID_IS_CREDIT_CODE = "id_is_credit_code"
    ID_IS_PHONE = "id_is_phone"

    CREDIT_MISSING = "credit_missing"
    CREDIT_LENGTH = "credit_length"
    CREDIT_FIFTEEN_DIGITS = "credit_fifteen_digits"
    CREDIT_LETTERS = "credit_letters"
    CREDIT_HEAD = "credit_head"
    CREDIT_CHECK_CHARACTER = "credit_check_character"
    CREDIT_IS_ID_NUMBER = "credit_is_id_number"

    SMS_CODE_FORMAT = "sms_code_format"
    SMS_CODE_LENGTH = "sms_code_length"

    EMAIL_MISSING = "email_missing"
    EMAIL_LOCAL_PART = "email_local_part"
    EMAIL_DOMAIN = "email_domain"
    EMAIL_LENGTH = "email_length"

    NAME_MISSING = "name_missing"
    NAME_TOO_SHORT = "name_too_short"
    NAME_TOO_LONG = "name_too_long"
    NAME_DIGITS = "name_digits"
    NAME_EMOJI = "name_emoji"
    NAME_LINK = "name_link"
    NAME_OFFICIAL = "name_official"
    NAME_SENTENCE = "name_sentence"
    NAME_TITLE = "name_title"
    NAME_INVISIBLE = "name_invisible"
    NAME_CHARACTERS = "name_characters"

    COMPANY_MISSING = "company_missing"
    COMPANY_LENGTH = "company_length"
    COMPANY_SUFFIX = "company_suffix"
    COMPANY_SENTENCE = "company_sentence"
    COMPANY_CHARACTERS = "company_characters"

    MEMBER_NAME_LENGTH = "member_name_length"
    MEMBER_NAME_CHARACTERS = "member_name_characters"
    MEMBER_NAME_BANNED = "member_name_banned"

    LOGIN_NAME_LENGTH = "login_name_length"
    LOGIN_NAME_CHARACTERS = "login_name_characters"
    LOGIN_NAME_START = "login_name_start"
    LOGIN_NAME_RESERVED = "login_name_reserved"

    ADDRESS_LENGTH = "address_length"
    ADDRESS_CHARACTERS = "address_characters"
    ADDRESS_LINK = "address_link"

    POSITION_LENGTH = "position_length"
    POSITION_CHARACTERS = "position_characters"

    DATE_FORMAT = "date_format"
    DATE_IMPOSSIBLE = "date_impossible"
    DATE_IN_FUTURE = "date_in_future"
    DATE_TOO_OLD = "date_too_old"
    AGE_FORMAT = "age_format"
    AGE_RANGE = "age_range"
    AMOUNT_FORMAT = "amount_format"
    CASE_NUMBER_FORMAT = "case_number_format"
    CASE_NUMBER_CHECK = "case_number_check"

    PASSWORD_TOO_SHORT = "password_too_short"
    PASSWORD_TOO_LONG = "password_too_long"
    PASSWORD_COMMON = "password_common"
    PASSWORD_REPEATED = "password_repeated"
    PASSWORD_SEQUENCE = "password_sequence"
    PASSWORD_PERSONAL = "password_personal"
    PASSWORD_INVALID = "password_invalid"

    TEXT_INVALID = "text_invalid"
    TEXT_TOO_LONG = "text_too_long"
    FREE_TEXT_SHORT = "free_text_short"
    ACCOUNT_NAME = "account_name"
    ACCOUNT_NAME_PAGE = "account_name_page"
    TWO_VALUES = "two_values"


@dataclass(frozen=True)
class Refused:
    """A value that was not accepted.

    `code` says why. `hint` is a detail for the sentence, safe to show (a digit count, a clause,
    masked candidates joined by "、"); it never carries the refused value itself.
    """

    code: Problem
    hint: str = ""

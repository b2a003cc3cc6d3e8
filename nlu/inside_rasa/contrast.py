"""What is wanted where a message says what is not.

In 不是投诉，是咨询 the words of the unwanted thing outweigh the wanted one for any bag of n-grams; so the classifier is
shown only the wanted part. Consent and a yes are judged on the whole message, never on a part (see `consent`).
"""

from __future__ import annotations

import re

_LEAD = r"(?:我|我们|哦|呃|额|啊|那个|亲|喂|哎|都说了|说了)*"
_NOT = r"(?:不是|并不是|并非|不用|不需要|不要|不想|不打算|没想|没要|没说|别|先不)"
_BUT = r"(?:而是|是要|是想|是说|是问|我是|我要|我就|要的是|想要|我想要|就是|只是|就想|只想|我只|我就想|是|要)"
# The rejected part holds no comma, so that the second half stands right after it.
_REJECTED_FIRST = re.compile(rf"^{_LEAD}{_NOT}([^,.。!;?]{{2,14}}?)[,.。!; ]+{_BUT}+(.{{2,}})$")
_REJECTED_LAST = re.compile(r"^(.{3,}?)[,.。!; ]*(?:而不是|并不是|可不是|[,.。!;]不是)([^,.。!;?]{2,14})$")
# Not two wishes: values, a negated consent, a denial of one's own doing, a question.
_OTHER = re.compile(r"«|0|不|同意|签|接受|本人|我操作|的话")


def wanted(text: str) -> str:
    """The wanted part of a normalised text that contrasts two things, or the text itself.

    Values are left alone: in 不是 138…，是 139… both numbers belong to one correction; so is what negates a consent.
    """
    for pattern, part in ((_REJECTED_FIRST, 2), (_REJECTED_LAST, 1)):
        match = pattern.match(text)
        if match and not _OTHER.search(match[1]) and not _OTHER.search(match[2]):
            return match[part].strip()
    return text

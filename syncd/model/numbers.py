"""Tracking numbers as they are compared, whoever wrote them."""

import re

from syncd.model.widths import INVISIBLE, narrow

# The minus sign, and the long vowel that Japanese keyboards give for a hyphen, are dashes here.
_SEPARATORS = re.compile(rf"[\s\-.\u2010-\u2015\u2212\u30fc\uff70{INVISIBLE}]+")


def normalise(number: str) -> str:
    """In plain capitals and digits, without the blanks, dashes and dots that people put in.

    Two spellings of one number give the same. The store keeps it beside numbers that are written
    otherwise: where this changes, a migration has to write those anew.
    """
    return _SEPARATORS.sub("", narrow(number)).upper()

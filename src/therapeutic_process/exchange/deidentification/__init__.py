"""Takes out of cases what tells who they are about, by the marks on every field, and reports what was done."""

from therapeutic_process.exchange.deidentification.profiles import (
    DeidentificationReport,
    Deidentified,
    Profile,
    deidentify,
    pseudonymise,
    shift_dates,
)
from therapeutic_process.exchange.deidentification.pseudonyms import KeyedPseudonyms, RandomPseudonyms

__all__ = [
    "DeidentificationReport",
    "Deidentified",
    "KeyedPseudonyms",
    "Profile",
    "RandomPseudonyms",
    "deidentify",
    "pseudonymise",
    "shift_dates",
]

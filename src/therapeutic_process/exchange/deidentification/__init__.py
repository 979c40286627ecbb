"""Takes out of cases what tells who they are about, by the marks on every field, and reports what was done."""

from therapeutic_process.exchange.deidentification.k_anonymity import KAnonymity, k_anonymity
from therapeutic_process.exchange.deidentification.profiles import (
    Profile,
    deidentify,
    pseudonymise,
    shift_dates,
)
from therapeutic_process.exchange.deidentification.pseudonyms import KeyedPseudonyms, RandomPseudonyms
from therapeutic_process.exchange.deidentification.reports import DeidentificationReport, Deidentified

__all__ = [
    "DeidentificationReport",
    "Deidentified",
    "KAnonymity",
    "KeyedPseudonyms",
    "Profile",
    "RandomPseudonyms",
    "deidentify",
    "k_anonymity",
    "pseudonymise",
    "shift_dates",
]

"""The addresses and codes that stand in FHIR resources: those of HL7, and our own under one canonical root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from therapeutic_process.base import SCHEMA_ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ABSENT",
    "EXTENSION",
    "HL7",
    "LABELS",
    "LOINC",
    "PSEUDONYMISED",
    "ROOT",
    "SID",
    "SYSTEM",
    "UCUM",
    "V3",
    "code_in",
    "coded",
    "hyphened",
    "kebab",
    "system_in",
    "system_uri",
    "underscored",
]

ROOT: Final = f"{SCHEMA_ROOT}fhir/"
EXTENSION: Final = f"{ROOT}StructureDefinition/"
SYSTEM: Final = f"{ROOT}CodeSystem/"
SID: Final = f"{ROOT}sid/"
HL7: Final = "http://terminology.hl7.org/CodeSystem/"
V3: Final = f"{HL7}v3-"
LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_TERMINOLOGY = f"{ROOT}terminology/"

LABELS: Final = (
    {"system": f"{V3}ActCode", "code": "PSYTHPN"},
    {"system": f"{V3}Confidentiality", "code": "R"},
)
"""What marks a resource that holds turns or text of a therapy: psychotherapy note, restricted."""
PSEUDONYMISED: Final = {"system": f"{V3}ObservationValue", "code": "PSEUDED"}


def kebab(name: str) -> str:
    """Return a name of ours as FHIR writes codes and addresses.

    >>> kebab("on_hold")
    'on-hold'
    """
    return name.replace("_", "-")


hyphened = kebab


def underscored(code: str) -> str:
    """Return a FHIR code as our vocabularies write it.

    >>> underscored("entered-in-error")
    'entered_in_error'
    """
    return code.replace("-", "_")


def coded(system: str, code: str) -> dict[str, Any]:
    """Return a CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code}]}


def code_in(concept: Mapping[str, Any] | None, system: str) -> str | None:
    """Return the code of a concept in one code system, or None."""
    for coding in (concept or {}).get("coding", ()):
        if coding.get("system") == system:
            code: str | None = coding.get("code")
            return code
    return None


def system_uri(name: str) -> str:
    """Return the address of a terminology: an address stays, a plain name is put under our root.

    >>> system_uri("http://snomed.info/sct")
    'http://snomed.info/sct'
    """
    is_address = name.startswith(("http://", "https://", "urn:")) and not name.startswith(_TERMINOLOGY)
    plain = name.isascii() and name.isprintable() and " " not in name
    return name if is_address and plain else _TERMINOLOGY + quote(name, safe="")


def system_in(address: str) -> str:
    """Return the name of a terminology from its address.

    >>> system_in(system_uri("ICD 11"))
    'ICD 11'
    """
    return unquote(address.removeprefix(_TERMINOLOGY)) if address.startswith(_TERMINOLOGY) else address

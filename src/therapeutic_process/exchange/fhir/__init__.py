"""This part knows FHIR R4: a case as a bundle, a bundle as cases, and what is lost either way."""

from therapeutic_process.exchange.fhir.mapping import FHIR_ELEMENTS
from therapeutic_process.exchange.fhir.reader import from_bundle
from therapeutic_process.exchange.fhir.report import FhirImport, FhirReport
from therapeutic_process.exchange.fhir.writer import not_carried, to_bundle

__all__ = ["FHIR_ELEMENTS", "FhirImport", "FhirReport", "from_bundle", "not_carried", "to_bundle"]

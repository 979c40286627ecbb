"""This package knows every format by name, what it cannot hold, and the way from each to each."""

from therapeutic_process.exchange.conversion.convert import Conversion, convert
from therapeutic_process.exchange.conversion.formats import FORMATS, Format

__all__ = ["FORMATS", "Conversion", "Format", "convert"]

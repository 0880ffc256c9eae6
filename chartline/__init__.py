"""Chartline: de-identified, longitudinal patient timelines from FHIR and EHR extracts."""

__version__ = "0.1.0"

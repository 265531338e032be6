"""YAML specs to desired values: every complaint with its place, a stable code and a remedy."""

from reconciler.spec.load import load_documents, load_spec

__all__ = ["load_documents", "load_spec"]

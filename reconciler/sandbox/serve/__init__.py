"""The sandbox over loopback HTTPS, for clients that nobody here wrote (docs/how-to/other-clients.md)."""

from reconciler.sandbox.serve.server import ServeError, ServeOptions, Server, serve

__all__ = ["ServeError", "ServeOptions", "Server", "serve"]

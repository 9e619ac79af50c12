"""The error of this package: one line, what was expected, what came, what to do."""


class CaptureError(RuntimeError):
    """A capture that could not be made as asked."""

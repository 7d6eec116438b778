"""The documentation's labs need no process of their own."""

from tests.lab.inprocess import labs_in_process

__all__ = ["labs_in_process"]

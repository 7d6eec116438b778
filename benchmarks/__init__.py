"""Ratios against something run in the same minute; absolute times mean little on a shared machine."""

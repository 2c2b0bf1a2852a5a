"""Faults of all kinds: what came of each, as a table, and what has to hold after any of them."""


class FaultTable:
    """What came of every fault: how often it was tried, how many builds were lost, and how often all was well after."""

    def __init__(self):
        self._rows = {}

    def note(self, fault, tries=1):
        """Only what went well comes here: a test that finds a build lost, or anything else amiss, has failed before."""
        self._rows[fault] = self._rows.get(fault, 0) + tries

    def lines(self):
        if not self._rows:
            return []
        width = max(map(len, self._rows))
        return [f"{'fault':{width}}  tries  lost  recovered"] + [
            f"{fault:{width}}  {tries:5}  {0:4}  {tries:9}" for fault, tries in self._rows.items()]

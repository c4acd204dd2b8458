"""A handler that keeps what the formatters write."""

import io
import json
import logging


class Lines(logging.StreamHandler):
    """Writes to memory; ``read()`` returns the JSON objects written since the last call."""

    def __init__(self, formatter):
        super().__init__(io.StringIO())
        self.setFormatter(formatter)
        self.failures = []

    def handleError(self, record):
        self.failures.append(record)

    def text(self):
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        assert not self.failures
        return text

    def read(self):
        return [parsed(line) for line in self.text().splitlines()]

    def one(self):
        (line,) = self.read()
        return line


def parsed(line):
    """One JSON object in ASCII without a control character, no key twice, no NaN."""
    assert line.isascii()
    assert line.isprintable()

    def pairs(items):
        keys = [key for key, _ in items]
        assert len(keys) == len(set(keys)), keys
        return dict(items)

    def constant(name):
        raise AssertionError(name)

    found = json.loads(line, object_pairs_hook=pairs, parse_constant=constant)
    assert isinstance(found, dict)
    return found

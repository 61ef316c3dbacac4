"""Checks facts files by a JSON Schema, with a validator that nobody here wrote.

    python schema.py SCHEMA SLIPS FILE ...

Every FILE must be valid. Each slip (a fact's id, what should be there, what was written) is made in the second and third files together; one that
is still TOML, and that a schema can see, is refused. The last line printed is the number of slips that were refused, and of those that are TOML.
"""

import json
import sys
import tomllib

from jsonschema import Draft202012Validator


def slipped(text, fact, right, wrong):
    """Returns the text with one fact changed."""
    own = text.index(f'\nid = "{fact}"')
    start = text.rindex("\n\n", 0, own)
    end = text.find("\n\n", own)
    end = len(text) if end < 0 else end
    return text[:start] + text[start:end].replace(right, wrong, 1) + text[end:]


def main(schema, slips, *files):
    schema = json.load(open(schema))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for file in files:
        for error in validator.iter_errors(tomllib.load(open(file, "rb"))):
            raise SystemExit(f"{file}: {list(error.absolute_path)}: {error.message[:300]}")
    text = "\n" + "\n".join(open(file).read() for file in files[:2])
    refused = whole = 0
    for fact, right, wrong in tomllib.load(open(slips, "rb"))["slips"]:
        try:
            facts = tomllib.loads(slipped(text, fact, right, wrong))
        except tomllib.TOMLDecodeError:
            continue
        whole += 1
        refused += not validator.is_valid(facts)
    print(refused, whole)


if __name__ == "__main__":
    main(*sys.argv[1:])

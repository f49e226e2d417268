"""longest.py FILE.c... - the functions of more than 50 lines: reported, not forbidden.

Relies on style(9): a function's body begins with "{" and ends with "}" in the first column.
"""
import re
import sys

LIMIT = 50


def functions(path):
    name, begin = "?", None
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        if match := re.match(r"(\w+)\(", line):
            name = match[1]
        elif line.startswith("{"):
            begin = number
        elif line.startswith("}") and begin:
            yield number - begin - 1, name
            begin = None


def main(paths):
    for length, name, path in sorted(((n, f, p) for p in paths if p.endswith(".c") for n, f in functions(p)), reverse=True):
        if length > LIMIT:
            print(f"{path}: {name} has {length} lines")


main(sys.argv[1:])

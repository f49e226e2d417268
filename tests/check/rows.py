"""rows.py - every row of the catalogue in tests/README.md is in the tests that it names.

A row is a line "| J01 | what | what must hold | `file` `file` |"; a test names the rows that it shows in its name, in the
key of a parameter, or in a comment above it. Prints what does not fit, and exits 1 then.
"""
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
ROW = re.compile(r"^\| ([A-Z]\d\d) \|.*\| ([^|]*) \|$", re.M)


def names_row(path, row):
    return re.search(rf"(?<![A-Za-z0-9]){row}(?![0-9])|_{row}(?![0-9])", path.read_text(encoding="utf-8"))


def main():
    faults, rows = [], ROW.findall((TESTS / "README.md").read_text(encoding="utf-8"))
    for row, cell in rows:
        files = re.findall(r"`([^`]+)`", cell)
        if not files:
            faults.append(f"{row}: no test")
        for file in files:
            path = TESTS / file
            if not path.is_file():
                faults.append(f"{row}: there is no tests/{file}")
            elif not names_row(path, row):
                faults.append(f"{row}: tests/{file} does not name it")
    for fault in faults:
        print(fault)
    print(f"{len(rows)} rows, {len(faults)} faults")
    return 1 if faults or not rows else 0


if __name__ == "__main__":
    sys.exit(main())

"""tally.py DIRECTORY [FAILED STEP...] - one line for all test results: "N passed, N failed".

Adds up the JUnit files that ctest and pytest left in the directory. A step that failed without a
failed test to show for it (a build, the format, a runner that crashed) counts as one failure of its
own; so does having run no test at all. Exits 1 when anything failed.
"""
import pathlib
import sys
import xml.etree.ElementTree


def verdict(case):
    # ctest says "notrun" for a test whose program is missing: that is no skip.
    if case.get("status") == "notrun" or case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def main(directory, failed_steps):
    count = {"passed": 0, "failed": 0, "skipped": 0}
    with_failures = set()
    for path in sorted(pathlib.Path(directory).glob("*.xml")):
        for case in xml.etree.ElementTree.parse(path).iter("testcase"):
            result = verdict(case)
            count[result] += 1
            if result == "failed":
                with_failures.add(path)
                print(f"failed: {path.stem} {case.get('classname', '')} {case.get('name')}")
    count["failed"] += max(0, len(failed_steps) - len(with_failures))
    if not count["passed"] + count["failed"]:
        print("failed: no test was run")
        count["failed"] = 1
    for name in failed_steps:
        print(f"failed step: {name}")
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    print(f"{count['passed']} passed, {count['failed']} failed{skipped}")
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))

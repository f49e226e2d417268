"""layers_test.py [ROOT] - the arrows between folders go down only.

docs/architecture.md holds the table of who may include whom. This test compares it with three things:
every #include line of every folder, the wht_layer() lines of CMakeLists.txt, and the rule that only
dataplane/net says uv_ or SSL_. It prints each breach as file:line and exits 1 if there was one.
"""
import pathlib
import re
import sys

# How the table's third column shows in an include line.
LIBRARIES = {
    "libuv": r"uv\.h", "OpenSSL": r"openssl/", "llhttp": r"llhttp\.h", "wslay": r"wslay/",
    "jansson": r"jansson\.h", "SQLite": r"sqlite3\.h", "Lua": r"(lua\w*|lauxlib)\.h",
    "libcurl": r"curl/", "uthash": r"ut\w+\.h",
}
# Header-only and harmless: anyone may keep a map.
FREE = {"uthash"}
NET_WORDS = re.compile(r"\b(uv_\w+|SSL_\w+|SSL)\b")


def words(cell):
    return [word.strip() for word in cell.split(",") if word.strip() not in ("", "-")]


class Table:
    def __init__(self, page):
        self.may, self.wraps = {}, {}
        section = page.split("| folder | may include |", 1)[1].split("\n\n", 1)[0]
        for line in section.splitlines()[2:]:
            folder, may, wraps = (cell.strip() for cell in line.strip("|").split("|"))
            self.may[folder], self.wraps[folder] = words(may), words(wraps)

    def allows(self, folder, header):
        top = header.split("/")[0]
        return top == folder or top in self.may[folder] or header in self.may[folder]

    def links(self, folder):
        """The folders whose libraries it must link. One header of a folder is still its library, but a table is none."""
        return {entry.split("/")[0] for entry in self.may[folder] if not entry.endswith("_tbl.h")}


def folder_of(path, root):
    parts = path.relative_to(root).parts
    return parts[1] if parts[0] == "dataplane" else parts[0]


def without_comments(text):
    """Comments and strings go, line numbers stay."""
    blank = lambda match: re.sub(r"[^\n]", " ", match[0])
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(\\.|[^"\\\n])*"', blank, text, flags=re.S)


def include_breaches(path, folder, table):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = re.match(r'#\s*include\s+(["<])([^">]+)[">]', line)
        if not match:
            continue
        kind, header = match.groups()
        if kind == '"' and "/" not in header:
            yield number, f'"{header}" does not carry its folder'
        elif kind == '"' and not table.allows(folder, header):
            yield number, f"{folder} may not include {header}"
        for library, pattern in LIBRARIES.items():
            if kind == "<" and re.match(pattern, header) and library not in FREE | set(table.wraps[folder]):
                yield number, f"{folder} may not include <{header}>: it does not wrap {library}"


def word_breaches(path, folder):
    if folder == "net":
        return
    for number, line in enumerate(without_comments(path.read_text(encoding="utf-8")).splitlines(), 1):
        if match := NET_WORDS.search(line):
            yield number, f"only dataplane/net says {match[0]}"


def cmake_breaches(cmake, table):
    """A layer links nothing that it may not include."""
    for match in re.finditer(r"^wht_layer\(\s*(\w+)\s+(\S+)([^)]*)\)", cmake, re.M):
        name, path, rest = match.groups()
        number = cmake[: match.start()].count("\n") + 1
        folder = path.split("/")[-1]
        links = set(re.findall(r"\bwht_(\w+)", rest))
        if folder not in table.may:
            yield number, f"{folder} is not in the table"
        elif links - table.links(folder):
            yield number, f"{name} links {sorted(links - table.links(folder))}, which the table does not allow"


def main(root):
    root = pathlib.Path(root)
    table = Table((root / "docs/architecture.md").read_text(encoding="utf-8"))
    breaches, files = [], 0
    for top in ("dataplane", "controlplane", "cli", "lua"):
        for path in sorted((root / top).rglob("*.[ch]")):
            folder = folder_of(path, root)
            files += 1
            if folder not in table.may:
                breaches.append((path, 1, f"{folder} is not in the table"))
                continue
            breaches += [(path, *breach) for breach in include_breaches(path, folder, table)]
            breaches += [(path, *breach) for breach in word_breaches(path, folder)]
    cmake = root / "CMakeLists.txt"
    breaches += [(cmake, *breach) for breach in cmake_breaches(cmake.read_text(encoding="utf-8"), table)]
    for path, number, what in breaches:
        print(f"{path.relative_to(root)}:{number}: {what}")
    print(f"{files} files, {len(table.may)} folders, {len(breaches)} breaches")
    return 1 if breaches or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "."))

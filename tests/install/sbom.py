#!/usr/bin/env python3
"""sbom.py FILE TREE - FILE has what the specification of SPDX 2.3 requires, and speaks of the files in TREE."""

import hashlib
import json
import os
import re
import sys

LICENCES = {"MIT", "Zlib", "BSD-2-Clause", "BSD-3-Clause", "IJG", "libpng-2.0", "NOASSERTION", "NONE"}
RELATIONS = {"DESCRIBES", "CONTAINS", "DEPENDS_ON"}
PURE_TEXT = {"spdxVersion": r"SPDX-2\.3", "dataLicense": r"CC0-1\.0", "SPDXID": r"SPDXRef-DOCUMENT", "name": r".+",
             "documentNamespace": r"https?://[^#\s]+"}
problems = []


def expect(truth, text):
    if not truth:
        problems.append(text)


def element(row, required):
    """Fields that packages and files have: an identifier, a licence, a copyright."""
    for name in ("SPDXID", "licenseConcluded", "copyrightText", *required):
        expect(row.get(name) not in (None, ""), f"{row.get('SPDXID')} lacks {name}")
    expect(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", row.get("SPDXID", "")), f"identifier {row.get('SPDXID')!r}")
    for name in ("licenseConcluded", "licenseDeclared"):
        expect(row.get(name, "NONE") in LICENCES, f"{row.get('SPDXID')}: licence {row.get(name)!r}")


def digest(path, algorithm):
    with open(path, "rb") as file:
        return hashlib.new(algorithm, file.read()).hexdigest()


def check_files(files, tree):
    """Returns the verification code of a package that consists of them."""
    for row in files:
        element(row, ["fileName", "checksums"])
        sums = {c["algorithm"]: c["checksumValue"] for c in row["checksums"]}
        expect("SHA1" in sums, f"{row['fileName']} has no SHA1, which is mandatory")
        expect(row["fileName"].startswith("./"), f"{row['fileName']} is not relative")
        for algorithm, value in sums.items():
            expect(digest(os.path.join(tree, row["fileName"]), algorithm.lower()) == value,
                   f"{algorithm} of {row['fileName']}")
    there = {"./" + os.path.relpath(os.path.join(folder, name), tree) for folder, _, names in os.walk(tree)
             for name in names if not os.path.islink(os.path.join(folder, name))}
    expect(there == {row["fileName"] for row in files}, "files of the document are not those of the tree")
    sums = sorted(c["checksumValue"] for row in files for c in row["checksums"] if c["algorithm"] == "SHA1")
    return hashlib.sha1("".join(sums).encode()).hexdigest()


def check_packages(packages, code):
    for row in packages:
        element(row, ["name", "versionInfo", "downloadLocation", "licenseDeclared"])
        expect(re.fullmatch(r"[0-9][0-9.]*|NOASSERTION", row["versionInfo"]), f"version of {row['name']}")
        if row.get("filesAnalyzed", True):
            expect(row["packageVerificationCode"]["packageVerificationCodeValue"] == code,
                   f"verification code of {row['name']}")


def check_relationships(rows, identifiers):
    for row in rows:
        for end in ("spdxElementId", "relatedSpdxElement"):
            expect(row[end] in identifiers, f"{row[end]} is related, and not there")
        expect(row["relationshipType"] in RELATIONS, f"relation {row['relationshipType']}")
    kinds = {(row["spdxElementId"], row["relationshipType"], row["relatedSpdxElement"]) for row in rows}
    expect(("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-libsnn") in kinds, "the document describes nothing")
    for name in ("zlib", "jansson"):
        expect(("SPDXRef-libsnn", "DEPENDS_ON", f"SPDXRef-{name}") in kinds, f"libsnn does not depend on {name}")
    expect(("SPDXRef-libsnn", "DEPENDS_ON", "SPDXRef-hdf5") not in kinds, "libsnn alone depends on HDF5")


def main(path, tree):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    for name, pattern in PURE_TEXT.items():
        expect(re.fullmatch(pattern, document.get(name, "")), f"{name}: {document.get(name)!r}")
    made = document["creationInfo"]
    expect(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made["created"]), f"created {made['created']!r}")
    expect(made["creators"] and all(re.match(r"(Person|Organization|Tool): \S", c) for c in made["creators"]),
           f"creators {made['creators']!r}")
    check_packages(document["packages"], check_files(document["files"], tree))
    identifiers = [row["SPDXID"] for row in [document, *document["packages"], *document["files"]]]
    expect(len(identifiers) == len(set(identifiers)), "identifiers are not unique")
    check_relationships(document["relationships"], set(identifiers))
    for problem in problems:
        print(problem)
    print(f"{len(document['packages'])} packages, {len(document['files'])} files, "
          f"{len(document['relationships'])} relationships: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""The fuzz targets: name, then "module:function" of a function of one bytes argument.

Seeds are the files of tests/fuzz/seeds/<name>/ and, where the module has it, what its function `<function>_seeds()`
returns (a list of bytes). Inputs longer than MAX_LENGTH bytes, or what LONGER says, are not tried.
"""

from __future__ import annotations

MAX_LENGTH = 4096
LONGER = {"name_index": 12_288, "rows": 12_288}

TARGETS = {
    "identifiers": "tests.fuzz.text_targets:identifiers",
    "names": "tests.fuzz.text_targets:names",
    "match": "tests.fuzz.text_targets:names_compared",
    "dates": "tests.fuzz.date_targets:dates",
    "rows": "tests.fuzz.row_targets:rows",
    "wire": "tests.fuzz.store_targets:wire",
    "keys": "tests.fuzz.store_targets:keys",
    "name_index": "tests.fuzz.name_index_targets:name_index",
    "plates": "tests.fuzz.store_targets:plates_fuzz",
    "dossiers": "tests.fuzz.store_targets:dossiers",
    "engine": "tests.fuzz.engine_targets:answer",
}

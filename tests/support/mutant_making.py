"""Makes all mutants in the folder `mutants`, as `mutmut run` does before it tries them.

    python -m tests.support.mutant_making

What was found out before about a function that did not change is kept.
"""

import contextlib
import io
import os

from mutmut.__main__ import create_mutants
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir

__all__: list[str] = []


def main() -> None:
    """The program."""
    with contextlib.redirect_stdout(io.StringIO()):  # the name of every file
        copy_src_dir()
        copy_also_copy_files()
        create_mutants(os.cpu_count() or 1)


if __name__ == "__main__":
    main()

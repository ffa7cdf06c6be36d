"""Generates everything that is made from the protos: `python protos/generate.py [--check]`.

Into `protos/gen`: the Python messages and stubs with their types,
`arcadia.binpb`, the descriptor set that the gateway transcodes by, and
`openapi.json`, the description of the HTTP API. `--check` generates into a
scratch folder, says what differs from what is committed, and lets buf lint the
protos.
"""

import filecmp
import subprocess
import sys
import tempfile
from pathlib import Path

from google.api import annotations_pb2

ROOT = Path(__file__).resolve().parent
GENERATED = ROOT / "gen"
BIN = Path(sys.executable).parent
ANNOTATIONS = Path(annotations_pb2.__file__).parents[2]
"""googleapis-common-protos ships `google/api` and `google/rpc` beside their code."""

# The transcoder needs the error details' types to print a rich error.
DESCRIPTOR_EXTRAS = ["google/rpc/status.proto", "google/rpc/error_details.proto"]


def sources() -> list[str]:
    """The proto files of ours, relative to the module's root, sorted."""
    return sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("arcadia/**/*.proto"))


def protoc(*arguments: str) -> None:
    """Runs the compiler that grpcio-tools ships, on our protos and the annotations."""
    command = [
        sys.executable,
        "-m",
        "grpc_tools.protoc",
        f"--proto_path={ROOT}",
        f"--proto_path={ANNOTATIONS}",
        f"--plugin=protoc-gen-mypy_grpc={BIN / 'protoc-gen-mypy_grpc'}",
        *arguments,
    ]
    subprocess.run(command, check=True)


def generate(target: Path) -> None:
    """Writes all generated files into `target`."""
    target.mkdir(parents=True, exist_ok=True)
    protoc(
        f"--python_out={target}",
        f"--pyi_out={target}",
        f"--grpc_python_out={target}",
        f"--mypy_grpc_out=quiet:{target}",
        *sources(),
    )
    protoc(
        "--include_imports",
        f"--descriptor_set_out={target / 'arcadia.binpb'}",
        *sources(),
        *DESCRIPTOR_EXTRAS,
    )
    with tempfile.TemporaryDirectory() as scratch:
        described = Path(scratch) / "described.binpb"
        write_described(described)
        output = target / "openapi.json"
        subprocess.run(
            [sys.executable, "-m", "gateway.openapi", described, output],
            check=True,
            cwd=ROOT.parent,
        )


def write_described(target: Path) -> None:
    """Writes the descriptor set with comments, which the gateway does not need."""
    protoc(
        "--include_imports", "--include_source_info", f"--descriptor_set_out={target}", *sources()
    )


def relative_files(folder: Path) -> set[str]:
    """The files below a folder, without the interpreter's caches."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def differences(fresh: Path) -> list[str]:
    """The names of files that are missing, left over or different in `protos/gen`."""
    names = relative_files(fresh) | relative_files(GENERATED)
    _, mismatch, missing = filecmp.cmpfiles(fresh, GENERATED, sorted(names), shallow=False)
    return sorted([*mismatch, *missing])


def check() -> int:
    """Says what is stale or badly styled; 0 when nothing is."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / "gen"
        generate(fresh)
        stale = differences(fresh)
        image = Path(scratch) / "arcadia-lint.binpb"
        write_described(image)
        lint = subprocess.run(
            [BIN / "buf", "lint", image, "--config", ROOT / "buf.yaml"], check=False
        )
    formatted = subprocess.run([BIN / "buf", "format", "--diff", "--exit-code", ROOT], check=False)
    for name in stale:
        print(f"protos/gen/{name}: stale; run `make protos`", file=sys.stderr)
    return 1 if stale or lint.returncode or formatted.returncode else 0


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(check())
    for stale_file in relative_files(GENERATED):
        (GENERATED / stale_file).unlink()
    generate(GENERATED)

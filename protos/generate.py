"""Generates everything that is made from the protos: `python protos/generate.py [--check]`.

Into `protos/gen`: the Python messages and stubs with their types, and
`arcadia.binpb`, the descriptor set that the gateway transcodes by. `--check`
generates into a scratch folder, says what differs from what is committed, and
lets buf lint the protos.
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
        protoc(
            "--include_imports",
            "--include_source_info",
            f"--descriptor_set_out={image}",
            *sources(),
        )
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

"""Source code: its functions and classes as headings, every line kept."""

import pytest

from pipeline.adapters.extractors.code import extract
from pipeline.contract import Block


def code(text: str) -> Block:
    return Block(kind="code", text=text)


def name(text: str) -> Block:
    return Block(kind="heading", text=text, level=1)


def test_python_is_cut_at_its_outer_definitions() -> None:
    source = (
        '"""About."""\n\nimport os\n\n\n@cache\n# why\ndef first():\n    def inner():\n        return 1\n'
        "    return inner\n\n\nclass Second:\n    def method(self):\n        first()\n"
    )
    assert extract(source, "python").blocks == (
        code('"""About."""\n\nimport os'),
        name("first"),
        code("@cache\n# why\ndef first():\n    def inner():\n        return 1\n    return inner"),
        name("Second"),
        code("class Second:\n    def method(self):\n        first()"),
    )


@pytest.mark.parametrize(
    ("language", "source", "names"),
    [
        ("bash", "#!/bin/sh\nstop() {\n  exit 1\n}\nstart() {\n  stop\n}\n", ["stop", "start"]),
        ("go", "package a\n\nfunc Start() {\n\tStop()\n}\n\nfunc (s *Server) Stop() {}\n", ["Start", "Stop"]),
        ("rust", "fn start() {}\n\npub fn stop() {}\n", ["start", "stop"]),
        (
            "c",
            "static int start(int a)\n{\n  return stop(a);\n}\nint main(void) { return 1; }\n",
            ["start", "main"],
        ),
        ("cpp", "class A {\n  void run(int x);\n};\nvoid A::run(int x) {\n}\n", ["A", "A::run"]),
        ("typescript", "export interface A { x: number }\n\nasync function b(): void {}\n", ["A", "b"]),
        ("python", 'TEXT = """\nclass of things\n"""\n', []),
        ("yaml", "a: 1\nb: 2\n", []),
        ("json", '{"a": 1}\n', []),
    ],
)
def test_languages_show_their_functions(language: str, source: str, names: list[str]) -> None:
    blocks = extract(source, language).blocks
    assert [block.text for block in blocks if block.kind == "heading"] == names
    assert " ".join(b.text for b in blocks if b.kind == "code").split() == source.split()

"""Print docs/errors.md: every numbered error that the package raises, from its sources."""

import ast
from pathlib import Path

CLASSES = frozenset({"DataError", "GateFailed", "UsageError", "MachineError"})


def told(node: ast.expr | None) -> str:
    """A message as a reader meets it, with ``…`` for what only the run can tell."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(told(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return told(node.left) + told(node.right)
    return "…" if node is not None else ""


def rows() -> dict[str, tuple[str, str, str]]:
    """Number to message, what to do and module."""
    found = {}
    package = Path(__file__).resolve().parents[1] / "chartline"
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES
            if named and len(node.args) > 1 and str(getattr(node.args[0], "value", "")).startswith("CL"):
                fix = (
                    node.args[2]
                    if len(node.args) > 2
                    else next((k.value for k in node.keywords if k.arg == "fix"), None)
                )
                place = path.relative_to(package).with_suffix("").as_posix()
                found[node.args[0].value] = (told(node.args[1]), told(fix), place)
    return found


def page() -> str:
    """The page."""
    found = sorted(rows().items())
    lines = [
        "# Errors by number",
        "",
        "Made by `python scripts/errors.py > docs/errors.md`. A number means one thing and stays; `…` is an id, a count or",
        "a name that the run tells. CL1: the data or a gate said no (exit code 1); CL2: the call was wrong (2); CL3: the",
        "machine failed (3).",
    ]
    for first, title in (("1", "The data or a gate said no"), ("2", "The call was wrong"), ("3", "The machine failed")):
        lines += ["", f"## {title}", "", "| number | what happened | what to do | told by |", "|---|---|---|---|"]
        for number, (message, fix, place) in found:
            if number[2] == first:
                cells = (text.replace("|", "\\|").replace("\n", " ") for text in (message, fix or "-"))
                lines.append(f"| {number} | {' | '.join(cells)} | {place} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")

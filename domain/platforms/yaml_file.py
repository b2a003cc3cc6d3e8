"""A YAML file that knows on which line each of its values stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

Loc = tuple[int | str, ...]


class UnreadableYaml(ValueError):
    """The file is not YAML; `line` (from 1) is where reading stopped, when that is known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class YamlFile:
    """The plain values of a YAML 1.2 file, and their lines.

    Raises OSError when the file cannot be opened and UnreadableYaml when it is not UTF-8 or not
    YAML (a key given twice is an error too: one of the two would silently be lost).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._tree = YAML(typ="rt").load(path.read_bytes().decode("utf-8"))
        except UnicodeDecodeError as error:
            raise UnreadableYaml(f"not UTF-8 (byte {error.start})") from error
        except DuplicateKeyError as error:
            mark = error.problem_mark
            reason = str(error.problem).split(" with value ")[0]
            raise UnreadableYaml(reason, None if mark is None else mark.line + 1) from error
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            reason = " ".join(str(part) for part in (error.context, error.problem) if part)
            raise UnreadableYaml(reason, None if mark is None else mark.line + 1) from error
        except YAMLError as error:
            raise UnreadableYaml(" ".join(str(error).split())) from error
        self.data: Any = _plain(self._tree)

    def line(self, loc: Loc) -> int:
        """The line (from 1) of the value at `loc`, or of the nearest thing above it that is there."""
        node: Any = self._tree
        line = 1
        for step in loc:
            if isinstance(node, CommentedMap) and step in (node.lc.data or ()):
                line = node.lc.key(step)[0] + 1
            elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
                line = node.lc.item(step)[0] + 1
            else:
                break
            node = node[step]
        return line


def _plain(node: Any) -> Any:
    """ruamel's containers and scalars as the built-in types a schema understands."""
    if isinstance(node, dict):
        return {_plain(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node

"""Reads the pickle inside a ``.pth`` file as data. Nothing in it can run, because nothing here can.

A pickle is a program for a small stack machine; the danger lies in the instructions that import a
name and call it. This machine knows the instructions that plain weights need. Its "calls" are the
few in ``_CALLS``, each written out here; any other name ends the reading with E201, and was never
imported. So no loader stands behind a scanner that might read the file differently from it, torch
need not be imported to refuse a file, and the shapes are known before a weight is read.

Reference: the standard library's ``pickletools`` (the instruction set) and torch's notes on
serialization (the names a state dict uses).
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from realesr.errors import ModelError
from realesr.models.storage import Storage, StoredTensor, printable

_MAX_INSTRUCTIONS = 400_000  # a network of 10,000 tensors needs about 350,000

_STORAGES = {
    "Double": "F64", "Float": "F32", "Half": "F16", "BFloat16": "BF16", "Long": "I64",
    "Int": "I32", "Short": "I16", "Char": "I8", "Byte": "U8", "Bool": "BOOL",
}  # fmt: skip
_DTYPES = {f"torch.{name}Storage": dtype for name, dtype in _STORAGES.items()}
_KNOWN_AS = {"posix": "os", "nt": "os", "__builtin__": "builtins"}
_CLUMSY = ("argparse.Namespace", "numpy.core.multiarray.", "numpy._core.multiarray.",
           "numpy.dtype", "torch.nn.modules.", "pathlib.")  # fmt: skip


class DamagedPickleError(Exception):
    """What is wrong with a pickle, in words."""


@dataclass(frozen=True)
class _Name:
    """An imported name that was not imported."""

    full: str


class _Mark:
    """The MARK on the stack."""


class PickleReader:
    """The stack machine: from instructions to dicts, lists, tuples, texts, numbers and tensors.

    Args:
        name: What to call the file in a refusal.
        storage: From a persistent id's (dtype, key, count) to where those items lie.
    """

    def __init__(self, name: str, storage: Callable[[str, str, int], Storage]) -> None:
        self._name = name
        self._storage = storage
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._left = _MAX_INSTRUCTIONS

    def read(self, stream: BinaryIO) -> Any:
        """The object of the next pickle in the stream, which is left right after it.

        Raises:
            ModelError: E201 when it asks for a name that weights do not need.
            DamagedPickleError: When it is incomplete, or has an instruction out of place.
        """
        self._stack, self._memo = [], {}
        try:
            for instruction, argument, _ in pickletools.genops(stream):
                self._left -= 1
                if self._left < 0:
                    raise DamagedPickleError("too many instructions")
                self._step(instruction.name, argument)
            return self._pop()
        except (ValueError, IndexError, TypeError, KeyError, OverflowError, Warning) as fault:
            raise DamagedPickleError("not a complete pickle") from fault

    def _step(self, instruction: str, argument: Any) -> None:
        push = self._stack.append
        match instruction:
            case "PROTO" | "FRAME" | "STOP":
                pass
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                self._memo[argument] = self._stack[-1]
            case "MEMOIZE":
                self._memo[len(self._memo)] = self._stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                push(self._memo[argument])
            case "POP":
                self._stack.pop()
            case "TUPLE":
                push(tuple(self._pop_to_mark()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                values = [self._pop() for _ in range(int(instruction[-1]))]
                push(tuple(values[::-1]))
            case "LIST":
                push(self._pop_to_mark())
            case "DICT":
                items = self._pop_to_mark()
                push({})
                self._set(items)
            case "SETITEM":
                value, key = self._pop(), self._pop()
                self._set([key, value])
            case "SETITEMS":
                self._set(self._pop_to_mark())
            case "APPEND":
                value = self._pop()
                self._top(list).append(value)
            case "APPENDS":
                values = self._pop_to_mark()
                self._top(list).extend(values)
            case _ if instruction in _LITERALS:
                push(argument)
            case _ if instruction in _CONSTANTS:
                push(_CONSTANTS[instruction]())
            case _:
                self._reach_out(instruction, argument)

    def _reach_out(self, instruction: str, argument: Any) -> None:
        """The instructions that could reach outside the pickle, and all that do not belong."""
        match instruction:
            case "GLOBAL":
                self._stack.append(self._imported(argument.replace(" ", ".", 1)))
            case "STACK_GLOBAL":
                attribute, module = self._pop(), self._pop()
                if not isinstance(attribute, str) or not isinstance(module, str):
                    raise self._refusal("a name it hides")
                self._stack.append(self._imported(f"{module}.{attribute}"))
            case "REDUCE":
                arguments, called = self._pop(), self._pop()
                self._stack.append(self._called(called, arguments))
            case "BUILD":
                # An OrderedDict's own attributes (torch keeps version numbers there): no weights.
                self._pop()
                self._top(dict)
            case "BINPERSID":
                self._stack.append(self._located(self._pop()))
            case "INST":
                raise self._refusal(argument.replace(" ", ".", 1))
            case "OBJ" | "NEWOBJ" | "NEWOBJ_EX" | "EXT1" | "EXT2" | "EXT4":
                raise self._refusal(instruction)
            case _:
                raise DamagedPickleError(f"an instruction weights do not need ({instruction})")

    def _pop(self) -> Any:
        value = self._stack.pop()
        if isinstance(value, _Mark):
            raise DamagedPickleError("a mark out of place")
        return value

    def _pop_to_mark(self) -> list[Any]:
        values: list[Any] = []
        while not isinstance(value := self._stack.pop(), _Mark):
            values.append(value)
        return values[::-1]

    def _top(self, kind: type) -> Any:
        if not isinstance(self._stack[-1], kind):
            raise DamagedPickleError("items for something that holds none")
        return self._stack[-1]

    def _set(self, items: list[Any]) -> None:
        target = self._top(dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            # Hashing a tuple of tuples of one shared tuple would never end.
            if not isinstance(key, str | int | float | None):
                raise DamagedPickleError("a key that is neither text nor number")
            target[key] = value

    def _imported(self, full: str) -> _Name:
        if full not in _CALLS and full not in _DTYPES:
            raise self._refusal(full)
        return _Name(full)

    def _called(self, called: Any, arguments: Any) -> Any:
        if not isinstance(called, _Name) or not isinstance(arguments, tuple):
            raise DamagedPickleError("a call of something that is no name")
        if called.full not in _CALLS:
            raise DamagedPickleError(f"a call of {called.full}")
        return _CALLS[called.full](*arguments)

    def _located(self, identity: Any) -> Storage:
        if not isinstance(identity, tuple) or len(identity) not in (5, 6):
            raise DamagedPickleError("a storage without its five facts")
        kind, dtype, key, _device, count, *view = identity
        if kind != "storage" or not isinstance(dtype, _Name) or dtype.full not in _DTYPES:
            raise DamagedPickleError("a storage of unknown type")
        if type(count) is not int or count < 0 or not isinstance(key, str) or any(view):
            raise DamagedPickleError("a storage with an impossible size")
        return self._storage(_DTYPES[dtype.full], key, count)

    def _refusal(self, full: str) -> ModelError:
        """The refusal of a name, under the name people know it by."""
        module, dot, rest = full.partition(".")
        shown = printable(f"{_KNOWN_AS.get(module, module)}{dot}{rest}")
        return ModelError(
            "E201",
            f'{self._name} asks to run "{shown}". It was not run.',
            "Weights need no such thing: ask its author for a .safetensors file."
            if full.startswith(_CLUMSY)
            else "Do not use this file; report it.",
        )


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_rest: Any) -> StoredTensor:
    """torch._utils._rebuild_tensor_v2, and before 2018 _rebuild_tensor."""
    sizes = (offset, *shape, *strides)
    if not isinstance(storage, Storage) or len(shape) != len(strides) or len(shape) > 8:
        raise DamagedPickleError("a tensor that is none")
    if not all(type(size) is int and 0 <= size < 1 << 63 for size in sizes):
        raise DamagedPickleError("a tensor of impossible shape")
    tensor = StoredTensor(storage, tuple(shape), tuple(strides), offset)
    if not tensor.fits():
        raise DamagedPickleError("a tensor that reaches outside its storage")
    return tensor


def _parameter(data: Any, *_rest: Any) -> StoredTensor:
    """torch._utils._rebuild_parameter."""
    if not isinstance(data, StoredTensor):
        raise DamagedPickleError("a parameter that is none")
    return data


def _ordered(pairs: Any = ()) -> dict[Any, Any]:
    """collections.OrderedDict, which Python 2 gave its items at once, as a list of pairs."""
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise DamagedPickleError("an OrderedDict that is none")
    if not all(isinstance(key, str | int | float | None) for key, _ in pairs):
        raise DamagedPickleError("a key that is neither text nor number")
    return dict(pairs)


def _counted(counts: Any = None) -> dict[Any, Any]:
    """collections.Counter, which a training state keeps its milestones in."""
    if counts is not None and not isinstance(counts, dict):
        raise DamagedPickleError("a Counter that is none")
    return dict(counts or {})


_CALLS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _ordered,
    "collections.Counter": _counted,
    "torch.Size": tuple,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
}
_LITERALS = frozenset(
    "BINUNICODE SHORT_BINUNICODE BINUNICODE8 UNICODE BINSTRING SHORT_BINSTRING STRING "
    "BININT BININT1 BININT2 INT LONG LONG1 BINFLOAT FLOAT".split()
)
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "MARK": _Mark,
}  # fmt: skip

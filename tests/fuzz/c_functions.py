"""The C functions that a compiled module shares by its .pxd, called with memory of exact size.

A bytes object has a zero behind its last byte, which hides a read of one byte too many from AddressSanitizer; memory
from malloc does not.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType

_libc = ctypes.CDLL(None)
_libc.malloc.restype = ctypes.c_void_p
_libc.malloc.argtypes = [ctypes.c_size_t]
_libc.free.argtypes = [ctypes.c_void_p]
_capsule_name = ctypes.pythonapi.PyCapsule_GetName
_capsule_name.restype = ctypes.c_char_p
_capsule_name.argtypes = [ctypes.py_object]
_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


def c_function(module: ModuleType, name: str, result: type | None, *arguments: type) -> Callable[..., int]:
    """A `noexcept nogil` function of a compiled module's .pxd, by its C types."""
    capsule = module.__dict__["__pyx_capi__"][name]
    address = _capsule_pointer(capsule, _capsule_name(capsule))
    return ctypes.CFUNCTYPE(result, *arguments)(address)


@contextmanager
def exact(data: bytes) -> Iterator[int]:
    """Address of a copy of the data in memory of just that size."""
    address = _libc.malloc(len(data))
    ctypes.memmove(address, data, len(data))
    try:
        yield address
    finally:
        _libc.free(address)


@contextmanager
def room(size: int) -> Iterator[int]:
    """Address of memory of just that size, to be written to."""
    address = _libc.malloc(size)
    try:
        yield address
    finally:
        _libc.free(address)

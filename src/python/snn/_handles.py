"""Handles: objects of the library, destroyed after all objects made from them, in whichever order Python frees
them."""

from __future__ import annotations

import collections
import contextlib
import ctypes
import signal
import threading
import weakref
from ctypes import byref, c_char_p
from typing import TYPE_CHECKING, Any, Callable, ClassVar, Iterator, Sequence

from ._library import GETTERS, Error, library, pointer_to
from ._structures import ParamInfo
from ._types import Setting
from ._values import choice, setting, word

if TYPE_CHECKING:
    from typing_extensions import Self


class _Node:
    """An object of the library, and those that it needs. Nodes are kept by the finalizers of the Python objects, not
    by these: a garbage collector that finds a cycle may end its members in any order, and a context still outlives
    its networks."""

    def __init__(self, pointer: Any, destroy: Callable[[Any], object], needs: Sequence[_Node]) -> None:
        self.pointer = pointer
        self.destroy = destroy
        self.needs: list[_Node] = []
        self.keeps: list[object] = []     # callbacks and arrays that the library may use
        self.users = 1      # the Python object, and nodes that need this one
        for node in needs:
            self.need(node)

    def need(self, node: _Node) -> None:
        node.users += 1
        self.needs.append(node)


# Nodes that lost a user; finalizers run in any thread, and within one another.
_released: collections.deque[_Node] = collections.deque()
_releasing = threading.Lock()


def _release(node: _Node) -> None:
    _released.append(node)
    while _released and _releasing.acquire(blocking=False):
        try:
            while _released:
                node = _released.popleft()
                node.users -= 1
                if node.users == 0:
                    node.destroy(node.pointer)
                    _released.extend(node.needs)
        finally:
            _releasing.release()


def handle(thing: Any, noun: str, optional: bool = False) -> Any:
    """The library's pointer of a Python object of the right kind."""
    if thing is None and optional:
        return None
    if getattr(thing, "_noun", None) != noun:
        raise TypeError(f"expected {'an' if noun[0] in 'aeiou' else 'a'} {noun.capitalize()}, "
                        f"got {type(thing).__name__}")
    return thing._handle


class Object:
    """A noun, as in the names of the library's functions, and a pointer of the library."""

    _noun: ClassVar[str]
    _library: ClassVar[ctypes.CDLL] = library
    _node: _Node

    @property
    def _handle(self) -> Any:
        return self._node.pointer


class Parameters(Object):
    """Parameters by name, of neurons, layers, optimizers, data sets, trainers and projections."""

    def set(self, **values: Setting) -> Self:
        """Sets parameters by name: set(tau=2.0, reset="zero")."""
        call = getattr(self._library, f"snn_{self._noun}_set_text")
        for name, value in values.items():
            call(self._handle, word(name, "parameter"), setting(value, name))
        return self

    def get(self, name: str) -> Any:
        """Returns the present value of a parameter, an int, a float or a str: get("tau")."""
        row = choice(name, self._rows(), "parameter")
        getter, kind = GETTERS[row.type]
        value = kind()
        getattr(self._library, f"snn_{self._noun}_{getter}")(self._handle, row.key, byref(value))
        return value.value.decode() if kind is c_char_p else value.value

    def params(self) -> dict[str, str]:
        """Returns the parameters, a dictionary from name to one line of help."""
        return {name: row.help.decode() for name, row in self._rows().items()}

    def _changed(self) -> dict[str, Any]:
        """The parameters whose values are not their defaults."""
        present = {name: (row, self.get(name)) for name, row in self._rows().items()}
        return {name: value for name, (row, value) in present.items()
                if value != (row.number if row.text is None else row.text.decode())}

    def _rows(self) -> dict[str, ParamInfo]:
        call = getattr(self._library, f"snn_{self._noun}_param_info")
        rows: dict[str, ParamInfo] = {}
        while True:
            row = ParamInfo()
            try:
                call(self._handle, len(rows), byref(row))
            except Error:
                return rows
            rows[row.name.decode()] = row


class Owned(Object):
    """An object of the library that is destroyed with the Python object, after what was made from it."""

    def _own(self, create: Callable[..., object], *arguments: object, parents: Sequence[Any] = ()) -> Self:
        pointer = pointer_to(self._noun)()
        create(byref(pointer), *arguments)
        self._parents = parents     # the Python objects, for those who ask
        self._node = _Node(pointer, getattr(self._library, f"snn_{self._noun}_destroy"),
                           [p._node for p in parents if p is not None])
        weakref.finalize(self, _release, self._node)
        return self

    def _need(self, other: Owned | None, before: Owned | None = None) -> None:
        """From now on `other` has to outlive this object, too, and `before` no longer; None is nobody."""
        if other is not None:
            self._node.need(other._node)
        if before is not None:
            self._node.needs.remove(before._node)
            _release(before._node)

    def __reduce_ex__(self, protocol: object) -> Any:
        """A copy would be a second owner of the same object."""
        raise TypeError(f"a {type(self).__name__} cannot be copied or pickled: create another one, or save and load "
                        "it")


class Watch:
    """Keeps the first exception that a callback raises, which calling_back() raises after the call that called
    back."""

    def __init__(self) -> None:
        self.caught: BaseException | None = None
        self.listener: Callable[[Any], object] | None = None    # hears the progress of epochs and evaluations

    def guard(self, function: Callable[..., Any], failed: Any) -> Callable[..., Any]:
        """The function as a callback: `failed` is what it returns to the library where it raised."""
        def guarded(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except BaseException as problem:    # SystemExit, too
                if self.caught is None:
                    self.caught = problem
                return failed
        return guarded

    def wants_stop(self) -> bool:
        return self.caught is not None

    def take(self) -> BaseException | None:
        """What was caught, if anything; the next call begins with nothing."""
        caught, self.caught = self.caught, None
        return caught

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """What the handlers of Ctrl-C and SIGTERM raise is caught as well: Python runs them where a callback begins,
        outside of its try."""
        before = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                handler = signal.getsignal(number)
                if callable(handler):
                    before[number] = handler
                    signal.signal(number, self.guard(handler, None))
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def calling_back(watches: Sequence[Watch], call: Callable[..., object], *arguments: object) -> None:
    """Makes a call during which callbacks and handlers of signals may raise; the first of the watches takes the
    signals."""
    failure: Error | None = None
    with watches[0].signals():
        try:
            call(*arguments)
        except Error as error:
            failure = error
    for problem in [*(watch.take() for watch in watches), failure]:
        if problem is not None:
            raise problem

"""Names for hints. NumPy is loaded only where arrays come in or go out: at run time, those of arrays say nothing."""

import os
from typing import TYPE_CHECKING, Any, Union

Setting = Union[str, bool, int, float]
Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[Any]
    ArrayLike = npt.ArrayLike
    Doubles = npt.NDArray[np.float64]
    Floats = npt.NDArray[np.float32]
    Whole = npt.NDArray[np.uint32]
else:
    Array = ArrayLike = Doubles = Floats = Whole = Any

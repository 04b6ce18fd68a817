"""GPUs as the driver or an imported framework names them; None where neither can tell."""

from __future__ import annotations

import ctypes


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME_BYTES = 96
_LIBRARY = "libnvidia-ml.so.1"


def describe_gpu(modules: Mapping[str, object]) -> tuple[str | None, tuple[str, ...]]:
    """Return (CUDA version or None, names of the GPUs).

    Torch is asked when it is imported, because it knows which devices this process may use; else
    NVIDIA's management library, which needs no framework.
    """
    torch = modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    if torch is not None and cuda is not None:
        return _ask_torch(torch, cuda)
    return _ask_driver()


def _ask_torch(torch: object, cuda: object) -> tuple[str | None, tuple[str, ...]]:
    built_for = getattr(getattr(torch, "version", None), "cuda", None)
    try:
        if not cuda.is_available():  # type: ignore[attr-defined]  # torch.cuda, never imported here
            return None, ()
        names = [cuda.get_device_name(n) for n in range(cuda.device_count())]  # type: ignore[attr-defined]  # as above
    except (AttributeError, RuntimeError, AssertionError):
        return built_for, ()
    return built_for, tuple(names)


def _ask_driver() -> tuple[str | None, tuple[str, ...]]:
    """Ask NVML (NVIDIA Management Library API: nvmlDeviceGetName and its neighbours)."""
    try:
        library = ctypes.CDLL(_LIBRARY)
        if library.nvmlInit_v2() != 0:
            return None, ()
        count = ctypes.c_uint()
        library.nvmlDeviceGetCount_v2(ctypes.byref(count))
        names = tuple(_device_name(library, number) for number in range(count.value))
        version = ctypes.c_int()
        library.nvmlSystemGetCudaDriverVersion_v2(ctypes.byref(version))
        library.nvmlShutdown()
    except (OSError, AttributeError):
        return None, ()
    # the driver writes 12.4 as 12040
    cuda = f"{version.value // 1000}.{version.value % 1000 // 10}" if version.value else None
    return cuda, names


def _device_name(library: ctypes.CDLL, number: int) -> str:
    handle, name = ctypes.c_void_p(), ctypes.create_string_buffer(_NAME_BYTES)
    library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(number), ctypes.byref(handle))
    library.nvmlDeviceGetName(handle, name, ctypes.c_uint(_NAME_BYTES))
    return name.value.decode("utf-8", "replace")

"""GPUs: torch when it is imported, the driver otherwise, null where neither can tell."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ledger.capture.gpu import describe_gpu


def torch_with(**cuda: object) -> dict[str, object]:
    return {
        "torch": SimpleNamespace(cuda=SimpleNamespace(**cuda), version=SimpleNamespace(cuda="12.4"))
    }


def test_torch_without_a_device_is_no_gpu() -> None:
    assert (None, ()) == describe_gpu(torch_with(is_available=lambda: False))


@pytest.mark.parametrize("error", [RuntimeError, AssertionError, AttributeError])
def test_torch_that_fails_is_no_reason_to_fail(error: type[Exception]) -> None:
    def refuse() -> int:
        raise error

    found = describe_gpu(torch_with(is_available=lambda: True, device_count=refuse))
    assert ("12.4", ()) == found


def test_torch_that_is_only_half_imported_is_passed_over() -> None:
    assert describe_gpu({}) == describe_gpu({"torch": SimpleNamespace()})


def test_without_a_driver_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.capture.gpu._LIBRARY", "libnothing-of-this-name.so.1")
    assert (None, ()) == describe_gpu({})

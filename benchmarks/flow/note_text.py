"""Notes as people write them, well and badly."""

from __future__ import annotations

from oracle import SECRET, SECTIONS


PROMPTS = {
    "Hypothesis": "[What did you expect, and why?]",
    "Change": "[What is different from the run before?]",
    "Result": "[What came out, in numbers, against what?]",
    "Next": "[What follows from it?]",
    "Risk/Anomaly": '[What could make this wrong? "none" is an answer.]',
}


def note_text(run_id: str, how: str) -> str:
    """Return a note: written, short, deep, half, auto, untouched, empty, headless or secret."""
    if how == "empty":
        return ""
    bodies = dict(PROMPTS)
    if how in {"written", "deep", "secret", "headless"}:
        bodies = {name: f"What I think of it, under {name}." for name in SECTIONS}
    elif how == "short":
        bodies = dict.fromkeys(SECTIONS, "none")
    elif how == "auto":
        bodies = {name: f"[auto] {name}: loss 0.5, was 0.6" for name in SECTIONS}
    elif how == "half":
        bodies |= dict.fromkeys(SECTIONS[:3], "It went as expected.")
    if how == "secret":
        bodies["Next"] = f"The key is {SECRET}; try again."
    if how == "headless":
        del bodies["Next"]
    mark = "###" if how == "deep" else "##"
    parts = [f"# Run: {run_id}\n"]
    parts += [f"{mark} {name}\n\n{body}\n" for name, body in bodies.items()]
    return "\n".join(parts)
